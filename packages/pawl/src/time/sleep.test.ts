import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, double, property } from 'fast-check';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { coroutine } from '../future/coroutine.ts';
import { blockOn } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { sleep } from './sleep.ts';

/** A driver whose cached clock stands still within a batch of polls, as the native one's does, while real time goes on. */
class CachedClock extends ManualDriver {
  cached = 0;

  override now(): number {
    return this.cached;
  }

  override refresh(): number {
    return (this.cached = this.time);
  }
}

test('a sleep lasts from the moment it begins, also after a long computation in the same poll', () => {
  const driver = new CachedClock();
  const main = coroutine(function* () {
    driver.time += 50; // what computing for 50 ms does to the clock
    yield* sleep(20);
    return driver.time;
  });
  assert.equal(blockOn(main(), { driver }), 70);
});

test('sleeps end in the order of their deadlines, never early, whatever order they were begun in', () => {
  check(
    property(array(double({ min: 0, max: 1000, noNaN: true }), { maxLength: 30 }), (durations) => {
      const driver = new ManualDriver();
      const ended: number[] = [];
      const sleeper = coroutine(function* (ms: number) {
        yield* sleep(ms);
        assert.ok(driver.time >= ms, `${ms} ms ended at ${driver.time}`);
        ended.push(Math.max(1, Math.ceil(ms)));
      });
      const main = coroutine(function* () {
        for (const ms of durations) spawn(sleeper(ms));
        yield* sleep(0);
      });
      blockOn(main(), { driver });
      assert.deepEqual(
        ended,
        ended.toSorted((a, b) => a - b),
      );
      assert.equal(ended.length, durations.length);
      assert.equal(driver.timerCount, 0);
    }),
  );
});

test('a negative, missing or non-numeric duration is refused with what was given', () => {
  for (const bad of [-1, Number.NaN, '5', undefined, null]) {
    assert.throws(() => sleep(bad as number), { code: 'BAD_ARGUMENT', message: new RegExp(`got ${String(bad)}`) });
  }
});
