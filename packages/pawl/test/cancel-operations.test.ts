/**
 * Cancel at every suspension, for every operation that waits: whichever task is aborted, and wherever, nothing of it is left. What each
 * promises besides (no message lost, no permit leaked) is checked beside its code; streams and bridges to Node, which need Node's loop,
 * are cancelled everywhere in `stream/` and `node/`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  any,
  channel,
  coroutine,
  deadline,
  DelayQueue,
  type Future,
  Instant,
  interval,
  join,
  joinSettled,
  map,
  mapConcurrent,
  memo,
  Mutex,
  race,
  repeat,
  retry,
  scope,
  select,
  Semaphore,
  shield,
  sleep,
  sleepUntil,
  spawn,
  spawnDetached,
  supervise,
  taskGroup,
  type TaskGroup,
  TaskLocal,
  timeout,
  yieldNow,
} from '../src/index.ts';
import { Stream, stream } from '../src/stream/index.ts';
import { Barrier, broadcast, CLOSED, oneshot, RwLock, watch } from '../src/sync/index.ts';
import { cancelEach, type Play } from './support/cancel-each.ts';

/** A lock that every task of a play takes, within whatever it does: free afterwards, and never held twice. */
class Room {
  readonly mutex = new Mutex();
  readonly permits = new Semaphore(2);
  private inside = 0;

  readonly visit = coroutine(function* (this: Room, ms: number) {
    using _permit = yield* this.permits.acquire();
    using _guard = yield* this.mutex.lock();
    assert.equal(++this.inside, 1);
    try {
      yield* sleep(ms);
    } finally {
      this.inside--;
    }
    return ms;
  }).bind(this);

  readonly check = (): void => {
    assert.deepEqual([this.inside, this.mutex.locked, this.mutex.waiting], [0, false, 0]);
    assert.deepEqual([this.permits.available, this.permits.waiting], [2, 0]);
  };
}

/** An operation over visits of a room, done by two tasks at once. */
const inRoom =
  (make: (room: Room) => () => Future<unknown>): (() => Play) =>
  () => {
    const room = new Room();
    const operation = make(room);
    return { tasks: [operation(), operation()], check: room.check, after: room.visit(0) };
  };

const failing = coroutine(function* (visit: Future<unknown>) {
  yield* visit;
  throw Object.assign(new Error('as meant'), { code: 'MEANT' });
});

/** A failure with that code is as meant. */
const until = coroutine(function* (code: string, future: Future<unknown>) {
  try {
    yield* future;
  } catch (error) {
    if ((error as { code?: unknown }).code !== code) throw error;
  }
});
const quiet = (future: Future<unknown>): Future<unknown> => until('MEANT', future);

const then = coroutine(function* (first: Future<unknown>, second: () => Future<unknown>) {
  yield* first;
  return yield* second();
});

const local = new TaskLocal(0);

const plays: Record<string, () => Play> = {
  // ---- combinators
  join: inRoom((room) => () => join([room.visit(1), room.visit(2), yieldNow()])),
  'join of one that fails': inRoom((room) => () => quiet(join([room.visit(1), failing(room.visit(1)), sleep(9)]))),
  joinSettled: inRoom((room) => () => joinSettled([room.visit(1), failing(room.visit(1))])),
  race: inRoom((room) => () => race([room.visit(2), room.visit(1), sleep(2)])),
  any: inRoom((room) => () => any([failing(room.visit(1)), room.visit(1)])),
  select: inRoom((room) => () => select({ one: room.visit(1), two: room.visit(2), off: false, tick: sleep(2) })),
  mapConcurrent: inRoom((room) => () => mapConcurrent([1, 0, 2], 2, (ms) => room.visit(ms))),
  'mapConcurrent, unordered': inRoom(
    (room) => () => mapConcurrent([1, 0, 2], 2, (ms) => room.visit(ms), { ordered: false }),
  ),
  timeout: inRoom((room) => () => timeout(2, room.visit(1))),
  deadline: inRoom((room) => () => then(yieldNow(), () => deadline(Instant.now().plus(2), room.visit(1)))),
  shield: inRoom((room) => () => shield(room.visit(1))),
  map: inRoom((room) => () => map(room.visit(1), (ms) => ms + 1)),
  retry: inRoom((room) => () => quiet(retry(() => failing(room.visit(1)), { attempts: 2, base: 1 }))),
  repeat: inRoom((room) => () => repeat(() => room.visit(0), { times: 2, interval: 1 })),
  memo: inRoom((room) => {
    const load = memo((ms: number) => room.visit(ms), { keep: false });
    return () => join([load(1), load(2)]);
  }),
  'TaskLocal.with': inRoom((room) => () => local.with(1, room.visit(1))),

  // ---- tasks
  'spawn and its handle': inRoom(
    (room) => () =>
      scope(function* () {
        const handle = spawn(room.visit(1));
        spawn(room.visit(0), { daemon: true });
        return yield* handle;
      }),
  ),
  spawnDetached: inRoom(
    (room) => () =>
      scope(function* () {
        const handle = spawnDetached(room.visit(1));
        try {
          yield* handle;
        } finally {
          handle.abort();
        }
      }),
  ),
  scope: inRoom(
    (room) => () =>
      scope(
        function* (s) {
          s.spawn(room.visit(1));
          yield* room.visit(1);
        },
        { timeout: 3 },
      ),
  ),
  supervise: inRoom(
    (room) => () =>
      supervise(
        function* (s) {
          s.spawn(failing(room.visit(0)));
          s.spawn(room.visit(1));
          yield* yieldNow();
        },
        { onFailure: () => {} },
      ),
  ),
  'TaskGroup.spawn and next': inRoom(
    (room) => () =>
      taskGroup(
        function* (group: TaskGroup<unknown>) {
          for (const ms of [1, 0, 1]) yield* group.spawn(room.visit(ms));
          while ((yield* group.next()).done !== true);
        },
        { limit: 2 },
      ),
  ),

  // ---- time
  'sleep and sleepUntil': () => ({
    tasks: [sleep(2), then(sleep(0), () => sleepUntil(Instant.now().plus(2)))],
    check: () => {},
  }),
  'Interval.tick': () => {
    const every = interval(1, { missed: 'skip' });
    const work = coroutine(function* () {
      for (let n = 0; n < 3; n++) yield* every.tick();
    });
    return { tasks: [work(), work()], check: () => {}, after: map(every.tick(), () => {}) };
  },
  'DelayQueue.next': () => {
    const queue = new DelayQueue<number>();
    for (const n of [1, 2, 3, 4]) queue.insert(n, n % 3);
    const got: number[] = [];
    const take = coroutine(function* () {
      for (let n = 0; n < 2; n++) got.push(yield* queue.next());
    });
    const rest = coroutine(function* () {
      while (queue.size > 0) got.push(yield* queue.next());
    });
    return {
      tasks: [take(), take()],
      check: () =>
        assert.deepEqual(
          got.toSorted((a, b) => a - b),
          [1, 2, 3, 4],
        ),
      // What a cancelled taker has not taken is still there.
      after: rest(),
    };
  },

  // ---- synchronisation, what is not cancelled everywhere beside its code
  'Barrier.wait': () => {
    const barrier = new Barrier(2);
    const arrive = coroutine(function* (ms: number) {
      yield* sleep(ms);
      return yield* race([barrier.wait(), sleep(3)]);
    });
    return {
      tasks: [arrive(0), arrive(1), arrive(1), arrive(1)],
      check: () => assert.equal(barrier.waiting, 0),
      after: join([barrier.wait(), barrier.wait()]),
    };
  },
  'RwLock.read, write and downgrade': () => {
    const lock = new RwLock();
    const read = coroutine(function* () {
      using _guard = yield* lock.read();
      yield* yieldNow();
    });
    const write = coroutine(function* () {
      using guard = yield* lock.write();
      yield* yieldNow();
      using _reader = guard.downgrade();
      yield* yieldNow();
    });
    return {
      tasks: [read(), write(), read(), write()],
      check: () => assert.deepEqual([lock.readers, lock.writing, lock.waiting], [0, false, 0]),
      after: write(),
    };
  },
  'Semaphore.acquire of many': () => {
    const permits = new Semaphore(3);
    const use = coroutine(function* (count: number) {
      using _held = yield* permits.acquire(count);
      yield* sleep(count % 2);
    });
    return {
      tasks: [use(2), use(3), use(1), use(2)],
      check: () => assert.deepEqual([permits.available, permits.waiting], [3, 0]),
      after: use(3),
    };
  },
  'OneshotSender.closed': () => {
    const [sender, receiver] = oneshot<number>();
    const work = coroutine(function* () {
      yield* race([sender.closed(), sleep(3)]);
    });
    const leave = coroutine(function* () {
      using _closes = receiver;
      yield* sleep(1);
    });
    return { tasks: [work(), leave()], check: () => assert.equal(sender.isClosed, true) };
  },
  'WatchReceiver.waitFor and forEach': () => {
    const [sender, receiver] = watch(0);
    const change = coroutine(function* () {
      using _closes = sender;
      for (let n = 1; n <= 3; n++) {
        yield* sleep(1);
        sender.send(n);
      }
    });
    const wait = coroutine(function* () {
      const value = yield* receiver.clone().waitFor((n) => n >= 2);
      assert.ok(value === CLOSED || value >= 2);
    });
    return {
      tasks: [change(), wait(), receiver.clone().forEach(() => yieldNow())],
      check: () =>
        assert.equal((receiver as unknown as { watch: { waiters: { size: number } } }).watch.waiters.size, 0),
    };
  },
  'BroadcastReceiver.forEach': () => {
    const [sender, receiver] = broadcast<number>(2);
    const other = receiver.clone();
    const send = coroutine(function* () {
      using _closes = sender;
      for (let n = 1; n <= 3; n++) {
        sender.send(n);
        yield* yieldNow();
      }
    });
    return {
      tasks: [send(), receiver.forEach(() => yieldNow()), other.forEach(() => yieldNow())],
      check: () =>
        assert.equal((receiver as unknown as { shared: { waiters: { size: number } } }).shared.waiters.size, 0),
    };
  },
  'Receiver.forEach and Sender.reserve': () => {
    const [sender, receiver] = channel<number>(1);
    const send = coroutine(function* () {
      using _closes = sender;
      for (let n = 1; n <= 3 && !sender.closed; n++) {
        using permit = yield* sender.reserve();
        yield* yieldNow();
        if (!sender.closed) permit.send(n);
      }
    });
    const receive = coroutine(function* () {
      using _closes = receiver;
      yield* receiver.forEach(() => yieldNow());
    });
    return {
      tasks: [until('CLOSED', send()), receive()],
      check: () => assert.equal(sender.used, 0),
    };
  },

  // ---- streams that need nothing of Node's
  'Stream.next, fold and forEach': inRoom(
    (room) => () =>
      stream<number>(function* (emit) {
        for (let n = 0; ; n++) yield* emit(yield* room.visit(n % 2));
      })
        .scan(0, (sum, n) => sum + n)
        .drop(1)
        .take(2)
        .fold(0, (sum, n) => sum + n),
  ),
  'Stream.concat and flatMap': inRoom(
    (room) => () =>
      Stream.concat(
        [1],
        Stream.of(0, 1).flatMap((n) => Stream.of(n).mapConcurrent(1, () => room.visit(n))),
      ).forEach(() => map(room.visit(0), () => {})),
  ),
};

for (const [name, make] of Object.entries(plays)) {
  test(`cancelled wherever it waits, nothing is left of ${name}`, () => {
    assert.ok(cancelEach(make, { orders: 5, most: 1000 }) > 5);
  });
}
