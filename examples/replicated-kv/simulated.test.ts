/** The group in simulated worlds, in which machines crash, lose what they have not synced, and are cut off from each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimFailure, simulate, type SimulateOptions } from 'pawl/testing';
import { forgetsToSync, forgetsVotes, readsEarly } from './faults.ts';
import { group, type Parts } from './world.ts';

/** What simulation finds, and within how many seeds. */
const FAULTS: readonly (readonly [name: string, parts: Parts, seeds: number, shows: RegExp])[] = [
  ['a leader that reads by itself', readsEarly, 10, /has no order/],
  ['a journal that is not synced', forgetsToSync, 5, /one leader a term|what is committed stays|has no order/],
  ['a journal without votes', forgetsVotes, 5, /one leader a term/],
];

for (const [name, parts, seeds, shows] of FAULTS)
  test(`${name} is found within ${seeds} seeds, and replayed`, async () => {
    const failing = (options: SimulateOptions): Promise<SimFailure> =>
      simulate(options, group(parts)).then(
        () => assert.fail('nothing was found'),
        (failure: SimFailure) => failure,
      );
    const { cause, replays, seed, schedule } = await failing({ seeds, shrink: { runs: 30 } });
    assert.match((cause as Error).message, shows);
    assert.ok(replays);
    const again = await failing({ seed, replay: schedule });
    assert.match((again.cause as Error).message, shows);
  });

test('whatever befalls its machines, the group answers as one, in ten times as many worlds', async () => {
  await simulate({ seeds: 100 }, group());
});

test('a group in trouble goes the same way twice', async () => {
  await simulate({ seeds: 5, from: 1000, check: true }, group());
});
