/** The kernel suite: coroutines, tasks, wake-ups and timers against native async functions, Effect and effection. */
import { runEntries } from '../harness/entry.ts';
import type { Suite } from '../harness/suite.ts';
import { ENTRIES } from './measures.ts';

export const kernel: Suite = {
  name: 'kernel',
  about: 'coroutines, tasks, wake-ups and timers, against native async functions, Effect and effection',
  titles: ENTRIES.map(({ title }) => title),
  async run(options) {
    options.note(
      'CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production unless a row says otherwise.',
    );
    return runEntries('kernel', import.meta.url, ENTRIES, options);
  },
};
