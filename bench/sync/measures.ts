/**
 * What the sync suite measures, and what one operation is:
 *
 * - a message: `send` and `recv`, both awaited; within one task (never waiting), or from one task to another through a channel of 64
 *   places, or of one place (where each message suspends both);
 * - a lock or a permit that nobody else wants: taken and given back by one task, with `try … finally` as its peers do it; and by `using`,
 *   which costs more than the lock (V8 14 makes a disposal stack for each block);
 * - a select of two, a scope with ten children, an item of a mapConcurrent over 100,000 (native promises cancel nothing: the losers of a
 *   race go on, and a failure stops no sibling); the scope also with a body that is made anew for each, which costs V8 a hidden class and
 *   a prototype for every generator function (0.4 µs), and nothing for an async one;
 * - a lock that ten tasks want, and one of ten permits that a hundred want: taken, held over one suspension, given back.
 */
import type { Entry } from '../harness/entry.ts';

const same = (n: number): number => n;
const triangle = (n: number): number => (n * (n - 1)) / 2;

interface Peers {
  readonly native: number;
  readonly effect: number;
  readonly 'async-sema'?: number;
  readonly 'p-queue'?: number;
}

/**
 * Operations for Pawl and for each peer. Against promises written by hand the bound is "level with", within a machine's noise: 1.3. Where
 * most of an operation is the suspension of a generator, which costs 2.5 times that of an async function, it is what would notice a loss.
 */
function against(measure: string, ours: number, peers: Peers, bound?: number): Pick<Entry, 'kind' | 'ours' | 'peers'> {
  return {
    kind: 'time',
    ours: { maker: 'pawl', measure, n: ours },
    peers: Object.entries(peers).map(([name, n]: [string, number]) => {
      const run = { maker: name, measure, n };
      const most = name === 'native' ? bound : name === 'effect' ? 0.5 : undefined;
      return most === undefined ? { name, run } : { name, run, bound: most };
    }),
  };
}

/** The combinators' measures are in a folder of their own. */
function combinators(
  measure: string,
  ours: number,
  native: number,
  effect: number,
  bound: number,
): Pick<Entry, 'kind' | 'ours' | 'peers'> {
  const run = (name: string, n: number): Entry['ours'] => ({ maker: `combinators/${name}`, measure, n });
  return {
    kind: 'time',
    ours: run('pawl', ours),
    peers: [
      { name: 'native', run: run('native', native), bound },
      { name: 'effect', run: run('effect', effect), bound: 0.5 },
    ],
  };
}

export const ENTRIES: readonly Entry[] = [
  {
    title: 'a message within a task',
    ...against('channelSelf', 600_000, { native: 400_000, effect: 100_000 }, 1.3),
    expected: triangle,
  },
  {
    title: 'a message to another task',
    ...against('channel', 400_000, { native: 400_000, effect: 100_000 }, 1.3),
    expected: triangle,
  },
  {
    title: 'a message, one place',
    ...against('channelOne', 200_000, { native: 200_000, effect: 50_000 }, 2),
    expected: triangle,
  },
  {
    title: 'a free mutex',
    ...against(
      'mutexFree',
      1_000_000,
      { native: 600_000, effect: 100_000, 'async-sema': 600_000, 'p-queue': 50_000 },
      1.3,
    ),
    expected: same,
  },
  {
    title: 'a free mutex, by using',
    kind: 'time',
    ours: { maker: 'pawl', measure: 'mutexUsing', n: 500_000 },
    peers: [{ name: 'Pawl, by finally', run: { maker: 'pawl', measure: 'mutexFree', n: 1_000_000 } }],
    expected: same,
  },
  {
    title: 'a mutex that ten want',
    ...against('mutex', 200_000, { native: 200_000, effect: 50_000, 'async-sema': 200_000, 'p-queue': 50_000 }, 1.9),
    expected: same,
  },
  {
    title: 'a free semaphore',
    ...against(
      'semaphoreFree',
      1_000_000,
      { native: 600_000, effect: 100_000, 'async-sema': 600_000, 'p-queue': 50_000 },
      1.3,
    ),
    expected: same,
  },
  {
    title: 'ten permits that a hundred want',
    ...against(
      'semaphore',
      200_000,
      { native: 200_000, effect: 50_000, 'async-sema': 200_000, 'p-queue': 50_000 },
      1.8,
    ),
    expected: same,
  },
  { title: 'a select of two', ...combinators('select', 60_000, 60_000, 10_000, 1.4), expected: triangle },
  { title: 'a scope with ten children', ...combinators('scope', 10_000, 10_000, 2000, 2), expected: (n) => 45 * n },
  {
    title: 'the same, its body made each time',
    kind: 'time',
    ours: { maker: 'combinators/pawl', measure: 'scopeInline', n: 10_000 },
    peers: [
      { name: 'Pawl, declared once', run: { maker: 'combinators/pawl', measure: 'scope', n: 10_000 } },
      { name: 'native', run: { maker: 'combinators/native', measure: 'scope', n: 10_000 } },
    ],
    expected: (n) => 45 * n,
  },
  {
    title: 'mapConcurrent, an item of 100,000',
    ...combinators('map', 100_000, 100_000, 100_000, 1.6),
    expected: triangle,
  },
];
