import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import { blockOn, coroutine, deadline, Instant, ready, sleep, sleepUntil, timeout } from '../index.ts';

test('an instant is on the clock of the runtime that polls, and measures in milliseconds with fractions', () => {
  const { run } = world();
  run(function* () {
    const start = Instant.now();
    yield* sleep(7);
    assert.equal(start.elapsed(), 7);
    const later = Instant.now();
    assert.equal(later.since(start), 7);
    assert.equal(start.since(later), -7);
    assert.equal(start.plus(0.25).since(start), 0.25);
    assert.equal(later.plus(3).elapsed(), -3);
    assert.ok(start < later && later > start && later.plus(-7).ms === start.ms);
  });
});

test('outside a poll an instant is on the clock of this thread, and never goes back', () => {
  let last = Instant.now();
  for (let i = 0; i < 1000; i++) {
    const now = Instant.now();
    assert.ok(now >= last);
    last = now;
  }
});

test('an instant is moved by a number', () => {
  for (const wrong of [NaN, '1', undefined])
    assert.equal(
      codeOf(() => Instant.now().plus(wrong as number)),
      'BAD_ARGUMENT',
    );
});

test('sleepUntil waits until then, and is ready at once when that has passed', () => {
  const { driver, run } = world();
  run(function* () {
    const start = Instant.now();
    yield* sleepUntil(start.plus(4.5));
    assert.equal(driver.time, 5);
    const { turns } = driver;
    yield* sleepUntil(start.plus(4.5));
    yield* sleepUntil(start);
    assert.equal(driver.turns, turns);
  });
});

test('a deadline is shared by the steps under it', () => {
  const { driver, run } = world();
  run(function* () {
    const end = Instant.now().plus(10);
    yield* deadline(end, sleep(6));
    try {
      yield* deadline(end, sleep(6));
      assert.fail('it ended in time');
    } catch (error) {
      assert.equal((error as { code: string }).code, 'TIMEOUT');
    }
    assert.equal(driver.time, 10);
    assert.equal(yield* deadline(end, ready('ready is in time')), 'ready is in time');
  });
});

test('deadline has finished the cleanup of what it stops before it throws', () => {
  const log: string[] = [];
  const error = failure(function* () {
    const work = coroutine(function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(3);
        log.push('cleaned up');
      }
    });
    yield* deadline(Instant.now().plus(2), work());
  });
  assert.equal((error as { code: string }).code, 'TIMEOUT');
  assert.deepEqual(log, ['cleaned up']);
});

test('what is no instant is refused at the call', () => {
  for (const wrong of [5, null, undefined, { ms: 1 }]) {
    assert.equal(
      codeOf(() => sleepUntil(wrong as unknown as Instant)),
      'BAD_ARGUMENT',
    );
    assert.equal(
      codeOf(() => deadline(wrong as unknown as Instant, ready(1))),
      'BAD_ARGUMENT',
    );
  }
});

test('what is wrong with a limit is said in the name of what was called', () => {
  assert.throws(() => timeout(-1, ready(1)), { code: 'BAD_ARGUMENT', message: /^timeout takes .*-1$/ });
  assert.throws(() => deadline(5 as unknown as Instant, ready(1)), {
    code: 'BAD_ARGUMENT',
    message: /^deadline takes/,
  });
});

test('sleeps of a fraction of a millisecond are never early on the real clock', () => {
  blockOn(function* () {
    for (const ms of [0, 0.001, 0.25, 0.5, 0.999, 1, 1.001]) {
      for (let i = 0; i < 5; i++) {
        const start = Instant.now();
        yield* sleep(ms);
        assert.ok(start.elapsed() >= ms, `sleep(${ms}) ended after ${start.elapsed()}`);
        const then = Instant.now().plus(ms);
        yield* sleepUntil(then);
        assert.ok(then.elapsed() >= 0, `sleepUntil ended ${-then.elapsed()} early`);
      }
    }
  });
});

test('aborted at every poll, sleeps and deadlines leave no timer', () => {
  const aborted = abortEverywhere(
    () =>
      function* () {
        const start = Instant.now();
        yield* deadline(start.plus(5), sleepUntil(start.plus(2)));
        yield* sleep(1, { unref: true });
        yield* deadline(start.plus(9), sleep(1));
      },
  );
  assert.ok(aborted >= 3);
  assert.equal(play(deadline(new Instant(0), ready(1))), 1);
});
