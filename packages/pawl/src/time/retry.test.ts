import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  coroutine,
  race,
  ready,
  repeat,
  type RepeatOptions,
  retry,
  type RetryOptions,
  sleep,
  yieldNow,
} from '../index.ts';

/** When each attempt began, if the first so many fail. */
function attempts(failures: number, options: RetryOptions, roll = 0): { began: number[]; error: unknown } {
  const { driver, run } = world();
  driver.roll = () => roll;
  const began: number[] = [];
  let error: unknown;
  try {
    run(
      retry(function* (attempt) {
        began.push(driver.time);
        assert.equal(attempt, began.length);
        yield* yieldNow();
        if (attempt <= failures) throw new Error(`attempt ${attempt}`);
      }, options),
    );
  } catch (thrown) {
    error = thrown;
  }
  return { began, error };
}

test('retry pauses exponentially longer after each failure, up to the most, and gives the first value', () => {
  const { began, error } = attempts(5, { attempts: 9, base: 10, factor: 3, max: 200 });
  assert.deepEqual(began, [0, 10, 40, 130, 330, 530]);
  assert.equal(error, undefined);
  assert.deepEqual(attempts(2, { base: 10, factor: 1 }).began, [0, 10, 20]);
  assert.equal(play(retry(() => ready(7))), 7);
});

test('jitter takes a random part of each pause away', () => {
  assert.deepEqual(attempts(2, { base: 100, jitter: 0.5 }, 0.5).began, [0, 75, 225]);
  assert.deepEqual(attempts(2, { base: 100, jitter: 1 }, 0.9).began, [0, 10, 30]);
  assert.deepEqual(attempts(2, { base: 100, jitter: 0 }, 0.9).began, [0, 100, 300]);
});

test('for any options, every pause lies between its least and its whole, and there are as many attempts as allowed', () => {
  fc.assert(
    fc.property(
      fc.record({
        attempts: fc.integer({ min: 1, max: 8 }),
        base: fc.integer({ min: 0, max: 1000 }),
        factor: fc.constantFrom(1, 1.5, 2, 10),
        max: fc.integer({ min: 0, max: 5000 }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.integer({ min: 0, max: 10 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (options, failures, roll) => {
        const { began, error } = attempts(failures, options, roll);
        assert.equal(began.length, Math.min(failures + 1, options.attempts));
        assert.equal(error === undefined, failures < options.attempts);
        for (let n = 1; n < began.length; n++) {
          const whole = Math.min(options.base * options.factor ** (n - 1), options.max);
          const pause = began[n]! - began[n - 1]!;
          // Timers are rounded up to whole milliseconds, and zero waits for the next.
          assert.ok(pause >= whole * (1 - options.jitter) - 1e-6 && pause <= Math.max(Math.ceil(whole), 1));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('without a pause it goes on for as many attempts as it takes', () => {
  const tried = play(
    retry(
      (attempt) => {
        if (attempt < 2000) throw new Error('not yet');
        return ready(attempt);
      },
      { attempts: Infinity, base: 0 },
    ),
  );
  assert.equal(tried, 2000);
});

test('the last failure is thrown, and so is the first that is not worth another attempt', () => {
  assert.equal((attempts(9, {}).error as Error).message, 'attempt 3');
  const seen: unknown[] = [];
  const { error } = attempts(9, {
    attempts: Infinity,
    when: (thrown, attempt) => {
      seen.push([(thrown as Error).message, attempt]);
      return attempt < 2;
    },
  });
  assert.equal((error as Error).message, 'attempt 2');
  assert.deepEqual(seen, [
    ['attempt 1', 1],
    ['attempt 2', 2],
  ]);
});

test('an attempt that throws before it makes a future counts, and what `when` throws ends it', () => {
  let tries = 0;
  const made = retry(
    () => {
      if (++tries < 3) throw new Error('no future');
      return ready('made');
    },
    { base: 1 },
  );
  assert.equal(play(made), 'made');
  const broken = failure(
    retry(
      () => {
        throw new Error('x');
      },
      {
        when: () => {
          throw new Error('when');
        },
      },
    ),
  );
  assert.equal((broken as Error).message, 'when');
});

test('retry refuses options outside their range', () => {
  for (const wrong of [
    { attempts: 0 },
    { attempts: 1.5 },
    { base: -1 },
    { base: NaN },
    { factor: 0.5 },
    { max: -1 },
    { jitter: 2 },
    { jitter: -0.1 },
  ])
    assert.equal(
      codeOf(() => retry(() => ready(1), wrong)),
      'BAD_ARGUMENT',
    );
});

test('repeat runs so many times, or while its value says so, one after the other', () => {
  const runs: number[] = [];
  const counting = (options: RepeatOptions<number>): number => {
    runs.length = 0;
    return play(
      repeat(function* (run) {
        yield* sleep(1);
        runs.push(run);
        return run * 10;
      }, options),
    );
  };
  assert.equal(counting({ times: 3 }), 30);
  assert.deepEqual(runs, [1, 2, 3]);
  assert.equal(counting({ while: (value, run) => value < 40 && run < 9 }), 40);
  assert.deepEqual(runs, [1, 2, 3, 4]);
  assert.equal(counting({ times: 2, while: () => true }), 20);
  assert.equal(counting({ while: () => false }), 10);
});

test('repeat with an interval begins its runs in step, and by default lets those that it has missed go', () => {
  const began = (options: RepeatOptions<void>): number[] => {
    const { driver, run } = world();
    const times: number[] = [];
    run(
      repeat(
        function* (n) {
          times.push(driver.time);
          yield* sleep(n === 2 ? 25 : 3);
        },
        { times: 5, interval: 10, ...options },
      ),
    );
    return times;
  };
  assert.deepEqual(began({}), [0, 10, 35, 45, 55]);
  assert.deepEqual(began({ missed: 'burst' }), [0, 10, 35, 38, 41]);
  assert.deepEqual(began({ missed: 'skip' }), [0, 10, 35, 40, 50]);
});

test('repeat ends with the first failure, and without an interval other tasks have their turn', () => {
  let runs = 0;
  const error = failure(
    repeat(() => {
      if (++runs === 3) throw new Error('third');
      return ready(runs);
    }),
  );
  assert.equal((error as Error).message, 'third');
  const turns = coroutine(function* () {
    for (let i = 0; i < 5; i++) yield* yieldNow();
    return 'others ran';
  });
  assert.equal(play(race([repeat(() => ready('endless')), turns()])), 'others ran');
});

test('repeat refuses what it cannot do', () => {
  for (const wrong of [{ times: 0 }, { times: 1.5 }, { interval: 0 }, { interval: -1 }])
    assert.equal(
      codeOf(() => repeat(() => ready(1), wrong)),
      'BAD_ARGUMENT',
    );
});

test('aborted at every poll, retry and repeat leave nothing', () => {
  const failing = coroutine(function* () {
    yield* sleep(1);
    throw new Error('x');
  });
  const aborted = abortEverywhere(
    () =>
      function* () {
        try {
          yield* retry(() => failing(), { base: 2 });
        } catch {
          yield* repeat(() => sleep(1), { times: 3, interval: 2 });
        }
      },
  );
  assert.ok(aborted >= 10);
});
