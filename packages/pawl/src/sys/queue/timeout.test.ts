import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PawlError } from '../../error/index.ts';
import { EBADF, EINTR } from '../errno.ts';
import { checkTimeout, timeoutToInt32, waitFor } from './timeout.ts';

describe('timeouts', () => {
  it('zero stays zero, and a part of a millisecond is rounded up', () => {
    assert.equal(timeoutToInt32(0), 0);
    assert.equal(timeoutToInt32(0.001), 1);
    assert.equal(timeoutToInt32(1), 1);
    assert.equal(timeoutToInt32(1.000001), 2);
    assert.equal(timeoutToInt32(-3), 0); // a deadline that has passed
  });

  it('a huge one is clamped and never wraps into for ever', () => {
    assert.equal(timeoutToInt32(2 ** 31), 2 ** 31 - 1);
    assert.equal(timeoutToInt32(Number.MAX_VALUE), 2 ** 31 - 1);
    assert.equal(timeoutToInt32(Infinity), -1);
  });

  it('null and undefined are for ever; what is no time is refused', () => {
    assert.equal(checkTimeout(null), Infinity);
    assert.equal(checkTimeout(undefined), Infinity);
    assert.equal(checkTimeout(0), 0);
    for (const bad of [-1, -0.5, Number.NaN, -Infinity]) {
      assert.throws(
        () => checkTimeout(bad),
        (error) => error instanceof PawlError && error.code === 'BAD_ARGUMENT',
      );
    }
  });
});

/** A wait whose attempts take scripted times on a clock of their own. */
function scripted(timeout: number, attempts: { takes: number; result: number }[]) {
  let clock = 1000;
  const asked: number[] = [];
  const result = waitFor(
    timeout,
    () => clock,
    (timeoutMs) => {
      asked.push(timeoutMs);
      const next = attempts.shift();
      assert.ok(next !== undefined, 'waited once too often');
      clock += next.takes;
      return next.result;
    },
  );
  assert.equal(attempts.length, 0, 'gave up too early');
  return { result, asked };
}

describe('waiting', () => {
  it('a signal is followed by a wait for the rest', () => {
    const steps = [
      { takes: 30.25, result: -EINTR },
      { takes: 60, result: -EINTR },
      { takes: 9.75, result: 0 },
    ];
    assert.deepEqual(scripted(100, steps), { result: 0, asked: [100, 70, 10] });
  });

  it('a signal at the deadline ends it, and does not start a wait for ever', () => {
    assert.deepEqual(scripted(10, [{ takes: 12, result: -EINTR }]), { result: 0, asked: [10] });
  });

  it('a signal during a wait for ever is followed by another', () => {
    const steps = [
      { takes: 5, result: -EINTR },
      { takes: 5, result: 3 },
    ];
    assert.deepEqual(scripted(Infinity, steps), { result: 3, asked: [-1, -1] });
  });

  it('only looks once when the time is zero, even if interrupted', () => {
    assert.deepEqual(scripted(0, [{ takes: 0, result: -EINTR }]), { result: 0, asked: [0] });
  });

  it('a time longer than the system can wait is waited in parts', () => {
    const most = 2 ** 31 - 1;
    const steps = [
      { takes: most, result: 0 },
      { takes: 5, result: 0 },
    ];
    assert.deepEqual(scripted(most + 5, steps), { result: 0, asked: [most, 5] });
  });

  it('a wait that ended too early (by the clock) goes on', () => {
    const steps = [
      { takes: 9.5, result: 0 },
      { takes: 1, result: 0 },
    ];
    assert.deepEqual(scripted(10, steps), { result: 0, asked: [10, 1] });
  });

  it('an error is passed on', () => {
    assert.equal(scripted(10, [{ takes: 0, result: -EBADF }]).result, -EBADF);
  });
});
