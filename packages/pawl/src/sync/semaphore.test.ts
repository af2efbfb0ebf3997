import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, join, sleep, spawn, timeout, yieldNow, type JoinHandle } from '../index.ts';
import { Semaphore } from './index.ts';

const use = coroutine(function* (semaphore: Semaphore, count: number, suspensions: number) {
  using permit = yield* semaphore.acquire(count);
  for (let i = 0; i < suspensions; i++) yield* yieldNow();
  return permit.count;
});

test('as many as there are permits go in at once', () => {
  const semaphore = new Semaphore(3);
  let inside = 0;
  let most = 0;
  const visit = coroutine(function* () {
    using _permit = yield* semaphore.acquire();
    most = Math.max(most, ++inside);
    yield* sleep(1);
    inside--;
  });
  play(join(Array.from({ length: 10 }, () => visit())));
  assert.equal(most, 3);
  assert.equal(semaphore.available, 3);
});

test('who wants few does not overtake who wants many', () => {
  const semaphore = new Semaphore(2);
  const order: string[] = [];
  play(function* () {
    const first = yield* semaphore.acquire();
    const many = spawn(function* () {
      using _permit = yield* semaphore.acquire(2);
      order.push('many');
    });
    yield* yieldNow();
    assert.equal(semaphore.available, 1);
    assert.equal(semaphore.tryAcquire(), null);
    const few = spawn(function* () {
      using _permit = yield* semaphore.acquire();
      order.push('few');
    });
    yield* yieldNow();
    first.release();
    yield* join([many, few]);
  });
  assert.deepEqual(order, ['many', 'few']);
});

test('when the head of the queue leaves, whoever stands behind it goes on', () => {
  const semaphore = new Semaphore(2);
  play(function* () {
    using _first = yield* semaphore.acquire();
    const many = spawn(use(semaphore, 2, 0));
    const few = spawn(use(semaphore, 1, 0));
    yield* yieldNow();
    many.abort();
    assert.equal(yield* few, 1);
  });
  assert.equal(semaphore.available, 2);
});

test('a permit is given back once', () => {
  const semaphore = new Semaphore(1);
  const permit = semaphore.tryAcquire();
  permit?.release();
  permit?.[Symbol.dispose]();
  assert.equal(permit?.count, 0);
  assert.equal(semaphore.available, 1);
});

test('a forgotten permit is gone until it is added again', () => {
  const semaphore = new Semaphore(2);
  assert.equal(semaphore.tryAcquire(2)?.forget(), 2);
  assert.equal(semaphore.tryAcquire(), null);
  semaphore.add(3);
  assert.equal(semaphore.available, 3);
});

test('permits that are added wake those who wait', () => {
  const semaphore = new Semaphore(0);
  play(function* () {
    const all = join([use(semaphore, 2, 1), use(semaphore, 1, 0)]);
    const waiting = spawn(all);
    yield* yieldNow();
    assert.equal(semaphore.waiting, 2);
    semaphore.add(3);
    assert.deepEqual(yield* waiting, [2, 1]);
  });
  assert.equal(semaphore.available, 3);
});

test('closed, it throws CLOSED to those who wait and to those who come, and what is held stays valid', () => {
  const semaphore = new Semaphore(1);
  const error = failure(function* () {
    using _permit = yield* semaphore.acquire();
    const waiting = spawn(use(semaphore, 1, 0));
    yield* yieldNow();
    semaphore.close();
    yield* waiting;
  });
  assert.equal((error as { code?: string }).code, 'CLOSED');
  assert.equal(semaphore.available, 1);
  assert.equal(
    codeOf(() => semaphore.tryAcquire()),
    'CLOSED',
  );
  assert.equal((failure(semaphore.acquire()) as { code?: string }).code, 'CLOSED');
});

test('what is no count is refused', () => {
  for (const wrong of [-1, 0.5, NaN, Infinity]) {
    assert.equal(
      codeOf(() => new Semaphore(wrong)),
      'BAD_ARGUMENT',
    );
    assert.equal(
      codeOf(() => new Semaphore(1).acquire(wrong)),
      'BAD_ARGUMENT',
    );
  }
  assert.equal(
    codeOf(() => new Semaphore(1).acquire(0)),
    'BAD_ARGUMENT',
  );
});

test('a permit may be given back by another task', () => {
  const semaphore = new Semaphore(2);
  play(function* () {
    for (let i = 0; i < 6; i++) {
      const permit = yield* semaphore.acquire();
      spawn(function* () {
        using _permit = permit;
        yield* sleep(1);
      });
    }
  });
  assert.equal(semaphore.available, 2);
});

test('wherever it is cancelled, every permit is back afterwards', () => {
  cancelEach(() => {
    const semaphore = new Semaphore(3);
    return {
      tasks: [
        use(semaphore, 2, 2),
        use(semaphore, 3, 1),
        timeout(2, use(semaphore, 2, 1)),
        join([use(semaphore, 1, 0), use(semaphore, 1, 2)]),
        use(semaphore, 1, 1),
      ],
      check: () => {
        assert.equal(semaphore.available, 3);
        assert.equal(semaphore.waiting, 0);
      },
      after: use(semaphore, 3, 0),
    };
  });
});

test('permits are conserved and the queue is strict, in any order of the ready tasks', () => {
  const visitor = fc.record({
    delay: fc.nat(4),
    count: fc.integer({ min: 1, max: 4 }),
    hold: fc.nat(3),
    abortAt: fc.option(fc.nat(10)),
  });
  fc.assert(
    fc.property(fc.integer(), fc.array(visitor, { minLength: 1, maxLength: 12 }), (seed, visitors) => {
      const { driver, run } = world();
      driver.pick = dice(seed);
      const semaphore = new Semaphore(4);
      const asked: number[] = [];
      const got: number[] = [];
      let held = 0;
      const visit = coroutine(function* (id: number) {
        const { delay, count, hold } = visitors[id] as (typeof visitors)[number];
        yield* sleep(delay);
        asked.push(id);
        using _permit = yield* semaphore.acquire(count);
        got.push(id);
        held += count;
        try {
          assert.ok(held <= 4);
          yield* sleep(hold);
        } finally {
          held -= count;
        }
      });
      run(function* () {
        const handles: JoinHandle<void>[] = visitors.map((_, id) => spawn(visit(id)));
        for (let now = 0; now <= 10; now++) {
          for (const [id, { abortAt }] of visitors.entries()) if (abortAt === now) handles[id]?.abort();
          yield* sleep(1);
        }
      });
      const seen = new Set(got);
      // Granted in the order of asking: a waiter that was granted may be polled later than the one granted after it.
      assert.equal(seen.size, got.length);
      assert.equal(semaphore.available, 4);
      assert.equal(semaphore.waiting, 0);
      for (const [id, { abortAt }] of visitors.entries())
        if (abortAt === null) assert.ok(seen.has(id), `visitor ${id} starved`);
    }),
  );
});
