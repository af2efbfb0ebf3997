/** Pawl's tasks, whose bodies are generators, or functions that corofy has compiled. */
import { coroutine, type Future, run, spawn, yieldNow } from 'pawl';
import { type Figures, type Kind, heap, Stopwatch } from './population.ts';

export const tasks =
  (body: (times: number) => Future<number>): Kind =>
  (count, rounds) =>
    run(measure(body, count, rounds));

const measure = coroutine(function* (body: (times: number) => Future<number>, count: number, rounds: number) {
  const all: Future<number>[] = [];
  const before = heap();
  const watch = new Stopwatch();
  for (let i = 0; i < count; i++) all.push(spawn(body(rounds + 1)));
  yield* yieldNow();
  const start = watch.lap();
  const bytes = heap() - before;
  watch.reset();
  for (let i = 0; i < rounds; i++) yield* yieldNow();
  const switching = watch.lap();
  let sum = 0;
  for (const each of all) sum += yield* each;
  const finish = watch.lap();
  if (sum !== count * (rounds + 1)) throw new Error(`${sum} switches`);
  return {
    start: start / count,
    switch: switching / (count * rounds),
    finish: finish / count,
    bytes: bytes / count,
  } satisfies Figures;
});

/** The body as a generator coroutine. */
const generator: Kind = tasks(
  coroutine(function* (times: number) {
    for (let i = 0; i < times; i++) yield* yieldNow();
    return times;
  }),
);
export default generator;
