/** The kernel suite: coroutines, tasks, wake-ups and timers against native async functions, Effect and effection. */
import { alternate, type Contender, type Plan } from '../harness/rounds.ts';
import { limitRow, pairedRow, type Row } from '../harness/row.ts';
import type { Suite, SuiteOptions } from '../harness/suite.ts';
import { ENTRIES, type Entry, type Maker, type Run } from './measures.ts';

const NAME = 'kernel';
const OURS = 'Pawl';
const PLANS: Readonly<Record<'full' | 'quick', Readonly<Record<Entry['kind'], Plan>>>> = {
  full: {
    time: { generations: 4, rounds: 7, limitMs: 3000 },
    heap: { generations: 3, rounds: 1, limitMs: 3000 },
  },
  quick: {
    time: { generations: 1, rounds: 5, limitMs: 1500 },
    heap: { generations: 1, rounds: 1, limitMs: 1500 },
  },
};

export const kernel: Suite = {
  name: NAME,
  about: 'coroutines, tasks, wake-ups and timers, against native async functions, Effect and effection',
  async run(options) {
    const rows: Row[] = [];
    for (const entry of ENTRIES) rows.push(...(await measure(entry, options)));
    options.note(
      'CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production unless a row says otherwise.',
    );
    return rows;
  },
};

async function measure(entry: Entry, options: SuiteOptions): Promise<Row[]> {
  options.progress(entry.title);
  const contenders = [
    contender(OURS, entry, entry.ours),
    ...entry.peers.map(({ name, run }) => contender(name, entry, run)),
  ];
  const series = await alternate(contenders, PLANS[options.quick ? 'quick' : 'full'][entry.kind]);
  const rows: Row[] = [];
  const identity = { suite: NAME, measure: entry.title };
  const ours = series.get(OURS)!;
  if (entry.limit !== undefined) {
    const bytes = ours.map((sample) => sample.bytes);
    rows.push(limitRow({ ...identity, unit: 'bytes' }, bytes, entry.limit));
  }
  for (const { name, bound } of entry.peers) {
    const theirs = series.get(name)!;
    const bounded = bound === undefined ? {} : { bound };
    const row = (figure: 'cpu' | 'wall' | 'bytes', unit: string, scale: number, extra: { bound?: number }): Row =>
      pairedRow(
        { ...identity, peer: name, unit, ...extra },
        ours.map((sample) => sample[figure] / scale),
        theirs.map((sample) => sample[figure] / scale),
      );
    if (entry.kind === 'heap') {
      rows.push(row('bytes', 'bytes', 1, bounded));
    } else {
      const unit = entry.unit ?? 'ns';
      const scale = unit === 'ms' ? 1e6 : 1;
      rows.push(row('cpu', `${unit} CPU`, scale, bounded), row('wall', `${unit} wall`, scale, {}));
    }
  }
  return rows;
}

function contender(name: string, entry: Entry, run: Run): Contender {
  return {
    name,
    mode: run.mode ?? 'production',
    module: moduleOf(run.maker),
    measure: run.measure,
    n: run.n,
    repeat: run.repeat ?? 1,
    operations: run.operations ?? run.n,
    expected: entry.expected(run.n),
    kind: entry.kind,
  };
}

function moduleOf(maker: Maker): string {
  return new URL(`${maker}.ts`, import.meta.url).href;
}
