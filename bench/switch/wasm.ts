/** WebAssembly stacks: each suspends in an import, and a queue resumes them. */
import * as w from '../../examples/wasm-fibers/encoder.ts';
import { engine } from '../../examples/wasm-fibers/engine.ts';
import { type Figures, resident, Stopwatch } from './population.ts';

/** run(times): calls `env.pause` so many times. */
const PROGRAM = w.encode({
  imports: [{ name: 'pause', type: { takes: 0, gives: 0 } }],
  type: { takes: 1, gives: 1 },
  locals: 0,
  body: [
    [w.loop, w.EMPTY, w.call, 0],
    [w.localGet, 0, w.i32Const, 0x7f, w.i32Add, w.localTee, 0], // minus one
    [w.brIf, 0, w.end],
    [w.localGet, 0],
  ],
});

export default async function wasm(count: number, rounds: number): Promise<Figures> {
  const { Suspending, promising } = engine;
  if (Suspending === undefined || promising === undefined) throw new Error('this engine cannot switch stacks');
  let suspended: (() => void)[] = [];
  const pause = new Suspending(() => {
    const { promise, resolve } = Promise.withResolvers<void>();
    suspended.push(resolve);
    return promise;
  });
  const run = promising(new engine.Instance(new engine.Module(PROGRAM), { env: { pause } }).exports.run);
  const round = async (): Promise<void> => {
    const batch = suspended;
    suspended = [];
    for (const resume of batch) resume();
    while (suspended.length < batch.length) await turn();
  };
  const all: Promise<number>[] = [];
  const before = resident();
  const watch = new Stopwatch();
  for (let i = 0; i < count; i++) all.push(run(rounds + 1));
  const start = watch.lap();
  const bytes = resident() - before;
  watch.reset();
  for (let i = 0; i < rounds; i++) await round();
  const switching = watch.lap();
  for (const resume of suspended) resume();
  const ends = await Promise.all(all);
  const finish = watch.lap();
  if (ends.some((end) => end !== 0)) throw new Error('a stack did not end');
  return {
    start: start / count,
    switch: switching / (count * rounds),
    finish: finish / count,
    bytes: bytes / count,
  };
}

/** Lets all microtasks run. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
