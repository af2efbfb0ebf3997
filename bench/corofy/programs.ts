/** The kernel measures as async functions, for the compiler: what a program with Pawl and corofy pays. */
import {
  blockOn,
  type Context,
  coroutine,
  Future,
  type JoinHandle,
  PENDING,
  type Poll,
  ready as readyValue,
  type Runtime,
  sleep,
  spawn,
  type Waker,
  yieldNow,
} from 'pawl';
import type { Implementation, Meter } from '../harness/measure.ts';

class Channel {
  #full = false;
  #value = 0;
  #receiver: Waker | null = null;

  send(value: number): void {
    this.#value = value;
    this.#full = true;
    const receiver = this.#receiver;
    if (receiver === null) return;
    this.#receiver = null;
    receiver.wake();
  }

  receive(): Future<number> {
    return new Receive(this);
  }

  poll(cx: Context): Poll<number> {
    if (this.#full) {
      this.#full = false;
      return this.#value;
    }
    this.#receiver = cx.waker;
    return PENDING;
  }
}

class Receive extends Future<number> {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    super();
    this.#channel = channel;
  }

  poll(cx: Context): Poll<number> {
    return this.#channel.poll(cx);
  }
}

const ready = coroutine(async (n: number) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await readyValue(1);
  return sum;
});

const pong = coroutine(async (n: number, there: Channel, back: Channel) => {
  for (let i = 0; i < n; i++) back.send(await there.receive());
});

const pingPong = coroutine(async (n: number) => {
  const there = new Channel();
  const back = new Channel();
  void spawn(pong(n, there, back));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    there.send(i);
    sum += await back.receive();
  }
  return sum;
});

const child = coroutine(async (i: number) => {
  await yieldNow();
  return i;
});

const spawnJoin = coroutine(async (n: number) => {
  const children: JoinHandle<number>[] = [];
  for (let i = 0; i < n; i++) children.push(spawn(child(i)));
  let sum = 0;
  for (const handle of children) sum += await handle;
  return sum;
});

const sleeper = coroutine(async (i: number, ms: number) => {
  const next = i + 1;
  await sleep(ms);
  return next + i;
});

const parked = coroutine(async (n: number, meter: Meter) => {
  const before = (await runtime()).driver.timers.size;
  for (let i = 0; i < n; i++) void spawn(sleeper(i, 3_600_000), { daemon: true });
  await yieldNow();
  const asleep = (await runtime()).driver.timers.size - before;
  meter.weigh();
  return asleep;
});

/** The runtime that polls. */
class TheRuntime extends Future<Runtime> {
  poll(cx: Context): Poll<Runtime> {
    return cx.runtime as Runtime;
  }
}

function runtime(): Future<Runtime> {
  return new TheRuntime();
}

const chain: (depth: number) => Future<number> = coroutine(async (depth: number) => {
  if (depth === 1) {
    await yieldNow();
    return 1;
  }
  const below: number = await chain(depth - 1);
  return below + 1;
});

const chains = coroutine(async (n: number, depth: number) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await chain(depth);
  return sum;
});

const leaf: (depth: number) => Future<number> = coroutine(async (depth: number) => {
  if (depth === 1) {
    for (let i = 0; i < 200; i++) await yieldNow();
    return 200;
  }
  const below: number = await leaf(depth - 1);
  return below;
});

const leaves = coroutine(async (n: number, depth: number) => {
  let sum = 0;
  for (let i = 0; i < n / 200; i++) sum += await leaf(depth);
  return sum;
});

const failure = new Error('every eighth');

const tryCatch = coroutine(async (n: number) => {
  let caught = 0;
  let left = 0;
  for (let i = 0; i < n; i++) {
    try {
      await yieldNow();
      if ((i & 7) === 0) throw failure;
    } catch {
      caught++;
    } finally {
      left++;
    }
  }
  return caught + left;
});

const programs: Implementation = {
  ready: (n) => blockOn(ready(n)),
  pingPong: (n) => blockOn(pingPong(n)),
  spawnJoin: (n) => blockOn(spawnJoin(n)),
  parked: (n, meter) => blockOn(parked(n, meter)),
  chain20: (n) => blockOn(chains(n, 20)),
  leaf1: (n) => blockOn(leaves(n, 1)),
  leaf20: (n) => blockOn(leaves(n, 20)),
  tryCatch: (n) => blockOn(tryCatch(n)),
};
export default programs;
