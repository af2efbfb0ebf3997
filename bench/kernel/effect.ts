/** The kernel measures in Effect 4.1: generators over fibers, each child a fiber of its parent. */
import { Effect, Fiber } from 'effect';
import type { Implementation, Meter } from '../harness/measure.ts';

class Channel {
  #full = false;
  #value = 0;
  #receiver: ((effect: Effect.Effect<number>) => void) | null = null;
  readonly receive: Effect.Effect<number> = Effect.suspend(() => {
    if (this.#full) {
      this.#full = false;
      return Effect.succeed(this.#value);
    }
    return Effect.callback<number>((resume) => {
      this.#receiver = resume;
    });
  });

  send(value: number): void {
    const receiver = this.#receiver;
    if (receiver === null) {
      this.#value = value;
      this.#full = true;
    } else {
      this.#receiver = null;
      receiver(Effect.succeed(value));
    }
  }
}

const ready = Effect.fnUntraced(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* Effect.succeed(1);
  return sum;
});

const pong = Effect.fnUntraced(function* (n: number, there: Channel, back: Channel) {
  for (let i = 0; i < n; i++) back.send(yield* there.receive);
});

const pingPong = Effect.fnUntraced(function* (n: number) {
  const there = new Channel();
  const back = new Channel();
  const echo = yield* Effect.forkChild(pong(n, there, back));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    there.send(i);
    sum += yield* back.receive;
  }
  yield* Fiber.join(echo);
  return sum;
});

const child = Effect.fnUntraced(function* (i: number) {
  yield* Effect.yieldNow;
  return i;
});

const spawnJoin = Effect.fnUntraced(function* (n: number) {
  const children: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < n; i++) children.push(yield* Effect.forkChild(child(i)));
  let sum = 0;
  for (const fiber of children) sum += yield* Fiber.join(fiber);
  return sum;
});

const sleeper = Effect.fnUntraced(function* (i: number, ms: number) {
  const next = i + 1;
  yield* Effect.sleep(ms);
  return next + i;
});

const sleeps = Effect.fnUntraced(function* (n: number) {
  const children: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < n; i++) children.push(yield* Effect.forkChild(sleeper(i, 1 + (i & 15))));
  let sum = 0;
  for (const fiber of children) sum += yield* Fiber.join(fiber);
  return sum;
});

const parked = Effect.fnUntraced(function* (n: number, meter: Meter) {
  for (let i = 0; i < n; i++) yield* Effect.forkChild(sleeper(i, 3_600_000));
  // The children start after a yield of their parent.
  for (let i = 0; i < 3; i++) yield* Effect.yieldNow;
  meter.weigh();
  return n;
});

const chain: (depth: number) => Effect.Effect<number> = Effect.fnUntraced(function* (depth: number) {
  if (depth === 1) {
    yield* Effect.yieldNow;
    return 1;
  }
  const below: number = yield* chain(depth - 1);
  return below + 1;
});

const chains = Effect.fnUntraced(function* (n: number, depth: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* chain(depth);
  return sum;
});

const leaf: (depth: number) => Effect.Effect<number> = Effect.fnUntraced(function* (depth: number) {
  if (depth === 1) {
    for (let i = 0; i < 200; i++) yield* Effect.yieldNow;
    return 200;
  }
  const below: number = yield* leaf(depth - 1);
  return below;
});

const leaves = Effect.fnUntraced(function* (n: number, depth: number) {
  let sum = 0;
  for (let i = 0; i < n / 200; i++) sum += yield* leaf(depth);
  return sum;
});

const failure = new Error('every eighth');

const attempt = Effect.fnUntraced(function* (i: number) {
  yield* Effect.yieldNow;
  if ((i & 7) === 0) yield* Effect.fail(failure);
});

const tryCatch = Effect.fnUntraced(function* (n: number) {
  let caught = 0;
  let left = 0;
  const onFailure = Effect.sync(() => void caught++);
  const onExit = Effect.sync(() => void left++);
  for (let i = 0; i < n; i++) {
    yield* attempt(i).pipe(
      Effect.catchCause(() => onFailure),
      Effect.ensuring(onExit),
    );
  }
  return caught + left;
});

const effect: Implementation = {
  ready: (n) => Effect.runPromise(ready(n)),
  pingPong: (n) => Effect.runPromise(pingPong(n)),
  spawnJoin: (n) => Effect.runPromise(spawnJoin(n)),
  sleeps: (n) => Effect.runPromise(sleeps(n)),
  parked: (n, meter) => Effect.runPromise(parked(n, meter)),
  chain1: (n) => Effect.runPromise(chains(n, 1)),
  chain20: (n) => Effect.runPromise(chains(n, 20)),
  leaf1: (n) => Effect.runPromise(leaves(n, 1)),
  leaf20: (n) => Effect.runPromise(leaves(n, 20)),
  tryCatch: (n) => Effect.runPromise(tryCatch(n)),
};
export default effect;
