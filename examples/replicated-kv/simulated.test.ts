/** The group in simulated worlds, in which machines crash, lose what they have not synced, and are cut off from each other. */
import { test } from 'node:test';
import { simulate } from 'pawl/testing';
import { group } from './world.ts';

test('whatever befalls its machines, the group answers as one', async () => {
  const r = await simulate({ seeds: Number(process.env['N'] ?? 20) }, group());
  console.log(r.time, r.turns, r.decisions);
});
