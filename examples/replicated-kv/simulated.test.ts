/** The group in simulated worlds, in which machines crash, lose what they have not synced, and are cut off from each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimFailure, simulate } from 'pawl/testing';
import { forgetsToSync, forgetsVotes, readsEarly } from './faults.ts';
import { group, type Parts } from './world.ts';

/** What simulation finds, and within how many seeds. */
const FAULTS: readonly (readonly [name: string, parts: Parts, seeds: number, shows: RegExp])[] = [
  ['a leader that reads by itself', readsEarly, 10, /has no order/],
  ['a journal that is not synced', forgetsToSync, 5, /one leader a term|what is committed stays|has no order/],
  ['a journal without votes', forgetsVotes, 40, /one leader a term/],
];

test('whatever befalls its machines, the group answers as one', async () => {
  await simulate({ seeds: 100 }, group());
});

test('a group in trouble goes the same way twice', async () => {
  await simulate({ seeds: 5, from: 1000, check: true }, group());
});

for (const [name, parts, seeds, shows] of FAULTS)
  test(`${name} is found within ${seeds} seeds`, async () => {
    const error: SimFailure = await simulate({ seeds }, group(parts)).then(
      () => assert.fail('nothing was found'),
      (failure: SimFailure) => failure,
    );
    assert.match((error.cause as Error).message, shows);
    assert.equal(error.replays, true);
  });
