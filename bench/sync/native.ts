/**
 * The sync measures in promises, written by hand as a careful program would: a fast path that awaits a plain value, FIFO hand-over.
 *
 * What they do not do, because nobody writes it by hand: let a waiter leave the queue, know who holds a lock (a tenth of ours when it is
 * contended goes into looking for a deadlock), keep one release from counting twice.
 */
// oxlint-disable typescript/await-thenable, unicorn/no-unnecessary-await -- `await null` is how a native coroutine yields once, at its cheapest.
import type { Implementation } from '../harness/measure.ts';
import { Fifo } from './fifo.ts';

class Channel {
  readonly #capacity: number;
  readonly #queue = new Fifo<number>();
  readonly #receivers = new Fifo<(value: number | null) => void>();
  readonly #senders = new Fifo<() => void>();
  #closed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  send(value: number): Promise<void> | undefined {
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) {
      receiver(value);
      return undefined;
    }
    if (this.#queue.length < this.#capacity) {
      this.#queue.push(value);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#senders.push(() => {
        this.#queue.push(value);
        resolve();
      });
    });
  }

  receive(): Promise<number | null> | number | null {
    const value = this.#queue.shift();
    if (value === undefined) {
      if (this.#closed) return null;
      return new Promise((resolve) => this.#receivers.push(resolve));
    }
    this.#senders.shift()?.();
    return value;
  }

  close(): void {
    this.#closed = true;
    for (let receiver = this.#receivers.shift(); receiver !== undefined; receiver = this.#receivers.shift())
      receiver(null);
  }
}

/** One permit makes it a mutex. */
class Semaphore {
  #free: number;
  readonly #waiters = new Fifo<() => void>();

  constructor(permits: number) {
    this.#free = permits;
  }

  acquire(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--;
      return undefined;
    }
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  release(): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#free++;
    else waiter();
  }
}

async function channelSelf(n: number): Promise<number> {
  const channel = new Channel(64);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    await channel.send(i);
    sum += (await channel.receive()) ?? 0;
  }
  return sum;
}

async function produce(n: number, channel: Channel): Promise<void> {
  for (let i = 0; i < n; i++) await channel.send(i);
  channel.close();
}

async function transfer(n: number, capacity: number): Promise<number> {
  const channel = new Channel(capacity);
  void produce(n, channel);
  let sum = 0;
  for (;;) {
    const value = await channel.receive();
    if (value === null) return sum;
    sum += value;
  }
}

async function free(n: number, permits: number): Promise<number> {
  const semaphore = new Semaphore(permits);
  let count = 0;
  for (let i = 0; i < n; i++) {
    await semaphore.acquire();
    try {
      count++;
    } finally {
      semaphore.release();
    }
  }
  return count;
}

async function hold(semaphore: Semaphore, times: number): Promise<number> {
  for (let i = 0; i < times; i++) {
    await semaphore.acquire();
    try {
      await null;
    } finally {
      semaphore.release();
    }
  }
  return times;
}

async function contended(n: number, permits: number, tasks: number): Promise<number> {
  const semaphore = new Semaphore(permits);
  const done = await Promise.all(Array.from({ length: tasks }, () => hold(semaphore, n / tasks)));
  return done.reduce((sum, times) => sum + times, 0);
}

const native: Implementation = {
  channelSelf,
  channel: (n) => transfer(n, 64),
  channelOne: (n) => transfer(n, 1),
  mutexFree: (n) => free(n, 1),
  mutex: (n) => contended(n, 1, 10),
  semaphoreFree: (n) => free(n, 10),
  semaphore: (n) => contended(n, 10, 100),
};
export default native;
