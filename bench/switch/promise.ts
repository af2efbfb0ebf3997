/** Native async functions: a suspension is `await null`. */
// oxlint-disable typescript/await-thenable, unicorn/no-unnecessary-await -- `await null` is how a native coroutine yields once, at its cheapest.
import { type Figures, heap, Stopwatch } from './population.ts';

async function body(times: number): Promise<number> {
  for (let i = 0; i < times; i++) await null;
  return times;
}

export default async function promise(count: number, rounds: number): Promise<Figures> {
  const all: Promise<number>[] = [];
  const before = heap();
  const watch = new Stopwatch();
  for (let i = 0; i < count; i++) all.push(body(rounds + 1));
  const start = watch.lap();
  const bytes = heap() - before;
  watch.reset();
  for (let i = 0; i < rounds; i++) await null;
  const switching = watch.lap();
  const ends = await Promise.all(all);
  const finish = watch.lap();
  if (ends.length !== count) throw new Error(`${ends.length} promises`);
  return {
    start: start / count,
    switch: switching / (count * rounds),
    finish: finish / count,
    bytes: bytes / count,
  };
}
