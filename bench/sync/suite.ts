/** The sync suite: channels, locks, permits and combinators against hand-written promises, Effect, async-sema and p-queue. */
import { runEntries } from '../harness/entry.ts';
import type { Suite } from '../harness/suite.ts';
import { ENTRIES } from './measures.ts';

export const sync: Suite = {
  name: 'sync',
  about: 'channels, locks, permits, combinators, against hand-written promises, Effect, async-sema and p-queue',
  titles: ENTRIES.map(({ title }) => title),
  async run(options) {
    options.note(
      'CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production. One operation is what bench/sync/measures.ts says.',
    );
    return runEntries('sync', import.meta.url, ENTRIES, options);
  },
};
