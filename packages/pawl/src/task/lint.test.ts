import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { coroutine } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { yieldNow } from '../future/ready.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import type { Report } from './report.ts';
import { blockOn } from './run.ts';
import { scope } from './scopes.ts';
import { spawn } from './spawn.ts';

class Forgetful extends Future<void> {
  poll(): Poll<void> {
    return PENDING;
  }
}

function reports(main: Future<unknown>, mode: 'development' | 'production'): Report[] {
  const seen: Report[] = [];
  blockOn(main, { driver: new ManualDriver(), mode, onReport: (report) => seen.push(report) });
  return seen;
}

const forgetting = coroutine(function* forgetting() {
  yield* sleep(1);
  yield* new Forgetful();
});

test('a future that says PENDING and takes no waker is reported by name, once, in development mode', () => {
  const [lost, ...more] = reports(
    scope(function* (s) {
      s.spawn(forgetting(), { daemon: true });
      yield* sleep(5);
    }),
    'development',
  );
  assert.equal(lost?.code, 'LOST_WAKEUP');
  assert.match(lost.message, /Forgetful said PENDING to task "forgetting/);
  assert.deepEqual(more, []);
});

test('production mode does not look', () => {
  const main = scope(function* (s) {
    s.spawn(forgetting(), { daemon: true });
    yield* sleep(5);
  });
  assert.deepEqual(reports(main, 'production'), []);
});

test('sleeps, joins, timeouts, scopes and handles arrange their wake-ups and are not reported', () => {
  const child = coroutine(function* () {
    yield* sleep(2);
    return 1;
  });
  const main = coroutine(function* () {
    const handle = spawn(child());
    yield* join([sleep(1), child(), handle]);
    yield* timeout(10, child());
    yield* scope(function* (s) {
      s.spawn(child());
      yield* sleep(0);
    });
    return yield* spawn(child());
  });
  assert.deepEqual(reports(main(), 'development'), []);
});

test('a task that only waits for its children any more is not reported', () => {
  const main = coroutine(function* () {
    spawn(sleep(30));
    yield* sleep(10);
  });
  assert.deepEqual(reports(main(), 'development'), []);
});

test('a join that was woken during its first poll and waits on is not reported', () => {
  assert.deepEqual(reports(join([yieldNow(), sleep(1)]), 'development'), []);
});
