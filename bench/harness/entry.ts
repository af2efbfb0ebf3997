/**
 * An entry of a suite: one measure, Pawl's run of it, its peers' runs and the bounds; and how entries become rows.
 *
 * What must hold: a run lasts some 20 to 100 ms (long against the grain of the CPU clock, which is a scheduler tick), therefore slow peers
 * do fewer operations; figures are for one operation.
 */
import type { Mode } from './child.ts';
import { alternate, type Contender, type Plan, type Series } from './rounds.ts';
import { limitRow, pairedRow, type Row } from './row.ts';
import type { SuiteOptions } from './suite.ts';

/** One contender's work. */
export interface Run {
  /** The name of its module, beside the suite. */
  readonly maker: string;
  /** Key of the implementation. */
  readonly measure: string;
  readonly n: number;
  /** Calls in a row, where one is too short to time. Default 1. */
  readonly repeat?: number;
  /** Operations that the figures are divided by; `n` unless a figure is for the whole run. */
  readonly operations?: number;
  readonly mode?: Mode;
}

export interface Peer {
  readonly name: string;
  readonly run: Run;
  /** The greatest ratio of CPU time (or of bytes) allowed. */
  readonly bound?: number;
}

export interface Entry {
  readonly title: string;
  readonly kind: 'time' | 'heap';
  /** Nanoseconds for one operation unless it says otherwise. */
  readonly unit?: 'ns' | 'ms';
  readonly ours: Run;
  readonly peers: readonly Peer[];
  /** An absolute limit of `ours`. */
  readonly limit?: number;
  /** The check sum of a run. */
  expected(n: number): number;
}

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

/** Measures entries one after the other; `modules` is the URL of a file beside the contenders' modules. */
export async function runEntries(
  suite: string,
  modules: string,
  all: readonly Entry[],
  options: SuiteOptions,
): Promise<Row[]> {
  const started = performance.now();
  const { only } = options;
  const entries = only === null ? all : all.filter(({ title }) => title.includes(only));
  const plans = PLANS[options.quick ? 'quick' : 'full'];
  const results = new Map<Entry, Series>();
  for (const entry of entries) {
    options.progress(entry.title);
    results.set(entry, await alternate(contenders(modules, entry), plans[entry.kind]));
  }
  const bounded = entries.filter(({ kind, peers }) => kind === 'time' && peers.some(hasBound));
  for (let more = 0; options.quick && more < 2; more++) {
    for (const entry of bounded) {
      if (performance.now() - started > QUICK_MS) break;
      options.progress(`${entry.title}, again`);
      const deciding = { ...entry, peers: entry.peers.filter(hasBound) };
      results.set(entry, await alternate(contenders(modules, deciding), plans.time, results.get(entry)));
    }
  }
  return [...results].flatMap(([entry, series]) => rowsOf(suite, entry, series));
}

function hasBound(peer: Peer): boolean {
  return peer.bound !== undefined;
}

function contenders(modules: string, entry: Entry): Contender[] {
  const ours = entry.peers.some(hasBound) ? WARM_UP_MS.bounded : WARM_UP_MS.other;
  return [
    contender(OURS, modules, entry, entry.ours, ours),
    ...entry.peers.map((peer) => {
      const warmUpMs = hasBound(peer) ? WARM_UP_MS.bounded : WARM_UP_MS.other;
      return contender(peer.name, modules, entry, peer.run, warmUpMs);
    }),
  ];
}

function rowsOf(suite: string, entry: Entry, series: Series): Row[] {
  const rows: Row[] = [];
  const identity = { suite, measure: entry.title };
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

function contender(name: string, modules: string, entry: Entry, run: Run, warmUpMs: number): Contender {
  return {
    name,
    mode: run.mode ?? 'production',
    module: new URL(`${run.maker}.ts`, modules).href,
    measure: run.measure,
    n: run.n,
    repeat: run.repeat ?? 1,
    operations: run.operations ?? run.n,
    expected: entry.expected(run.n),
    warmUpMs,
    kind: entry.kind,
  };
}
