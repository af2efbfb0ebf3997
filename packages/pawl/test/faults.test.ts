/** Each fault of the corpus is found within its number of seeds, and its corrected version passes ten times as many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFailure, simulate, type Scenario, type SimulateOptions } from 'pawl/testing';
import { checkThenAct } from './faults/check-then-act.ts';
import { doubleRelease } from './faults/double-release.ts';
import type { Fault } from './faults/fault.ts';
import { lockOrder } from './faults/lock-order.ts';
import { lostUpdate } from './faults/lost-update.ts';
import { lostWakeUp } from './faults/lost-wake-up.ts';
import { messageLost } from './faults/message-lost.ts';
import { missedFsync } from './faults/missed-fsync.ts';
import { retryDuplicates } from './faults/retry-duplicates.ts';
import { splitBrain } from './faults/split-brain.ts';
import { timerRace } from './faults/timer-race.ts';

/**
 * The seeds within which each is found, and whether it shows on a quiet day as well: where every task has its turn in order, timers are on
 * time and packets take the shortest time, as in most tests that are not simulated.
 */
const CORPUS: readonly (readonly [name: string, fault: Fault, seeds: number, quiet: 'hidden' | 'shows'])[] = [
  ['a lost update', lostUpdate, 25, 'hidden'],
  ['a check before an await, and the act behind it', checkThenAct, 25, 'hidden'],
  ['a double release', doubleRelease, 10, 'shows'],
  ['a lost wake-up', lostWakeUp, 40, 'hidden'],
  ['a deadlock by the order of locks', lockOrder, 25, 'hidden'],
  ['a message lost on cancellation', messageLost, 10, 'hidden'],
  ['a retry that duplicates', retryDuplicates, 25, 'hidden'],
  ['a split brain under partition', splitBrain, 25, 'shows'],
  ['a timer that races its cancellation', timerRace, 25, 'hidden'],
  ['a missed fsync', missedFsync, 10, 'shows'],
];

const failure = (options: SimulateOptions, scenario: Scenario): Promise<SimFailure> =>
  simulate(options, scenario).then(
    () => assert.fail('nothing was found'),
    (error: unknown) => {
      assert.ok(error instanceof SimFailure, String(error));
      return error;
    },
  );

for (const [name, { faulty, corrected, shows }, seeds, quiet] of CORPUS) {
  test(`${name} is found within ${seeds} seeds, and replays`, async () => {
    const found = await failure({ seeds }, faulty);
    assert.match((found.cause as Error).message, shows);
    const again = await failure({ seed: found.seed, replay: found.choices }, faulty);
    assert.equal(again.time, found.time);
    assert.match((again.cause as Error).message, shows);
  });

  if (quiet === 'hidden')
    test(`${name} is hidden on a quiet day`, async () => {
      await simulate({ seed: 1, freedoms: 'plain' }, faulty);
    });

  test(`${name}, corrected, passes ${10 * seeds} seeds`, async () => {
    await simulate({ seeds: 10 * seeds }, corrected);
  });
}
