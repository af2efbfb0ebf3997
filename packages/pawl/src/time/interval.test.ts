import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { abortEverywhere, codeOf, play, world } from '../../test/support/world.ts';
import { type Instant, interval, type MissedTicks, race, sleep, spawn, yieldNow } from '../index.ts';

/** When the ticks were due and when they came, with work between them. */
function ticks(period: number, missed: MissedTicks | undefined, works: readonly number[]): [due: number, at: number][] {
  const { driver, run } = world();
  const seen: [number, number][] = [];
  run(function* () {
    const every = interval(period, missed === undefined ? {} : { missed });
    for (const work of works) {
      const due: Instant = yield* every.tick();
      seen.push([due.ms, driver.time]);
      if (work > 0) yield* sleep(work);
    }
  });
  return seen;
}

test('ticks at once, then in step with its period whatever the work between', () => {
  const expected = [0, 10, 20, 30].map((time) => [time, time]);
  for (const missed of ['burst', 'delay', 'skip', undefined] as const)
    assert.deepEqual(ticks(10, missed, [3, 9, 0, 1]), expected);
});

test('burst gives every missed tick at once, delay none and starts anew, skip none and stays in step', () => {
  const works = [0, 35, 0, 0, 0, 0];
  assert.deepEqual(ticks(10, 'burst', works), [
    [0, 0],
    [10, 10],
    [20, 45],
    [30, 45],
    [40, 45],
    [50, 50],
  ]);
  assert.deepEqual(ticks(10, undefined, works), ticks(10, 'burst', works));
  assert.deepEqual(ticks(10, 'delay', works), [
    [0, 0],
    [10, 10],
    [20, 45],
    [55, 55],
    [65, 65],
    [75, 75],
  ]);
  assert.deepEqual(ticks(10, 'skip', works), [
    [0, 0],
    [10, 10],
    [20, 45],
    [50, 50],
    [60, 60],
    [70, 70],
  ]);
});

test('for any period and any work: no tick is early or comes twice; burst misses none, skip stays in step', () => {
  const period = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0.25, 0.5, 2.5));
  fc.assert(
    fc.property(period, fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 12 }), (ms, works) => {
      for (const missed of ['burst', 'delay', 'skip'] as const) {
        const seen = ticks(ms, missed, works);
        for (const [at, [due, came]] of seen.entries()) {
          assert.ok(came >= due, 'early');
          if (at > 0) assert.ok(due - seen[at - 1]![0] >= ms, 'twice');
          if (missed === 'burst') assert.equal(due, at * ms);
          if (missed === 'skip') assert.equal(due % ms, 0);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a tick that is cancelled is still to come', () => {
  const { driver, run } = world();
  run(function* () {
    const every = interval(10);
    yield* every.tick();
    for (let i = 0; i < 9; i++) yield* race([every.tick(), sleep(1)]);
    yield* every.tick();
    assert.equal(driver.time, 10);
  });
});

test('two that wait for the same interval get one tick each', () => {
  const { driver, run } = world();
  const seen: number[] = [];
  run(function* () {
    const every = interval(10);
    yield* every.tick();
    for (let i = 0; i < 3; i++)
      spawn(function* () {
        yield* every.tick();
        seen.push(driver.time);
      });
  });
  assert.deepEqual(seen, [10, 20, 30]);
});

test('reset lets the next tick come one period from then', () => {
  const { driver, run } = world();
  run(function* () {
    const every = interval(10);
    yield* every.tick();
    yield* sleep(7);
    every.reset();
    yield* every.tick();
    assert.equal(driver.time, 17);
  });
});

test('a burst of very many ticks lets other tasks have their turn', () => {
  let others = 0;
  play(function* () {
    const every = interval(0.01);
    yield* every.tick();
    yield* sleep(100);
    spawn(
      function* () {
        for (;;) {
          others++;
          yield* yieldNow();
        }
      },
      { daemon: true },
    );
    for (let i = 0; i < 9000; i++) yield* every.tick();
  });
  assert.ok(others > 50);
});

test('refuses what is no period and no policy', () => {
  for (const wrong of [0, -1, NaN, Infinity, '5', undefined])
    assert.equal(
      codeOf(() => interval(wrong as number)),
      'BAD_ARGUMENT',
    );
  assert.equal(
    codeOf(() => interval(1, { missed: 'never' as MissedTicks })),
    'BAD_ARGUMENT',
  );
});

test('aborted at every poll it leaves no timer', () => {
  const aborted = abortEverywhere(
    () =>
      function* () {
        const every = interval(2);
        for (let i = 0; i < 4; i++) yield* every.tick();
      },
  );
  assert.ok(aborted >= 4);
});
