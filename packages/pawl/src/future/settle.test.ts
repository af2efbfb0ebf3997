import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { abortEverywhere, failure, play, world } from '../../test/support/world.ts';
import { any, coroutine, type Future, joinSettled, race, ready, sleep } from '../index.ts';

const after = coroutine(function* <T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
});
const failing = coroutine(function* (ms: number, message: string) {
  if (ms > 0) yield* sleep(ms);
  throw new Error(message);
});
/** Sleeps until it is cancelled, then cleans up for `ms`. */
const loser = coroutine(function* (log: string[], name: string, ms: number) {
  try {
    yield* sleep(1_000_000);
  } finally {
    yield* sleep(ms);
    log.push(name);
  }
});
const badCleanup = coroutine(function* () {
  try {
    yield* sleep(1_000_000);
  } finally {
    yield* failing(1, 'cleanup');
  }
});

test('joinSettled gives how each ended, in the order of its futures, when the last has', () => {
  const { driver, run } = world();
  const results = run(joinSettled([after(3, 'a'), failing(1, 'b'), ready('c'), failing(0, 'd'), after(2, undefined)]));
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message)),
    ['a', 'b', 'c', 'd', undefined],
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(driver.time, 3);
  assert.deepEqual(play(joinSettled([])), []);
});

test('joinSettled has the shape of Promise.allSettled', async () => {
  const error = new Error('no');
  const theirs = await Promise.allSettled([Promise.resolve(1), Promise.reject(error)]);
  const ours = play(
    joinSettled<unknown>([
      ready(1),
      coroutine(function* () {
        throw error;
      })(),
    ]),
  );
  assert.deepEqual(ours, theirs);
});

test('cancelling joinSettled cancels all it has polled, and is done when their cleanup is', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(race([joinSettled([loser(log, 'a', 3), loser(log, 'b', 7), ready(1)]), sleep(1)]));
  assert.deepEqual(log, ['a', 'b']);
  assert.equal(driver.time, 8);
});

test('any gives the first value, whatever failed before it', () => {
  assert.equal(play(any([failing(1, 'x'), after(3, 'slow'), after(2, 'fast')])), 'fast');
  assert.equal(play(any([failing(0, 'x'), ready('at once'), new Gate<string>()])), 'at once');
});

test('any cancels its losers and has cleaned them up before it gives the value', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(function* () {
    log.push(yield* any<Future<string>[]>([loser(log, 'loser', 5) as Future<never>, after(2, 'won')]));
  });
  assert.deepEqual(log, ['loser', 'won']);
  assert.equal(driver.time, 7);
});

test('any throws an AggregateError with every failure, in the order of the futures', () => {
  const error = failure(any([failing(2, 'a'), failing(0, 'b'), failing(1, 'c')]));
  assert.ok(error instanceof AggregateError);
  assert.deepEqual(
    error.errors.map((each: Error) => each.message),
    ['a', 'b', 'c'],
  );
  assert.match(error.message, /3 futures/);
  const none = failure(any([]));
  assert.ok(none instanceof AggregateError && none.errors.length === 0);
});

test("a loser's failing cleanup is thrown in place of the value of any", () => {
  const error = failure(any([badCleanup(), after(1, 'value')]));
  assert.ok(error instanceof SuppressedError);
  assert.equal((error.suppressed as Error).message, 'cleanup');
});

test('aborted at every poll, joinSettled and any leave nothing', () => {
  const log: string[] = [];
  const aborted = abortEverywhere(
    () =>
      function* () {
        yield* joinSettled([after(2, 1), failing(1, 'x'), any([failing(1, 'x'), loser(log, 'l', 2), after(3, 1)])]);
      },
  );
  assert.ok(aborted >= 4);
});
