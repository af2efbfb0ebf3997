import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, type Future, join, race, ready, scope, shield, sleep, spawn, timeout } from '../index.ts';

const ever = 1_000_000;
const steps = coroutine(function* (log: string[], ms: number) {
  try {
    log.push('begun');
    yield* sleep(ms);
    yield* sleep(ms);
    log.push('finished');
    return 'value';
  } finally {
    log.push('left');
  }
});

test('a shielded future that nobody cancels gives its value or throws its error', () => {
  assert.equal(play(shield(steps([], 1))), 'value');
  assert.equal(play(shield(ready(1))), 1);
  const failing = coroutine(function* () {
    yield* sleep(1);
    throw new Error('its own');
  });
  assert.equal((failure(shield(failing())) as Error).message, 'its own');
});

test('a cancellation waits until it has finished, then goes on', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(function* () {
    const task = spawn(function* () {
      try {
        yield* shield(steps(log, 5));
        log.push('not reached');
      } finally {
        log.push('cleanup');
      }
    });
    yield* sleep(1);
    task.abort();
    try {
      yield* task;
    } catch (error) {
      log.push((error as { code: string }).code);
    }
    assert.equal(driver.time, 10);
  });
  assert.deepEqual(log, ['begun', 'finished', 'left', 'cleanup', 'CANCELLED']);
});

const around: Record<string, (future: Future<unknown>) => Future<unknown>> = {
  'a race': (future) => race([future, sleep(1)]),
  'a timeout': (future) => timeout(1, future),
  'a join that fails': (future) =>
    join([
      future,
      coroutine(function* () {
        yield* sleep(1);
        throw new Error('x');
      })(),
    ]),
  'a scope that times out': (future) => scope(() => future, { timeout: 1 }),
  'a race around a coroutine': (future) =>
    race([
      coroutine(function* () {
        yield* future;
      })(),
      sleep(1),
    ]),
};
for (const [name, lose] of Object.entries(around))
  test(`${name} waits for what is shielded under it`, () => {
    const log: string[] = [];
    const { driver, run } = world();
    try {
      run(lose(shield(steps(log, 5))));
    } catch {
      // Some of them throw.
    }
    assert.deepEqual(log, ['begun', 'finished', 'left']);
    assert.equal(driver.time, 10);
  });

test('what was never polled is not begun by a cancellation', () => {
  const gate = new Gate();
  play(race([ready(1), shield(gate)]));
  assert.deepEqual([gate.polls, gate.cancels], [0, 0]);
});

test('an error of a shielded section that was cancelled belongs to whoever cancelled', () => {
  const failing = coroutine(function* () {
    yield* sleep(5);
    throw new Error('section');
  });
  const error = failure(timeout(1, shield(failing())));
  assert.ok(error instanceof SuppressedError);
  assert.equal((error as unknown as { code: string }).code, 'TIMEOUT');
  assert.equal((error.suppressed as Error).message, 'section');
});

test('the cleanup deadline cancels it after all, and that is reported once', () => {
  const log: string[] = [];
  const { driver, reports, run } = world();
  run(race([shield(steps(log, ever)), sleep(1)]), { cleanupTimeout: 70 });
  assert.deepEqual(log, ['begun', 'left']);
  assert.equal(driver.time, 71);
  assert.deepEqual(
    reports.map(({ code }) => code),
    ['CLEANUP_TIMEOUT'],
  );
});

test('in a cleanup it is bounded by the same deadline, and reported once', () => {
  const log: string[] = [];
  const { driver, reports, run } = world();
  const cleaning = coroutine(function* () {
    try {
      yield* sleep(ever);
    } finally {
      yield* shield(steps(log, ever));
    }
  });
  run(race([cleaning(), sleep(1)]), { cleanupTimeout: 70 });
  assert.deepEqual(log, ['begun', 'left']);
  assert.equal(driver.time, 71);
  assert.equal(reports.length, 1);
});

test('a scope with a longer cleanup timeout gives a shielded section of its tasks longer', () => {
  const log: string[] = [];
  const { driver, reports, run } = world();
  run(
    scope(
      function* (s) {
        const task = s.spawn(shield(steps(log, 10_000)));
        yield* sleep(1);
        task.abort();
      },
      { cleanupTimeout: 60_000 },
    ),
  );
  assert.deepEqual(log, ['begun', 'finished', 'left']);
  assert.equal(driver.time, 20_000);
  assert.deepEqual(reports, []);
});

test('takes futures only', () => {
  assert.equal(
    codeOf(() => shield(5 as unknown as Future<unknown>)),
    'NOT_A_FUTURE',
  );
});

test('aborted at every poll, a section that has begun finishes, and nothing is left', () => {
  let log: string[] = [];
  const aborted = abortEverywhere(
    () =>
      function* () {
        log = [];
        yield* shield(steps(log, 2));
      },
    () => assert.ok(log.length === 0 || log.at(-2) === 'finished'),
  );
  assert.ok(aborted >= 2);
});
