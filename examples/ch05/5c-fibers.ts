/** Fibers of 10 and of 15 steps: they take turns, and both finish. */
import { RoundRobin } from 'pawl/fiber';

const lines = (name: string, count: number): string[] => [
  `fiber ${name} starts\n`,
  ...Array.from({ length: count }, (_, i) => `fiber ${name}, step ${i + 1}\n`),
  `fiber ${name} finishes\n`,
];

// #region main
const scheduler = new RoundRobin();
scheduler.spawnLines(lines('one', 10));
scheduler.spawnLines(lines('two', 15));
console.log(`${scheduler.size} fibers are ready`);
scheduler.run();
console.log(`all have ended: ${scheduler.size} are left`);
// #endregion
