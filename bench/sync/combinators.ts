/** The combinators suite: select, scopes and mapConcurrent against promises written by hand and against Effect. */
import { alternate, type Contender, type Plan } from '../harness/rounds.ts';
import { pairedRow, type Row } from '../harness/row.ts';
import type { Suite } from '../harness/suite.ts';

const NAME = 'combinators';
const OURS = 'pawl';
const FULL: Plan = { generations: 4, rounds: 7, limitMs: 3000 };
const QUICK: Plan = { generations: 1, rounds: 5, limitMs: 1500 };

interface Entry {
  readonly title: string;
  readonly measure: string;
  /** Operations of a run, for each contender: the slow do fewer. */
  readonly counts: Readonly<Record<string, number>>;
  /** The check sum of a run. */
  readonly expected: (n: number) => number;
}

const triangle = (n: number): number => (n * (n - 1)) / 2;

const ENTRIES: readonly Entry[] = [
  {
    title: 'select of two',
    measure: 'select',
    counts: { [OURS]: 60_000, native: 60_000, effect: 10_000 },
    expected: triangle,
  },
  {
    title: 'a scope with ten children',
    measure: 'scope',
    counts: { [OURS]: 10_000, native: 10_000, effect: 2000 },
    expected: (n) => 45 * n,
  },
  {
    title: 'mapConcurrent, an item of 100,000',
    measure: 'map',
    counts: { [OURS]: 100_000, native: 100_000, effect: 100_000 },
    expected: triangle,
  },
];

export const combinators: Suite = {
  name: NAME,
  about: 'select, scopes and mapConcurrent, against promises written by hand and Effect',
  async run(options) {
    const rows: Row[] = [];
    for (const entry of ENTRIES) {
      options.progress(entry.title);
      const series = await alternate(contenders(entry), options.quick ? QUICK : FULL);
      const ours = series.get(OURS)!;
      for (const peer of Object.keys(entry.counts)) {
        if (peer === OURS) continue;
        const theirs = series.get(peer)!;
        for (const figure of ['cpu', 'wall'] as const) {
          const unit = figure === 'cpu' ? 'ns CPU' : 'ns wall';
          const identity = { suite: NAME, measure: entry.title, peer, unit };
          rows.push(
            pairedRow(
              identity,
              ours.map((sample) => sample[figure]),
              theirs.map((sample) => sample[figure]),
            ),
          );
        }
      }
    }
    options.note('CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production.');
    options.note('Native promises cancel nothing: the losers of a race go on, and a failure stops no sibling.');
    return rows;
  },
};

function contenders({ measure, counts, expected }: Entry): Contender[] {
  return Object.entries(counts).map(([name, n]) => ({
    name,
    mode: 'production',
    module: new URL(`combinators/${name}.ts`, import.meta.url).href,
    measure,
    n,
    repeat: 1,
    operations: n,
    expected: expected(n),
    kind: 'time',
  }));
}
