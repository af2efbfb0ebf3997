import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { codeOf, play, world } from '../../test/support/world.ts';
import { coroutine, join, run, sleep, spawn, yieldNow } from '../index.ts';
import { CLOSED, watch } from './index.ts';

test('the initial value counts as seen, the latest one is what is seen', () => {
  play(function* () {
    const [sender, receiver] = watch(0);
    assert.equal(receiver.hasChanged, false);
    const waiting = spawn(receiver.changed());
    yield* yieldNow();
    sender.send(1);
    sender.send(2);
    assert.equal(yield* waiting, 2);
    assert.equal(receiver.hasChanged, false);
    sender.send(3);
    assert.equal(receiver.value, 3);
    assert.equal(receiver.hasChanged, true);
    assert.equal(yield* receiver.changed(), 3);
    sender.send(4);
    assert.equal(receiver.see(), 4);
    assert.equal(receiver.hasChanged, false);
  });
});

test('every receiver is told, by the same sender or its clone; a new one has seen what is there', () => {
  play(function* () {
    const [sender, receiver] = watch('a');
    const clone = sender.clone();
    clone.send('b');
    const other = sender.subscribe();
    assert.equal(other.hasChanged, false);
    const same = receiver.clone();
    const all = spawn(join([receiver.changed(), other.changed(), same.changed()]));
    yield* yieldNow();
    sender.send('c');
    assert.deepEqual(yield* all, ['b', 'c', 'b']);
  });
});

test('after the last sender what is unseen is seen, then it is CLOSED', () => {
  play(function* () {
    const [sender, receiver] = watch(0);
    const clone = sender.clone();
    sender.send(1);
    sender.close();
    sender.close();
    assert.equal(
      codeOf(() => sender.send(2)),
      'CLOSED',
    );
    assert.equal(yield* receiver.changed(), 1);
    const waiting = spawn(receiver.changed());
    yield* yieldNow();
    clone[Symbol.dispose]();
    assert.equal(yield* waiting, CLOSED);
    assert.equal(yield* receiver.changed(), CLOSED);
    assert.equal(receiver.value, 1);
  });
});

test('waitFor looks at the current value first', () => {
  play(function* () {
    const [sender, receiver] = watch(5);
    assert.equal(yield* receiver.waitFor((n) => n === 5), 5);
    const waiting = spawn(receiver.waitFor((n) => n > 6));
    for (const n of [6, 7]) {
      yield* yieldNow();
      sender.send(n);
    }
    assert.equal(yield* waiting, 7);
    sender.close();
    assert.equal(yield* receiver.waitFor((n) => n === 0), CLOSED);
  });
});

test('loops in a coroutine and in ordinary async code', async () => {
  const make = (): ReturnType<typeof watch<number>> => {
    const [sender, receiver] = watch(0);
    setImmediate(() => {
      sender.send(1);
      setImmediate(() => {
        sender.send(2);
        sender.close();
      });
    });
    return [sender, receiver];
  };
  const seen: number[] = [];
  await run(make()[1].forEach((n) => void seen.push(n)));
  for await (const n of make()[1]) seen.push(n);
  assert.deepEqual(seen, [1, 2, 1, 2]);
});

test('wherever it is cancelled, a change is unseen until somebody has got it', () => {
  cancelEach(() => {
    const [sender, receiver] = watch(0);
    const got: unknown[] = [];
    return {
      tasks: [
        coroutine(function* () {
          for (let i = 0; i < 2; i++) got.push(yield* receiver.changed());
        })(),
        coroutine(function* () {
          try {
            yield* yieldNow();
            sender.send(1);
            yield* sleep(1);
          } finally {
            sender.send(2);
            sender.close();
          }
        })(),
      ],
      after: coroutine(function* () {
        for (let value = yield* receiver.changed(); value !== CLOSED; value = yield* receiver.changed())
          got.push(value);
      })(),
      check: () => assert.ok(got.includes(2)),
    };
  });
});

test('a receiver sees values in order and always the last one, in any order of the ready tasks', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.nat(2), { maxLength: 15 }),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
      (seed, pauses, paces) => {
        const { driver, run } = world();
        driver.pick = dice(seed);
        const [sender, first] = watch(0);
        const seen: number[][] = paces.map(() => [0]);
        run(function* () {
          for (const [id, pace] of paces.entries()) {
            const receiver = first.clone();
            spawn(
              receiver.forEach(function* (n) {
                seen[id]?.push(n);
                yield* sleep(pace);
              }),
            );
          }
          using _closes = sender;
          for (const [index, pause] of pauses.entries()) {
            if (pause > 0) yield* sleep(pause);
            sender.send(index + 1);
          }
        });
        for (const list of seen) {
          assert.equal(list.at(-1), pauses.length);
          assert.deepEqual(
            list,
            [...new Set(list)].toSorted((a, b) => a - b),
          );
        }
      },
    ),
  );
});
