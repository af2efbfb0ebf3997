import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { abortEverywhere, codeOf, play, world } from '../../test/support/world.ts';
import { DelayQueue, race, sleep, spawn, timeout, yieldNow } from '../index.ts';

test('values come out when they are due, the earliest first, those of one moment in the order of insertion', () => {
  const { driver, run } = world();
  const seen: [string, number][] = [];
  run(function* () {
    const queue = new DelayQueue<string>();
    for (const [value, ms] of [
      ['c', 5],
      ['a', 2],
      ['d', 5],
      ['b', 2],
      ['now', 0],
    ] as const)
      queue.insert(value, ms);
    while (queue.size > 0) seen.push([yield* queue.next(), driver.time]);
  });
  assert.deepEqual(seen, [
    ['now', 0],
    ['a', 2],
    ['b', 2],
    ['c', 5],
    ['d', 5],
  ]);
});

test('what is removed does not come out, what is reset comes at its new time, and a key works once', () => {
  const { driver, run } = world();
  run(function* () {
    const queue = new DelayQueue<string>();
    const [a, b, c] = [queue.insert('a', 1), queue.insert('b', 2), queue.insert('c', 3)];
    assert.equal(b.value, 'b');
    assert.equal(queue.remove(a), true);
    assert.equal(queue.remove(a), false);
    assert.equal(queue.reset(a, 1), false);
    assert.equal(queue.reset(b, 7), true);
    assert.equal(yield* queue.next(), 'c');
    assert.equal(queue.reset(c, 1), false);
    assert.equal(yield* queue.next(), 'b');
    assert.equal(driver.time, 7);
    assert.equal(queue.size, 0);
  });
});

test('an earlier value, a removal and a reset reach whoever waits already', () => {
  const { driver, run } = world();
  const seen: [string, number][] = [];
  run(function* () {
    const queue = new DelayQueue<string>();
    const consumer = spawn(function* () {
      for (let i = 0; i < 3; i++) seen.push([yield* queue.next(), driver.time]);
    });
    yield* sleep(1);
    const late = queue.insert('late', 100);
    yield* sleep(1);
    queue.insert('early', 3);
    const removed = queue.insert('removed', 1);
    yield* yieldNow();
    queue.remove(removed);
    yield* sleep(10);
    queue.reset(late, 2);
    yield* sleep(3);
    queue.insert('last', 1);
    yield* consumer;
  });
  assert.deepEqual(seen, [
    ['early', 5],
    ['late', 14],
    ['last', 16],
  ]);
});

test('several that wait are served in their order, and one that leaves hands on', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(function* () {
    const queue = new DelayQueue<number>();
    const waiters = ['a', 'b', 'c'].map((name) =>
      spawn(function* () {
        log.push(`${name}: ${yield* queue.next()} at ${driver.time}`);
      }),
    );
    yield* yieldNow();
    queue.insert(1, 5);
    queue.insert(2, 5);
    yield* sleep(2);
    waiters[0]!.abort();
  });
  assert.deepEqual(log, ['b: 1 at 5', 'c: 2 at 5']);
});

test('a next that is cancelled loses no value', () => {
  play(function* () {
    const queue = new DelayQueue<number>();
    for (let n = 0; n < 20; n++) queue.insert(n, n);
    const seen: number[] = [];
    while (seen.length < 20) {
      const value = yield* race([queue.next(), yieldNow()]);
      if (value === undefined) yield* sleep(0.5);
      else seen.push(value);
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 20 }, (_, n) => n),
    );
  });
});

test('disposing of it drops its values, leaves no timer, and gives CLOSED to whoever waits or comes later', () => {
  const codes: unknown[] = [];
  play(function* () {
    const queue = new DelayQueue<number>();
    for (let i = 0; i < 3; i++)
      spawn(function* () {
        try {
          yield* queue.next();
        } catch (error) {
          codes.push((error as { code: unknown }).code);
        }
      });
    yield* yieldNow();
    queue.insert(1, 1000);
    yield* yieldNow();
    {
      using _ = queue;
    }
    assert.equal(queue.size, 0);
    assert.equal(
      codeOf(() => queue.insert(1, 1)),
      'CLOSED',
    );
  });
  assert.deepEqual(codes, ['CLOSED', 'CLOSED', 'CLOSED']);
});

test('refuses what is no delay', () => {
  const queue = new DelayQueue<number>();
  for (const wrong of [-1, NaN, '1'])
    assert.equal(
      codeOf(() => queue.insert(1, wrong as number)),
      'BAD_ARGUMENT',
    );
});

const step = fc.oneof(
  fc.record({ do: fc.constant('insert' as const), ms: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }),
  fc.record({ do: fc.constant('reset' as const), pick: fc.nat(), ms: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 10 }) }),
);

test('does what a sorted list does, for any inserts, removals, resets and waits', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const { driver, run } = world();
      run(function* () {
        const queue = new DelayQueue<number>();
        const keys: ReturnType<typeof queue.insert>[] = [];
        let model: { id: number; due: number; order: number }[] = [];
        let order = 0;
        for (const op of steps) {
          if (op.do === 'insert') {
            model.push({ id: keys.length, due: driver.time + op.ms, order: order++ });
            keys.push(queue.insert(keys.length, op.ms));
          } else if (op.do === 'wait') yield* sleep(op.ms);
          else if (keys.length > 0) {
            const id = op.pick % keys.length;
            const known = model.find((entry) => entry.id === id);
            if (op.do === 'remove') {
              assert.equal(queue.remove(keys[id]!), known !== undefined);
              model = model.filter((entry) => entry !== known);
            } else {
              assert.equal(queue.reset(keys[id]!, op.ms), known !== undefined);
              if (known !== undefined) Object.assign(known, { due: driver.time + op.ms, order: order++ });
            }
          }
          model.sort((a, b) => a.due - b.due || a.order - b.order);
          while (model.length > 0 && model[0]!.due <= driver.time) {
            assert.equal(yield* queue.next(), model.shift()!.id);
          }
          assert.equal(queue.size, model.length);
        }
        for (const { id, due } of model) {
          assert.equal(yield* queue.next(), id);
          assert.ok(driver.time >= due);
        }
      });
    }),
    { numRuns: 300 },
  );
});

test('aborted at every poll it leaves no timer', () => {
  const aborted = abortEverywhere(
    () =>
      function* () {
        const queue = new DelayQueue<number>();
        queue.insert(1, 2);
        queue.insert(2, 3);
        spawn(function* () {
          yield* queue.next();
        });
        yield* queue.next();
        yield* timeout(5, race([queue.next(), sleep(1)]));
      },
  );
  assert.ok(aborted >= 4);
});
