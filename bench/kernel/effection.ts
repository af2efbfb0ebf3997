/** The kernel measures in effection 4.1: generator operations, each child a task of its parent's scope. */
import { action, lift, type Operation, run, sleep, spawn, type Task } from 'effection';
import type { Implementation, Meter } from '../harness/measure.ts';

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

  receive(): Operation<number> {
    if (this.#full) {
      this.#full = false;
      return slotValue(this.#value);
    }
    return action((resolve) => {
      this.#receiver = resolve;
      return () => {};
    });
  }
}

const readyValue = lift(() => 1);
const slotValue = lift((value: number) => value);
/** effection has no yield of its own; an operation that resumes at once goes once through its queue. */
const yieldOnce = lift(() => {});

function* ready(n: number): Operation<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* readyValue();
  return sum;
}

function* pong(n: number, there: Channel, back: Channel): Operation<void> {
  for (let i = 0; i < n; i++) back.send(yield* there.receive());
}

function* pingPong(n: number): Operation<number> {
  const there = new Channel();
  const back = new Channel();
  const echo = yield* spawn(() => pong(n, there, back));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    there.send(i);
    sum += yield* back.receive();
  }
  yield* echo;
  return sum;
}

function* child(i: number): Operation<number> {
  yield* yieldOnce();
  return i;
}

function* spawnJoin(n: number): Operation<number> {
  const children: Task<number>[] = [];
  for (let i = 0; i < n; i++) children.push(yield* spawn(() => child(i)));
  let sum = 0;
  for (const task of children) sum += yield* task;
  return sum;
}

function* sleeper(i: number, ms: number): Operation<number> {
  const next = i + 1;
  yield* sleep(ms);
  return next + i;
}

function* sleeps(n: number): Operation<number> {
  const children: Task<number>[] = [];
  for (let i = 0; i < n; i++) children.push(yield* spawn(() => sleeper(i, 1 + (i & 15))));
  let sum = 0;
  for (const task of children) sum += yield* task;
  return sum;
}

function* parked(n: number, meter: Meter): Operation<number> {
  for (let i = 0; i < n; i++) void (yield* spawn(() => sleeper(i, 3_600_000)));
  yield* sleep(1);
  meter.weigh();
  return n;
}

function* chain(depth: number): Operation<number> {
  if (depth === 1) {
    yield* yieldOnce();
    return 1;
  }
  return (yield* chain(depth - 1)) + 1;
}

function* chains(n: number, depth: number): Operation<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* chain(depth);
  return sum;
}

function* leaf(depth: number): Operation<number> {
  if (depth === 1) {
    for (let i = 0; i < 200; i++) yield* yieldOnce();
    return 200;
  }
  return yield* leaf(depth - 1);
}

function* leaves(n: number, depth: number): Operation<number> {
  let sum = 0;
  for (let i = 0; i < n / 200; i++) sum += yield* leaf(depth);
  return sum;
}

const failure = new Error('every eighth');

function* tryCatch(n: number): Operation<number> {
  let caught = 0;
  let left = 0;
  for (let i = 0; i < n; i++) {
    try {
      yield* yieldOnce();
      if ((i & 7) === 0) throw failure;
    } catch {
      caught++;
    } finally {
      left++;
    }
  }
  return caught + left;
}

const effection: Implementation = {
  ready: (n) => run(() => ready(n)),
  pingPong: (n) => run(() => pingPong(n)),
  spawnJoin: (n) => run(() => spawnJoin(n)),
  sleeps: (n) => run(() => sleeps(n)),
  parked: (n, meter) => run(() => parked(n, meter)),
  chain1: (n) => run(() => chains(n, 1)),
  chain20: (n) => run(() => chains(n, 20)),
  leaf1: (n) => run(() => leaves(n, 1)),
  leaf20: (n) => run(() => leaves(n, 20)),
  tryCatch: (n) => run(() => tryCatch(n)),
};
export default effection;
