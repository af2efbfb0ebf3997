/** The kernel suite: coroutines, tasks, wake-ups and timers against native async functions, Effect and effection. */
import { alternate, type Contender, type Plan, type Series } from '../harness/rounds.ts';
import { limitRow, pairedRow, type Row } from '../harness/row.ts';
import type { Suite } from '../harness/suite.ts';
import { ENTRIES, type Entry, type Maker, type Peer, type Run } from './measures.ts';

const NAME = 'kernel';
const OURS = 'Pawl';
const PLANS: Readonly<Record<'full' | 'quick', Readonly<Record<Entry['kind'], Plan>>>> = {
  full: {
    time: { generations: 4, rounds: 7, limitMs: 3000 },
    heap: { generations: 3, rounds: 1, limitMs: 3000 },
  },
  quick: {
    time: { generations: 1, rounds: 3, limitMs: 1000 },
    heap: { generations: 1, rounds: 1, limitMs: 1000 },
  },
};
/** CPU time that a contender warms up for: whoever a bound is about must have reached V8's last tier. */
const WARM_UP_MS = { bounded: 1500, other: 300 };
/** A quick run goes on, with further processes for the measures that have a bound, until it has lasted this long. */
const QUICK_MS = 32_000;

export const kernel: Suite = {
  name: NAME,
  about: 'coroutines, tasks, wake-ups and timers, against native async functions, Effect and effection',
  async run(options) {
    const started = performance.now();
    const plans = PLANS[options.quick ? 'quick' : 'full'];
    const results = new Map<Entry, Series>();
    for (const entry of ENTRIES) {
      options.progress(entry.title);
      results.set(entry, await alternate(contenders(entry), plans[entry.kind]));
    }
    const bounded = ENTRIES.filter(({ kind, peers }) => kind === 'time' && peers.some(hasBound));
    for (let more = 0; options.quick && more < 2; more++) {
      for (const entry of bounded) {
        if (performance.now() - started > QUICK_MS) break;
        options.progress(`${entry.title}, again`);
        const deciding = { ...entry, peers: entry.peers.filter(hasBound) };
        results.set(entry, await alternate(contenders(deciding), plans.time, results.get(entry)));
      }
    }
    options.note(
      'CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production unless a row says otherwise.',
    );
    return [...results].flatMap(([entry, series]) => rowsOf(entry, series));
  },
};

function hasBound(peer: Peer): boolean {
  return peer.bound !== undefined;
}

function contenders(entry: Entry): Contender[] {
  const ours = entry.peers.some(hasBound) ? WARM_UP_MS.bounded : WARM_UP_MS.other;
  return [
    contender(OURS, entry, entry.ours, ours),
    ...entry.peers.map((peer) => {
      const warmUpMs = hasBound(peer) ? WARM_UP_MS.bounded : WARM_UP_MS.other;
      return contender(peer.name, entry, peer.run, warmUpMs);
    }),
  ];
}

function rowsOf(entry: Entry, series: Series): Row[] {
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

function contender(name: string, entry: Entry, run: Run, warmUpMs: number): Contender {
  return {
    name,
    mode: run.mode ?? 'production',
    module: moduleOf(run.maker),
    measure: run.measure,
    n: run.n,
    repeat: run.repeat ?? 1,
    operations: run.operations ?? run.n,
    expected: entry.expected(run.n),
    warmUpMs,
    kind: entry.kind,
  };
}

function moduleOf(maker: Maker): string {
  return new URL(`${maker}.ts`, import.meta.url).href;
}
