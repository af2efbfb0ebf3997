import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { play, world } from '../../test/support/world.ts';
import { coroutine, join, race, ready, sleep, spawn, timeout, yieldNow, type JoinHandle } from '../index.ts';
import { Mutex } from './index.ts';

/** Holds the mutex over some suspensions; counts how many hold it at once. */
class Watched {
  readonly mutex: Mutex = new Mutex();
  inside = 0;
  most = 0;
  readonly order: number[] = [];

  readonly visit = coroutine(function* (this: Watched, id: number, suspensions: number) {
    using _guard = yield* this.mutex.lock();
    this.order.push(id);
    this.most = Math.max(this.most, ++this.inside);
    try {
      for (let i = 0; i < suspensions; i++) yield* yieldNow();
    } finally {
      this.inside--;
    }
  });
}

test('one holder at a time, in the order of asking', () => {
  const watched = new Watched();
  play(join([0, 1, 2, 3].map((id) => watched.visit(id, 3))));
  assert.deepEqual(watched.order, [0, 1, 2, 3]);
  assert.equal(watched.most, 1);
  assert.equal(watched.mutex.locked, false);
});

test('a release hands over: whoever comes after it does not overtake', () => {
  const order: string[] = [];
  const mutex = new Mutex();
  play(function* () {
    const guard = yield* mutex.lock();
    const waiter = spawn(function* () {
      using _guard = yield* mutex.lock();
      order.push('waiter');
    });
    yield* yieldNow();
    guard.release();
    assert.equal(mutex.tryLock(), null);
    using _guard = yield* mutex.lock();
    order.push('latecomer');
    yield* waiter;
  });
  assert.deepEqual(order, ['waiter', 'latecomer']);
});

test('a guard that is released again does not release another holder’s lock', () => {
  const mutex = new Mutex();
  const first = mutex.tryLock();
  first?.release();
  const second = mutex.tryLock();
  first?.release();
  first?.[Symbol.dispose]();
  assert.equal(mutex.locked, true);
  second?.[Symbol.dispose]();
  assert.equal(mutex.locked, false);
});

test('nothing is locked before the first poll', () => {
  const mutex = new Mutex();
  void mutex.lock();
  assert.equal(mutex.locked, false);
});

test('a lock that was handed over to one who is cancelled before his poll goes to the next', () => {
  const mutex = new Mutex();
  play(function* () {
    const guard = yield* mutex.lock();
    const second = spawn(function* () {
      yield* race([mutex.lock(), sleep(1000)]);
      assert.fail('cancelled');
    });
    const third = spawn(function* () {
      using _guard = yield* mutex.lock();
      return 'third';
    });
    yield* yieldNow();
    assert.equal(mutex.waiting, 2);
    second.abort();
    guard.release();
    assert.equal(yield* third, 'third');
  });
  assert.equal(mutex.locked, false);
});

test('wherever it is cancelled, the mutex is free afterwards and was never held twice', () => {
  const runs = cancelEach(() => {
    const watched = new Watched();
    return {
      tasks: [
        watched.visit(0, 2),
        watched.visit(1, 1),
        timeout(3, watched.visit(2, 2)),
        join([watched.visit(3, 0), watched.visit(4, 1)]),
      ],
      check: () => {
        assert.equal(watched.most, 1);
        assert.equal(watched.mutex.locked, false);
        assert.equal(watched.mutex.waiting, 0);
      },
      after: watched.visit(9, 1),
    };
  });
  assert.ok(runs > 100);
});

test('any number of visitors, in any order of the ready tasks, with any of them aborted: first come, first served', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.record({ delay: fc.nat(5), suspensions: fc.nat(3), abortAt: fc.option(fc.nat(12)) }), {
        minLength: 1,
        maxLength: 12,
      }),
      (seed, visitors) => {
        const { driver, run } = world();
        driver.pick = dice(seed);
        const { mutex } = new Watched();
        const asked: number[] = [];
        const got: number[] = [];
        const gone = new Set<number>();
        let inside = 0;
        const visit = coroutine(function* (id: number, delay: number, suspensions: number) {
          yield* sleep(delay);
          asked.push(id);
          try {
            using _guard = yield* mutex.lock();
            assert.equal(++inside, 1);
            got.push(id);
            try {
              for (let i = 0; i < suspensions; i++) yield* sleep(1);
            } finally {
              inside--;
            }
          } finally {
            if (!got.includes(id)) gone.add(id);
          }
        });
        run(function* () {
          const handles: JoinHandle<void>[] = visitors.map(({ delay, suspensions }, id) =>
            spawn(visit(id, delay, suspensions)),
          );
          const killers = visitors.map(({ abortAt }, id) =>
            coroutine(function* () {
              if (abortAt === null) return;
              yield* sleep(abortAt);
              handles[id]?.abort();
            })(),
          );
          yield* join(killers);
        });
        assert.deepEqual(
          got,
          asked.filter((id) => !gone.has(id)),
        );
        assert.equal(mutex.locked, false);
      },
    ),
  );
});

test('a task that is always ready leaves the others their turn', () => {
  const mutex = new Mutex();
  let turns = 0;
  play(function* () {
    spawn(function* () {
      for (; turns < 5; turns++) yield* yieldNow();
    });
    for (let i = 0; i < 1000; i++) {
      using _guard = yield* mutex.lock();
      yield* ready(0);
    }
    assert.equal(turns, 5);
  });
});
