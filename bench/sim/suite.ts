/** The sim suite: what simulated worlds cost, against the project's limits. */
import { alternate, type Plan } from '../harness/rounds.ts';
import { limitRow, type Row } from '../harness/row.ts';
import type { Suite } from '../harness/suite.ts';
import { ENTRIES, expected } from './measures.ts';

const PLANS: { readonly full: Plan; readonly quick: Plan } = {
  full: { generations: 3, rounds: 7, limitMs: 3000 },
  quick: { generations: 1, rounds: 3, limitMs: 1000 },
};

export const sim: Suite = {
  name: 'sim',
  about: 'simulated worlds: polls, seeds, and an HTTP server and its clients, against the limits',
  async run(options) {
    options.note(
      'CPU time of all threads of a process; medians of rounds; NODE_ENV=production. The digest is on, as ever.',
    );
    const rows: Row[] = [];
    for (const entry of ENTRIES) {
      const { title, measure, n, operations, unit, scale, limit } = entry;
      options.progress(title);
      const contender = {
        name: 'Pawl',
        mode: 'production',
        module: new URL('pawl.ts', import.meta.url).href,
        measure,
        n,
        repeat: 1,
        operations,
        expected: expected(entry),
        warmUpMs: 1500,
        kind: 'time',
      } as const;
      const series = await alternate([contender], options.quick ? PLANS.quick : PLANS.full);
      const figures = series.get(contender.name)!.map(({ cpu }) => cpu / scale);
      rows.push(limitRow({ suite: 'sim', measure: title, unit }, figures, limit));
    }
    return rows;
  },
};
