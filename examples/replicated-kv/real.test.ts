/** The group on the real network: the same files, over the kernel's sockets. */
import { test } from 'node:test';
import { run } from 'pawl';
import { forgetsToSync, forgetsVotes, readsEarly } from './faults.ts';
import { ordinary } from './real.ts';

test('the group answers, survives its leader, and remembers', () => run(ordinary()));

const faults = { readsEarly, forgetsToSync, forgetsVotes };
for (const [name, parts] of Object.entries(faults))
  test(`an ordinary test does not find that it ${name}`, () => run(ordinary(parts)));
