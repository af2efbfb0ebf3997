/** The group on the real network: the same files, over the kernel's sockets. */
import { test } from 'node:test';
import { run } from 'pawl';
import { forgetsToSync, forgetsVotes, readsEarly } from './faults.ts';
import { ordinary } from './real.ts';

test('the group answers, survives its leader, and remembers', () => run(ordinary()));

const faults = {
  'leader that reads by itself': readsEarly,
  'journal that is not synced': forgetsToSync,
  'journal without votes': forgetsVotes,
};
for (const [name, parts] of Object.entries(faults))
  test(`an ordinary test finds no fault in a group with a ${name}`, () => run(ordinary(parts)));
