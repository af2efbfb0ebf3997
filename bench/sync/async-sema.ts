/** Locks and permits with async-sema; a mutex is a semaphore of one. */
// oxlint-disable typescript/await-thenable, unicorn/no-unnecessary-await -- `await null` is how a native coroutine yields once, at its cheapest.
import { Sema } from 'async-sema';
import type { Implementation } from '../harness/measure.ts';

async function free(n: number, permits: number): Promise<number> {
  const sema = new Sema(permits);
  let count = 0;
  for (let i = 0; i < n; i++) {
    await sema.acquire();
    try {
      count++;
    } finally {
      sema.release();
    }
  }
  return count;
}

async function hold(sema: Sema, times: number): Promise<number> {
  for (let i = 0; i < times; i++) {
    await sema.acquire();
    try {
      await null;
    } finally {
      sema.release();
    }
  }
  return times;
}

async function contended(n: number, permits: number, tasks: number): Promise<number> {
  const sema = new Sema(permits, { capacity: tasks });
  const done = await Promise.all(Array.from({ length: tasks }, () => hold(sema, n / tasks)));
  return done.reduce((sum, times) => sum + times, 0);
}

const asyncSema: Implementation = {
  mutexFree: (n) => free(n, 1),
  mutex: (n) => contended(n, 1, 10),
  semaphoreFree: (n) => free(n, 10),
  semaphore: (n) => contended(n, 10, 100),
};
export default asyncSema;
