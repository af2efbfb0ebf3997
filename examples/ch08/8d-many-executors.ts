/** Twelve executors on twelve threads: each with a reactor of its own, then all with one that they share. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Host } from '../ladder/raw-socket.ts';
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';
import type { ThreadData } from './executor-thread.ts';
import { mailbox, SharedReactor } from './shared-reactor.ts';

const THREADS = 12;

const main = async ({ host, port }: Host): Promise<void> => {
  const rounds = new Int32Array(new SharedArrayBuffer(12));
  const boxes = Array.from({ length: THREADS }, mailbox);
  using reactor = new SharedReactor(boxes);
  const workers = boxes.map((box, index) => {
    const { queueFd, stop } = reactor;
    const workerData: ThreadData = { index, server: { host, port }, queueFd, box, stop, rounds, threads: THREADS };
    return new Worker(new URL('executor-thread.ts', import.meta.url), { workerData });
  });
  const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
  const said: string[] = [];
  await Promise.all(workers.map((worker) => once(worker, 'message'))); // "ready"
  for (const worker of workers) worker.on('message', (line: string) => said.push(line));

  // #region rounds
  // Round one: each executor sleeps in its own reactor. This thread has nothing to do with it.
  const began = performance.now();
  begin(1);
  for (let count = 0; count < THREADS; count = Atomics.load(rounds, 1)) Atomics.wait(rounds, 1, count);

  // Round two: all of them sleep on their mailboxes, and this thread is the reactor.
  begin(2);
  reactor.run();
  const took = performance.now() - began;
  // #endregion
  await ended;
  for (const line of said.sort()) console.log(line); // in the order of their names: threads keep none
  console.log(`24 requests of ${paced(1000)} ms, in two rounds on twelve threads: ${took.toFixed(0)} ms`);

  function begin(round: number): void {
    Atomics.store(rounds, 0, round);
    Atomics.notify(rounds, 0);
  }
};

await served(main, { log: false });
