import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, integer, property } from 'fast-check';
import { Decisions, ReplayStrategy } from '../driver/sim/index.ts';
import { LOSS, TASK } from '../driver/sim/kinds.ts';
import type { PawlError } from '../error/index.ts';
import { yieldNow } from '../future/ready.ts';
import { channel } from '../sync/channel.ts';
import { CLOSED } from '../sync/marks.ts';
import { Mutex } from '../sync/mutex.ts';
import { spawn } from '../task/spawn.ts';
import { nextRun } from './exhaustive.ts';
import { type Scenario, SimFailure, simulate, type SimulateOptions } from './index.ts';

const failure = async (options: SimulateOptions, scenario: Scenario): Promise<SimFailure> => {
  try {
    await simulate(options, scenario);
  } catch (error) {
    assert.ok(error instanceof SimFailure, String(error));
    return error;
  }
  return assert.fail('the simulation did not fail');
};

/** A writer takes forty steps while a reader is left behind between two of its own: no coin leaves it behind for so long. */
const staleRead: Scenario = function* () {
  let version = 0;
  const writer = spawn(function* () {
    for (; version < 40; version++) yield* yieldNow();
  });
  const reader = spawn(function* () {
    const seen = version;
    yield* yieldNow();
    if (seen < 10 && version >= 40) throw new Error('what was read is long gone');
  });
  yield* writer;
  yield* reader;
};

test('priorities find what needs one task to be left behind for long, and coins do not', async () => {
  await simulate({ seeds: 300, strategy: 'random', freedoms: { order: 1 } }, staleRead);
  const { seed } = await failure({ seeds: 300, strategy: 'pct', shrink: false }, staleRead);
  assert.ok(seed <= 100, `found by seed ${seed}`);
});

test('priorities starve nobody', async () => {
  const { turns } = await simulate({ seeds: 50, strategy: 'pct', limits: { turns: 50_000 } }, function* () {
    const state = { done: false };
    const spinning = Array.from({ length: 5 }, () =>
      spawn(function* () {
        while (!state.done) yield* yieldNow();
      }),
    );
    const other = spawn(function* () {
      for (let i = 0; i < 10; i++) yield* yieldNow();
      state.done = true;
    });
    for (const task of [...spinning, other]) yield* task;
  });
  assert.ok(turns > 0);
});

test('a seed of priorities replays, and its depth is what is asked for', async () => {
  const first = await failure({ seeds: 300, strategy: 'pct', depth: 2 }, staleRead);
  const { seed, choices } = first;
  assert.deepEqual((await failure({ seed, strategy: 'pct', depth: 2 }, staleRead)).choices, choices);
  const again = await failure({ seed, strategy: 'pct', depth: 2, replay: first.schedule }, staleRead);
  assert.deepEqual([again.choices, again.time], [choices, first.time]);
  for (const bad of [{ depth: 0 }, { depth: 1.5 }, { strategy: 'luck' as 'pct' }])
    await assert.rejects(simulate({ strategy: 'pct', ...bad }, staleRead), { code: 'BAD_ARGUMENT' });
});

/** Two producers and a consumer over a channel of one place, which a third task closes: when both have sent, or hoping that they have. */
const exchange = (closeEarly: boolean): Scenario =>
  function* () {
    const [sender, receiver] = channel<number>(1);
    const producers = [1, 2].map((n) =>
      spawn(function* () {
        yield* sender.send(n);
      }),
    );
    const closer = spawn(function* () {
      if (!closeEarly) for (const producer of producers) yield* producer;
      else yield* yieldNow();
      sender.close();
    });
    let sum = 0;
    for (let got = yield* receiver.recv(); got !== CLOSED; got = yield* receiver.recv()) sum += got;
    yield* closer;
    assert.equal(sum, 3, 'a message is lost');
  };

test('going through all schedules proves that a small program has no fault, and finds the one of a broken one', async () => {
  const { schedules, seeds } = await simulate({ strategy: 'exhaustive' }, exchange(false));
  assert.equal(seeds, 1);
  assert.ok(schedules > 10, `${schedules} schedules`);
  const { schedules: all } = await simulate({ strategy: 'exhaustive', preemptions: Infinity }, exchange(false));
  assert.ok(all > schedules, `${all} of any number of preemptions, ${schedules} of two`);
  // One preemption is not enough to see it, and that is known after a few schedules, too.
  assert.ok((await simulate({ strategy: 'exhaustive', preemptions: 1 }, exchange(true))).schedules < 20);
  const { cause, choices } = await failure({ strategy: 'exhaustive' }, exchange(true));
  assert.match((cause as Error).message, /^a message is lost/);
  assert.equal(choices.filter((choice) => choice > 0).length, 2);
});

test('a deadlock by lock order is found with one preemption, and none is needed to know that a fixed order has none', async () => {
  const program = (swapped: boolean): Scenario =>
    function* () {
      const [a, b] = [new Mutex(), new Mutex()];
      const both = (first: Mutex, second: Mutex) =>
        spawn(function* () {
          using _first = yield* first.lock();
          if (first === b) yield* yieldNow();
          using _second = yield* second.lock();
          yield* yieldNow();
        });
      const tasks = [both(a, b), swapped ? both(b, a) : both(a, b)];
      for (const task of tasks) yield* task;
    };
  const { cause, choices } = await failure({ strategy: 'exhaustive', preemptions: 1 }, program(true));
  assert.equal((cause as PawlError).code, 'DEADLOCK');
  assert.ok(choices.filter((choice) => choice > 0).length <= 1);
  await simulate({ strategy: 'exhaustive', preemptions: Infinity }, program(false));
});

test('more schedules than allowed are a failure, not a silent end', async () => {
  await assert.rejects(simulate({ strategy: 'exhaustive', schedules: 10 }, exchange(false)), {
    code: 'SIM_LIMIT',
    message: /more than 10 schedules with at most 2 preemptions/,
  });
});

test('every run is made once, and none is left out', () => {
  check(
    property(
      array(integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 4 }),
      integer({ min: 0, max: 4 }),
      (tree, most) => {
        const runs = new Set<string>();
        for (let next: Uint32Array | null = new Uint32Array(0); next !== null;) {
          const decisions = new Decisions(new ReplayStrategy(next));
          for (const n of tree) {
            decisions.choose(n, TASK);
            // Not of the schedule: nothing is branched on.
            decisions.chance(0.5, LOSS);
          }
          const run = decisions.record().join();
          assert.ok(!runs.has(run), run);
          runs.add(run);
          next = nextRun(decisions, most);
        }
        const count = (at: number, left: number): number =>
          at === tree.length ? 1 : count(at + 1, left) + (left === 0 ? 0 : (tree[at]! - 1) * count(at + 1, left - 1));
        assert.equal(runs.size, count(0, most));
      },
    ),
  );
});
