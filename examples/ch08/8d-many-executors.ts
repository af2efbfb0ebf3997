/** Twelve executors on twelve threads. First each owns a reactor, then all share one on a thread of its own. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Host } from '../ladder/raw-socket.ts';
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
  await Promise.all(workers.map((worker) => once(worker, 'message')));

  // #region rounds
  console.log('each executor owns a reactor, and sleeps in it:');
  begin(1);
  for (let count = 0; count < THREADS; count = Atomics.load(rounds, 1)) Atomics.wait(rounds, 1, count);

  console.log('\nall share one reactor, on this thread, and sleep on their mailboxes:');
  begin(2);
  reactor.run();
  // #endregion
  await ended;

  function begin(round: number): void {
    Atomics.store(rounds, 0, round);
    Atomics.notify(rounds, 0);
  }
};

await served(main, { log: false });
