/** The corofy suite: compiled coroutines, by both back ends, against native async functions. */
import { runEntries } from '../harness/entry.ts';
import type { Suite } from '../harness/suite.ts';
import { ENTRIES } from './measures.ts';

export const corofy: Suite = {
  name: 'corofy',
  about: 'compiled coroutines, by both back ends, against native async functions',
  titles: ENTRIES.map(({ title }) => title),
  async run(options) {
    options.note('CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production.');
    return runEntries('corofy', import.meta.url, ENTRIES, options);
  },
};
