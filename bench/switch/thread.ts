// oxlint-disable unicorn/require-post-message-target-origin -- a worker is no window
/** Worker threads: a switch is a message there and one back. Few of them are started: one costs megabytes. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Figures, resident, Stopwatch } from './population.ts';

/** As many as are really started, whatever is asked for. */
export const THREADS = 16;
const ROUNDS = 20;

const BODY = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (go) => (go ? parentPort.postMessage(0) : parentPort.close()));
  parentPort.postMessage(0);`;

export default async function thread(): Promise<Figures> {
  const before = resident();
  const watch = new Stopwatch();
  const all = Array.from({ length: THREADS }, () => new Worker(BODY, { eval: true }));
  await Promise.all(all.map((worker) => once(worker, 'message')));
  const start = watch.lap();
  const bytes = resident() - before;
  watch.reset();
  for (let i = 0; i < ROUNDS; i++) {
    const answers = all.map((worker) => once(worker, 'message'));
    for (const worker of all) worker.postMessage(true);
    await Promise.all(answers);
  }
  const switching = watch.lap();
  const ends = all.map((worker) => once(worker, 'exit'));
  for (const worker of all) worker.postMessage(false);
  await Promise.all(ends);
  const finish = watch.lap();
  return {
    start: start / THREADS,
    switch: switching / (THREADS * ROUNDS),
    finish: finish / THREADS,
    bytes: bytes / THREADS,
  };
}
