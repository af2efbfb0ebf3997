/** Locks and permits as p-queue has them: a queue of functions with a concurrency. */
// oxlint-disable typescript/await-thenable, unicorn/no-unnecessary-await -- `await null` is how a native coroutine yields once, at its cheapest.
import PQueue from 'p-queue';
import type { Implementation } from '../harness/measure.ts';

async function free(n: number, concurrency: number): Promise<number> {
  const queue = new PQueue({ concurrency });
  let count = 0;
  for (let i = 0; i < n; i++) await queue.add(() => void count++);
  return count;
}

async function hold(queue: PQueue, times: number): Promise<number> {
  for (let i = 0; i < times; i++) {
    await queue.add(async () => {
      await null;
    });
  }
  return times;
}

async function contended(n: number, concurrency: number, tasks: number): Promise<number> {
  const queue = new PQueue({ concurrency });
  const done = await Promise.all(Array.from({ length: tasks }, () => hold(queue, n / tasks)));
  return done.reduce((sum, times) => sum + times, 0);
}

const pQueue: Implementation = {
  mutexFree: (n) => free(n, 1),
  mutex: (n) => contended(n, 1, 10),
  semaphoreFree: (n) => free(n, 10),
  semaphore: (n) => contended(n, 10, 100),
};
export default pQueue;
