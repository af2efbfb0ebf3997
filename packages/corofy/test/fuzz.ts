/**
 * `npm run fuzz --workspace corofy [-- COUNT [SEED]]`: compares random bodies natively and compiled, each also cancelled at its awaits. Stops
 * at the first difference, with its seed and its text, and ends with 1.
 */
import { compareBody, Difference } from './support/compare.ts';

const [count = 100_000, from = Math.floor(Math.random() * 1_000_000_000)] = process.argv.slice(2).map(Number);
console.log(`${count} bodies from seed ${from} on`);
let runs = 0;
let last = performance.now();
for (let seed = from; seed < from + count; seed++) {
  try {
    runs += await compareBody(seed);
  } catch (error) {
    console.error(error instanceof Difference ? error.message : `seed ${seed}: ${(error as Error).stack}`);
    process.exitCode = 1;
    break;
  }
  if (performance.now() - last > 10_000) {
    last = performance.now();
    console.log(`${seed - from + 1} bodies, ${runs} runs compared`);
  }
}
if (process.exitCode === undefined) console.log(`${count} bodies, ${runs} runs compared: no difference`);
