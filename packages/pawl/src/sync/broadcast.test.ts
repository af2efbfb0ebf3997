import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, join, run, sleep, spawn, yieldNow } from '../index.ts';
import { broadcast, CLOSED, EMPTY, Lagged, type BroadcastReceiver } from './index.ts';

const collect = coroutine(function* (receiver: BroadcastReceiver<number>) {
  const seen: (number | Lagged)[] = [];
  yield* receiver.forEach((message) => void seen.push(message));
  return seen;
});

test('every receiver gets every message', () => {
  play(function* () {
    const [sender, first] = broadcast<number>(16);
    const second = sender.subscribe();
    const both = spawn(join([collect(first), collect(second)]));
    yield* yieldNow();
    for (const n of [1, 2, 3]) assert.equal(sender.send(n), 2);
    sender.close();
    assert.deepEqual(yield* both, [
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});

test('a new receiver gets what is sent from then on, a clone what its original has not had', () => {
  const [sender, first] = broadcast<number>(4);
  sender.send(1);
  const late = sender.subscribe();
  const clone = first.clone();
  sender.send(2);
  assert.deepEqual(
    [first, late, clone].map((receiver) => receiver.tryRecv()),
    [1, 2, 1],
  );
  assert.equal(late.tryRecv(), EMPTY);
});

test('who falls behind is told how many he has missed, and goes on at the oldest', () => {
  const [sender, receiver] = broadcast<number>(3);
  for (let n = 1; n <= 10; n++) sender.send(n);
  const lagged = receiver.tryRecv();
  assert.ok(lagged instanceof Lagged);
  assert.equal(lagged.missed, 7);
  sender.close();
  assert.deepEqual(play(collect(receiver)), [8, 9, 10]);
  assert.equal(receiver.tryRecv(), CLOSED);
});

test('memory is bounded by the capacity, and dropped with the last receiver', () => {
  const [sender, receiver] = broadcast<number>(4);
  const { ring } = (receiver as unknown as { shared: { ring: unknown[] } }).shared;
  for (let n = 0; n < 100; n++) sender.send(n);
  assert.equal(ring.length, 4);
  receiver[Symbol.dispose]();
  receiver[Symbol.dispose]();
  assert.equal(ring.length, 0);
  assert.equal(sender.send(1), 0);
  assert.equal(ring.length, 0);
  const later = sender.subscribe();
  assert.equal(later.tryRecv(), EMPTY);
  sender.send(2);
  assert.equal(later.tryRecv(), 2);
});

test('closed ends throw CLOSED, a waiting recv too', () => {
  const [sender, receiver] = broadcast<number>(4);
  const clone = sender.clone();
  sender.close();
  assert.equal(
    codeOf(() => sender.send(1)),
    'CLOSED',
  );
  assert.equal(
    codeOf(() => sender.clone()),
    'CLOSED',
  );
  assert.equal(receiver.tryRecv(), EMPTY);
  clone.close();
  const error = failure(function* () {
    const [, other] = broadcast<number>(1);
    const waiting = spawn(other.recv());
    yield* yieldNow();
    other[Symbol.dispose]();
    yield* waiting;
  });
  assert.equal((error as { code?: string }).code, 'CLOSED');
  assert.equal(
    codeOf(() => broadcast(0)),
    'BAD_ARGUMENT',
  );
});

test('for await receives in ordinary async code', async () => {
  const [sender, receiver] = broadcast<number>(4);
  const sent = run(function* () {
    for (const n of [1, 2]) {
      sender.send(n);
      yield* sleep(1);
    }
    sender.close();
  });
  const seen: unknown[] = [];
  for await (const message of receiver) seen.push(message);
  await sent;
  assert.deepEqual(seen, [1, 2]);
});

test('wherever it is cancelled, a receiver’s place moves only with what it got', () => {
  cancelEach(() => {
    const [sender, receiver] = broadcast<number>(8);
    const got: unknown[] = [];
    return {
      tasks: [
        coroutine(function* () {
          for (let i = 0; i < 4; i++) got.push(yield* receiver.recv());
        })(),
        coroutine(function* () {
          using _closes = sender;
          try {
            sender.send(1);
            yield* yieldNow();
            sender.send(2);
            yield* sleep(1);
          } finally {
            sender.send(3);
          }
        })(),
      ],
      after: receiver.forEach((message) => void got.push(message)),
      check: (aborted) =>
        assert.deepEqual(
          got.filter((message) => message !== CLOSED),
          aborted === 1 && !got.includes(2) ? [1, 3] : [1, 2, 3],
        ),
    };
  });
});

test('each receiver’s messages and losses add up, in order, in any order of the ready tasks', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(2), { maxLength: 20 }),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
      (seed, capacity, pauses, paces) => {
        const { driver, run } = world();
        driver.pick = dice(seed);
        const [sender, first] = broadcast<number>(capacity);
        const seen = paces.map((): (number | Lagged)[] => []);
        run(function* () {
          for (const [id, pace] of paces.entries()) {
            spawn(
              first.clone().forEach(function* (message) {
                seen[id]?.push(message);
                yield* sleep(pace);
              }),
            );
          }
          using _closes = sender;
          for (const [index, pause] of pauses.entries()) {
            if (pause > 0) yield* sleep(pause);
            sender.send(index);
          }
        });
        for (const list of seen) {
          let next = 0;
          for (const message of list) {
            if (message instanceof Lagged) next += message.missed;
            else assert.equal(message, next++);
          }
          assert.equal(next, pauses.length);
        }
      },
    ),
  );
});
