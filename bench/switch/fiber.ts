/** Native fibers: machine code in a ring. Two runs of different lengths, because a ring cannot be stopped to be timed. */
import { RoundRobin } from 'pawl/fiber';
import { type Figures, resident, Stopwatch } from './population.ts';

export default function fiber(count: number, rounds: number): Promise<Figures> {
  const scheduler = new RoundRobin();
  scheduler.spawnCounter(1);
  scheduler.run(); // the machine code is loaded
  const before = resident();
  const watch = new Stopwatch();
  for (let i = 0; i < count; i++) scheduler.spawnCounter(1);
  const start = watch.lap();
  const bytes = resident() - before;
  watch.reset();
  scheduler.run();
  const short = watch.lap();
  for (let i = 0; i < count; i++) scheduler.spawnCounter(1 + rounds);
  watch.reset();
  scheduler.run();
  const long = watch.lap();
  const one = (long - short) / (count * rounds);
  return Promise.resolve({
    start: start / count,
    switch: one,
    finish: Math.max(short / count - one, 0),
    bytes: bytes / count,
  });
}
