/** The sync measures in Pawl, through the public surface only. */
import {
  blockOn,
  channel,
  CLOSED,
  coroutine,
  Mutex,
  type Receiver,
  Semaphore,
  type Sender,
  spawn,
  yieldNow,
} from 'pawl';
import type { Implementation } from '../harness/measure.ts';

const channelSelf = coroutine(function* (n: number) {
  const [sender, receiver] = channel<number>(64);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    yield* sender.send(i);
    const message = yield* receiver.recv();
    if (message !== CLOSED) sum += message;
  }
  return sum;
});

const produce = coroutine(function* (n: number, sender: Sender<number>) {
  for (let i = 0; i < n; i++) yield* sender.send(i);
  sender.close();
});

const consume = coroutine(function* (receiver: Receiver<number>) {
  let sum = 0;
  for (;;) {
    const message = yield* receiver.recv();
    if (message === CLOSED) return sum;
    sum += message;
  }
});

const transfer = coroutine(function* (n: number, capacity: number) {
  const [sender, receiver] = channel<number>(capacity);
  void spawn(produce(n, sender));
  return yield* consume(receiver);
});

const mutexFree = coroutine(function* (n: number) {
  const mutex = new Mutex();
  let count = 0;
  for (let i = 0; i < n; i++) {
    const guard = yield* mutex.lock();
    try {
      count++;
    } finally {
      guard.release();
    }
  }
  return count;
});

const mutexUsing = coroutine(function* (n: number) {
  const mutex = new Mutex();
  let count = 0;
  for (let i = 0; i < n; i++) {
    using _guard = yield* mutex.lock();
    count++;
  }
  return count;
});

const semaphoreFree = coroutine(function* (n: number) {
  const semaphore = new Semaphore(10);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const permit = yield* semaphore.acquire();
    try {
      count++;
    } finally {
      permit.release();
    }
  }
  return count;
});

const lockAndHold = coroutine(function* (mutex: Mutex, times: number) {
  for (let i = 0; i < times; i++) {
    const guard = yield* mutex.lock();
    try {
      yield* yieldNow();
    } finally {
      guard.release();
    }
  }
  return times;
});

const acquireAndHold = coroutine(function* (semaphore: Semaphore, times: number) {
  for (let i = 0; i < times; i++) {
    const permit = yield* semaphore.acquire();
    try {
      yield* yieldNow();
    } finally {
      permit.release();
    }
  }
  return times;
});

const mutex = coroutine(function* (n: number) {
  const shared = new Mutex();
  const tasks = Array.from({ length: 10 }, () => spawn(lockAndHold(shared, n / 10)));
  let sum = 0;
  for (const task of tasks) sum += yield* task;
  return sum;
});

const semaphore = coroutine(function* (n: number) {
  const shared = new Semaphore(10);
  const tasks = Array.from({ length: 100 }, () => spawn(acquireAndHold(shared, n / 100)));
  let sum = 0;
  for (const task of tasks) sum += yield* task;
  return sum;
});

const pawl: Implementation = {
  channelSelf: (n) => blockOn(channelSelf(n)),
  channel: (n) => blockOn(transfer(n, 64)),
  channelOne: (n) => blockOn(transfer(n, 1)),
  mutexFree: (n) => blockOn(mutexFree(n)),
  mutexUsing: (n) => blockOn(mutexUsing(n)),
  mutex: (n) => blockOn(mutex(n)),
  semaphoreFree: (n) => blockOn(semaphoreFree(n)),
  semaphore: (n) => blockOn(semaphore(n)),
};
export default pawl;
