/** The kernel measures in Pawl: generator coroutines on the native driver, through the public surface only. */
import {
  blockOn,
  type Context,
  coroutine,
  Future,
  join,
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

/** A future of one value that somebody else sets, waited for by one. */
class Gate extends Future<number> {
  #open = false;
  #waker: Waker | null = null;

  open(): void {
    this.#open = true;
    this.#waker?.wake();
  }

  poll(cx: Context): Poll<number> {
    if (this.#open) return 1;
    this.#waker = cx.waker;
    return PENDING;
  }
}

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

const ready = coroutine(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* readyValue(1);
  return sum;
});

const pong = coroutine(function* (n: number, there: Channel, back: Channel) {
  for (let i = 0; i < n; i++) back.send(yield* there.receive());
});

const pingPong = coroutine(function* (n: number) {
  const there = new Channel();
  const back = new Channel();
  void spawn(pong(n, there, back));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    there.send(i);
    sum += yield* back.receive();
  }
  return sum;
});

const child = coroutine(function* (i: number) {
  yield* yieldNow();
  return i;
});

const spawnJoin = coroutine(function* (n: number) {
  const children: JoinHandle<number>[] = [];
  for (let i = 0; i < n; i++) children.push(spawn(child(i)));
  let sum = 0;
  for (const handle of children) sum += yield* handle;
  return sum;
});

const sleeper = coroutine(function* (i: number, ms: number) {
  const next = i + 1;
  yield* sleep(ms);
  return next + i;
});

const sleeps = coroutine(function* (n: number) {
  const children: JoinHandle<number>[] = [];
  for (let i = 0; i < n; i++) children.push(spawn(sleeper(i, 1 + (i & 15))));
  let sum = 0;
  for (const handle of children) sum += yield* handle;
  return sum;
});

const parked = coroutine(function* (n: number, meter: Meter) {
  const before = (yield* runtime()).driver.timers.size;
  for (let i = 0; i < n; i++) void spawn(sleeper(i, 3_600_000), { daemon: true });
  yield* yieldNow();
  const asleep = (yield* runtime()).driver.timers.size - before;
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

const chain: (depth: number) => Future<number> = coroutine(function* (depth: number) {
  if (depth === 1) {
    yield* yieldNow();
    return 1;
  }
  const below: number = yield* chain(depth - 1);
  return below + 1;
});

const chains = coroutine(function* (n: number, depth: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* chain(depth);
  return sum;
});

const leaf: (depth: number) => Future<number> = coroutine(function* (depth: number) {
  if (depth === 1) {
    for (let i = 0; i < 200; i++) yield* yieldNow();
    return 200;
  }
  const below: number = yield* leaf(depth - 1);
  return below;
});

const leaves = coroutine(function* (n: number, depth: number) {
  let sum = 0;
  for (let i = 0; i < n / 200; i++) sum += yield* leaf(depth);
  return sum;
});

const failure = new Error('every eighth');

const tryCatch = coroutine(function* (n: number) {
  let caught = 0;
  let left = 0;
  for (let i = 0; i < n; i++) {
    try {
      yield* yieldNow();
      if ((i & 7) === 0) throw failure;
    } catch {
      caught++;
    } finally {
      left++;
    }
  }
  return caught + left;
});

const joinWake = coroutine(function* (n: number) {
  const gates: Gate[] = [];
  for (let i = 0; i < n; i++) gates.push(new Gate());
  const all = spawn(join(gates));
  yield* yieldNow();
  for (const gate of gates) {
    gate.open();
    yield* yieldNow();
  }
  let sum = 0;
  for (const value of yield* all) sum += value;
  return sum;
});

/** Sleeps are inserted by their first poll and removed by their cancellation. */
class Timers extends Future<number> {
  readonly #n: number;

  constructor(n: number) {
    super();
    this.#n = n;
  }

  poll(cx: Context): Poll<number> {
    let count = 0;
    for (let i = 0; i < this.#n; i++) {
      const timer = sleep(3_600_000);
      if (timer.poll(cx) === PENDING) count++;
      timer.cancel(cx);
    }
    return count;
  }
}

class LiveTimers extends Future<number> {
  readonly #n: number;

  constructor(n: number) {
    super();
    this.#n = n;
  }

  poll(cx: Context): Poll<number> {
    const { timers } = (cx.runtime as Runtime).driver;
    const before = timers.size;
    const live: Future<void>[] = [];
    for (let i = 0; i < this.#n; i++) {
      const timer = sleep(3_600_000 + (i % 1000));
      timer.poll(cx);
      live.push(timer);
    }
    const count = timers.size - before;
    for (const timer of live) timer.cancel(cx);
    return timers.size === before ? count : NaN;
  }
}

const pawl: Implementation = {
  ready: (n) => blockOn(ready(n)),
  pingPong: (n) => blockOn(pingPong(n)),
  spawnJoin: (n) => blockOn(spawnJoin(n)),
  sleeps: (n) => blockOn(sleeps(n)),
  parked: (n, meter) => blockOn(parked(n, meter)),
  chain1: (n) => blockOn(chains(n, 1)),
  chain20: (n) => blockOn(chains(n, 20)),
  leaf1: (n) => blockOn(leaves(n, 1)),
  leaf20: (n) => blockOn(leaves(n, 20)),
  tryCatch: (n) => blockOn(tryCatch(n)),
  joinWake: (n) => blockOn(joinWake(n)),
  timers: (n) => blockOn(new Timers(n)),
  liveTimers: (n) => blockOn(new LiveTimers(n)),
};
export default pawl;
