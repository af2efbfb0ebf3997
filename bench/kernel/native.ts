/**
 * The kernel measures in native promises and async functions, each as its best idiom has it: this is what a program without Pawl pays.
 */
// oxlint-disable typescript/await-thenable, unicorn/no-unnecessary-await -- `await null` is how a native coroutine yields once, at its cheapest.
import type { Implementation, Meter } from '../harness/measure.ts';

/** One slot: a value that was sent early, or the receiver that waits. Pawl's and the peers' channels do the same work. */
class Channel {
  #full = false;
  #value = 0;
  #receiver: ((value: number) => void) | null = null;

  send(value: number): void {
    const receiver = this.#receiver;
    if (receiver === null) {
      this.#value = value;
      this.#full = true;
    } else {
      this.#receiver = null;
      receiver(value);
    }
  }

  receive(): Promise<number> {
    if (this.#full) {
      this.#full = false;
      return Promise.resolve(this.#value);
    }
    return new Promise((resolve) => {
      this.#receiver = resolve;
    });
  }
}

async function ready(n: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await readyValue();
  return sum;
}

/** A plain value: `await 1` is cheaper than awaiting a resolved promise, so native gets it. */
function readyValue(): number | Promise<number> {
  return 1;
}

async function ping(n: number, there: Channel, back: Channel): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    there.send(i);
    sum += await back.receive();
  }
  return sum;
}

async function pong(n: number, there: Channel, back: Channel): Promise<void> {
  for (let i = 0; i < n; i++) back.send(await there.receive());
}

async function pingPong(n: number): Promise<number> {
  const there = new Channel();
  const back = new Channel();
  const echo = pong(n, there, back);
  const sum = await ping(n, there, back);
  await echo;
  return sum;
}

async function child(i: number): Promise<number> {
  await null;
  return i;
}

async function spawnJoin(n: number): Promise<number> {
  const children: Promise<number>[] = [];
  for (let i = 0; i < n; i++) children.push(child(i));
  let sum = 0;
  for (const promise of children) sum += await promise;
  return sum;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function sleeper(i: number, ms: number): Promise<number> {
  const next = i + 1;
  await sleep(ms);
  return next + i;
}

async function sleeps(n: number): Promise<number> {
  const children: Promise<number>[] = [];
  for (let i = 0; i < n; i++) children.push(sleeper(i, 1 + (i & 15)));
  let sum = 0;
  for (const promise of children) sum += await promise;
  return sum;
}

async function parked(n: number, meter: Meter): Promise<number> {
  for (let i = 0; i < n; i++) void sleeper(i, 3_600_000);
  meter.weigh();
  return n;
}

/** The same without a timer: a bare promise whose resolver somebody keeps. */
async function parkedBare(n: number, meter: Meter): Promise<number> {
  const resolvers: (() => void)[] = [];
  for (let i = 0; i < n; i++) void waiter(i, resolvers);
  meter.weigh();
  for (const resolve of resolvers) resolve();
  return n;
}

async function waiter(i: number, resolvers: (() => void)[]): Promise<number> {
  const next = i + 1;
  await new Promise<void>((resolve) => {
    resolvers.push(resolve);
  });
  return next + i;
}

async function chain(depth: number): Promise<number> {
  if (depth === 1) {
    await null;
    return 1;
  }
  return (await chain(depth - 1)) + 1;
}

async function chains(n: number, depth: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await chain(depth);
  return sum;
}

async function leaf(depth: number): Promise<number> {
  if (depth === 1) {
    for (let i = 0; i < 200; i++) await null;
    return 200;
  }
  return await leaf(depth - 1);
}

async function leaves(n: number, depth: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n / 200; i++) sum += await leaf(depth);
  return sum;
}

const failure = new Error('every eighth');

async function tryCatch(n: number): Promise<number> {
  let caught = 0;
  let left = 0;
  for (let i = 0; i < n; i++) {
    try {
      await null;
      if ((i & 7) === 0) throw failure;
    } catch {
      caught++;
    } finally {
      left++;
    }
  }
  return caught + left;
}

async function joinWake(n: number): Promise<number> {
  const resolvers: ((value: number) => void)[] = [];
  const branches: Promise<number>[] = [];
  for (let i = 0; i < n; i++) {
    branches.push(
      new Promise((resolve) => {
        resolvers.push(resolve);
      }),
    );
  }
  const all = Promise.all(branches);
  for (const resolve of resolvers) {
    resolve(1);
    await null;
  }
  let sum = 0;
  for (const value of await all) sum += value;
  return sum;
}

const noop = (): void => {};

/** Node keeps a list for each duration: the first timer of one makes it, the last one drops it. */
function timers(n: number): number {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const timer = setTimeout(noop, 3_600_000);
    clearTimeout(timer);
    count++;
  }
  return count;
}

/** A timer of the same duration lives throughout, and its list with it: Node's best case. */
function timersAmong(n: number): number {
  const companion = setTimeout(noop, 3_600_000);
  const count = timers(n);
  clearTimeout(companion);
  return count;
}

function liveTimers(n: number): number {
  const live: NodeJS.Timeout[] = [];
  for (let i = 0; i < n; i++) live.push(setTimeout(noop, 3_600_000 + (i % 1000)));
  const count = live.length;
  for (const timer of live) clearTimeout(timer);
  return count;
}

const native: Implementation = {
  ready,
  pingPong,
  spawnJoin,
  sleeps,
  parked,
  parkedBare,
  chain1: (n) => chains(n, 1),
  chain20: (n) => chains(n, 20),
  leaf1: (n) => leaves(n, 1),
  leaf20: (n) => leaves(n, 20),
  tryCatch,
  joinWake,
  timers,
  timersAmong,
  liveTimers,
};
export default native;
