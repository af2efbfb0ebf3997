/** The sync measures in Effect 4.1: its Queue and its Semaphore, on fibers. */
import { Cause, Effect, Fiber, Queue, Semaphore } from 'effect';
import type { Implementation } from '../harness/measure.ts';

const channelSelf = Effect.fnUntraced(function* (n: number) {
  const queue = yield* Queue.bounded<number>(64);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    yield* Queue.offer(queue, i);
    sum += yield* Queue.take(queue);
  }
  return sum;
});

const produce = Effect.fnUntraced(function* (n: number, queue: Queue.Queue<number, Cause.Done>) {
  for (let i = 0; i < n; i++) yield* Queue.offer(queue, i);
  yield* Queue.end(queue);
});

const transfer = Effect.fnUntraced(function* (n: number, capacity: number) {
  const queue = yield* Queue.bounded<number, Cause.Done>(capacity);
  const producer = yield* Effect.forkChild(produce(n, queue));
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield* Queue.take(queue);
  yield* Fiber.join(producer);
  return sum;
});

const free = Effect.fnUntraced(function* (n: number, permits: number) {
  const semaphore = yield* Semaphore.make(permits);
  let count = 0;
  const body = Effect.sync(() => void count++);
  for (let i = 0; i < n; i++) yield* Semaphore.withPermit(semaphore, body);
  return count;
});

const hold = Effect.fnUntraced(function* (semaphore: Semaphore.Semaphore, times: number) {
  for (let i = 0; i < times; i++) yield* Semaphore.withPermit(semaphore, Effect.yieldNow);
  return times;
});

const contended = Effect.fnUntraced(function* (n: number, permits: number, tasks: number) {
  const semaphore = yield* Semaphore.make(permits);
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(hold(semaphore, n / tasks)));
  let sum = 0;
  for (const fiber of fibers) sum += yield* Fiber.join(fiber);
  return sum;
});

const effect: Implementation = {
  channelSelf: (n) => Effect.runPromise(channelSelf(n)),
  channel: (n) => Effect.runPromise(transfer(n, 64) as Effect.Effect<number>),
  channelOne: (n) => Effect.runPromise(transfer(n, 1) as Effect.Effect<number>),
  mutexFree: (n) => Effect.runPromise(free(n, 1)),
  mutex: (n) => Effect.runPromise(contended(n, 1, 10)),
  semaphoreFree: (n) => Effect.runPromise(free(n, 10)),
  semaphore: (n) => Effect.runPromise(contended(n, 10, 100)),
};
export default effect;
