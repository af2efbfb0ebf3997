/** Each fault of the corpus is found within its number of seeds, and its corrected version passes ten times as many. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
import { root } from './support/command.ts';

interface Row {
  readonly fault: Fault;
  /** The seeds within which it is found. */
  readonly seeds: number;
  /** Choices other than the plain ones that are left of its schedule, at the most. */
  readonly choices: number;
  /**
   * It shows on a quiet day as well, where every task has its turn in order, timers are on time and packets take the shortest time, as in most
   * tests that are not simulated.
   */
  readonly quiet?: true;
}

const CORPUS: Readonly<Record<string, Row>> = {
  'a lost update': { fault: lostUpdate, seeds: 25, choices: 1 },
  'a check before an await, and the act behind it': { fault: checkThenAct, seeds: 25, choices: 1 },
  'a double release': { fault: doubleRelease, seeds: 10, choices: 0, quiet: true },
  'a lost wake-up': { fault: lostWakeUp, seeds: 40, choices: 0 },
  'a deadlock by the order of locks': { fault: lockOrder, seeds: 25, choices: 1 },
  'a message lost on cancellation': { fault: messageLost, seeds: 10, choices: 0 },
  'a retry that duplicates': { fault: retryDuplicates, seeds: 25, choices: 6 },
  'a split brain under partition': { fault: splitBrain, seeds: 25, choices: 10, quiet: true },
  'a timer that races its cancellation': { fault: timerRace, seeds: 25, choices: 1 },
  'a missed fsync': { fault: missedFsync, seeds: 10, choices: 0, quiet: true },
};

const failure = (options: SimulateOptions, scenario: Scenario): Promise<SimFailure> =>
  simulate(options, scenario).then(
    () => assert.fail('nothing was found'),
    (error: unknown) => {
      assert.ok(error instanceof SimFailure, String(error));
      return error;
    },
  );

for (const [name, { fault, seeds, choices, quiet }] of Object.entries(CORPUS)) {
  const { faulty, corrected, shows } = fault;

  test(`${name} is found within ${seeds} seeds, shrunk and replayed`, async () => {
    const found = await failure({ seeds, shrink: { time: 60_000 } }, faulty);
    assert.match((found.cause as Error).message, shows);
    assert.ok(found.replays);
    const left = found.choices.filter((choice) => choice > 0).length;
    assert.ok(left <= choices, `${left} choices are left`);
    const again = await failure({ seed: found.seed, replay: found.schedule }, faulty);
    assert.equal(again.time, found.time);
    assert.match((again.cause as Error).message, shows);
  });

  if (quiet !== true)
    test(`${name} is hidden on a quiet day`, async () => {
      await simulate({ seed: 1, freedoms: 'plain' }, faulty);
    });

  test(`${name}, corrected, passes ${10 * seeds} seeds`, async () => {
    await simulate({ seeds: 10 * seeds }, corrected);
  });
}

test('the page on simulation has the same table', () => {
  const page = readFileSync(`${root}/docs/simulation.md`, 'utf8');
  const rows = page.matchAll(/^\| \[(.+)\]\(.*test\/faults\/.+\) \| (hidden|shows) \| (\d+) \| (\d+) \|$/gm);
  assert.deepEqual(
    [...rows].map(([, name, day, seeds, choices]) => [name, day, Number(seeds), Number(choices)]),
    Object.entries(CORPUS).map(([name, { quiet, seeds, choices }]) => [
      name,
      quiet === true ? 'shows' : 'hidden',
      seeds,
      choices,
    ]),
  );
});
