import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, double, integer, property } from 'fast-check';
import { EPOCH, MachineClock } from './clock.ts';

test('a timer set by a clock that is off is never early, and late by no more than a rounding', () => {
  const drift = integer({ min: -999_999, max: 999_999 });
  check(
    property(drift, double({ min: 0, max: 1e12, noNaN: true }), (parts, local) => {
      const clock = new MachineClock({ drift: parts });
      const time = clock.worldTime(local);
      assert.ok(clock.monotonic(time) >= local);
      assert.ok(clock.monotonic(time) - local <= Math.max(local, 1) * 1e-9);
    }),
  );
});

test('the time of day is ahead by the offset', () => {
  assert.equal(new MachineClock({ offset: -500 }).wall(1000), EPOCH + 500);
  for (const wrong of [{ offset: Number.NaN }, { drift: 1e6 }, { drift: -1e6 }])
    assert.throws(() => new MachineClock(wrong), { code: 'BAD_ARGUMENT' });
});
