/**
 * What the kernel suite measures: for each measure Pawl's run, its peers' runs and the bounds.
 * None of them depends on the count, except where it says so.
 */
import type { Entry } from '../harness/entry.ts';

const same = (n: number): number => n;
const triangle = (n: number): number => (n * (n - 1)) / 2;

/** Counts for each maker: [pawl, native, effect, effection]. */
type Counts = readonly [number, number, number, number];

function against(measure: string, counts: Counts, bound?: number): Pick<Entry, 'kind' | 'ours' | 'peers'> {
  const [pawl, native, effect, effection] = counts;
  return {
    kind: 'time',
    ours: { maker: 'pawl', measure, n: pawl },
    peers: [
      { name: 'native', run: { maker: 'native', measure, n: native }, ...(bound === undefined ? {} : { bound }) },
      { name: 'effect', run: { maker: 'effect', measure, n: effect } },
      { name: 'effection', run: { maker: 'effection', measure, n: effection } },
    ],
  };
}

const DEPTH = 'a suspension';

export const ENTRIES: readonly Entry[] = [
  {
    title: 'await of a ready value',
    ...against('ready', [8_000_000, 2_000_000, 500_000, 20_000], 0.35),
    expected: same,
  },
  {
    title: 'ping-pong of two tasks',
    ...against('pingPong', [400_000, 400_000, 100_000, 20_000], 1.3),
    expected: triangle,
  },
  { title: 'spawn and join', ...against('spawnJoin', [100_000, 100_000, 50_000, 1000], 1.05), expected: triangle },
  {
    title: 'join of 30,000, woken one by one',
    kind: 'time',
    unit: 'ms',
    ours: { maker: 'pawl', measure: 'joinWake', n: 30_000, repeat: 6, operations: 6 },
    peers: [
      {
        name: 'Pawl, of 3,000',
        run: { maker: 'pawl', measure: 'joinWake', n: 3000, repeat: 60, operations: 60 },
        bound: 12,
      },
      { name: 'native', run: { maker: 'native', measure: 'joinWake', n: 30_000, repeat: 6, operations: 6 } },
    ],
    expected: same,
  },
  {
    title: `${DEPTH}, 20 calls deep`,
    ...against('leaf20', [600_000, 1_000_000, 40_000, 10_000]),
    peers: [
      { name: 'Pawl, 1 deep', run: { maker: 'pawl', measure: 'leaf1', n: 600_000 }, bound: 1.4 },
      ...against('leaf20', [600_000, 1_000_000, 40_000, 10_000]).peers,
    ],
    expected: same,
  },
  { title: `${DEPTH}, 1 call deep`, ...against('leaf1', [600_000, 1_000_000, 40_000, 10_000]), expected: same },
  {
    title: 'heap of a parked sleeping task',
    kind: 'heap',
    ours: { maker: 'pawl', measure: 'parked', n: 50_000 },
    limit: 480,
    peers: [
      { name: 'native', run: { maker: 'native', measure: 'parked', n: 50_000 } },
      { name: 'native, no timer', run: { maker: 'native', measure: 'parkedBare', n: 50_000 } },
      { name: 'effect', run: { maker: 'effect', measure: 'parked', n: 20_000 } },
      { name: 'effection', run: { maker: 'effection', measure: 'parked', n: 2000 } },
      { name: 'Pawl, development', run: { maker: 'pawl', measure: 'parked', n: 50_000, mode: 'development' } },
    ],
    expected: same,
  },
  {
    title: 'insert and cancel of a timer',
    kind: 'time',
    ours: { maker: 'pawl', measure: 'timers', n: 2_000_000 },
    peers: [
      { name: 'native', run: { maker: 'native', measure: 'timers', n: 300_000 }, bound: 0.3 },
      { name: 'native, one of many', run: { maker: 'native', measure: 'timersAmong', n: 300_000 } },
    ],
    expected: same,
  },
  {
    title: 'a million live timers, in and out',
    kind: 'time',
    ours: { maker: 'pawl', measure: 'liveTimers', n: 1_000_000 },
    peers: [{ name: 'native', run: { maker: 'native', measure: 'liveTimers', n: 1_000_000 } }],
    expected: same,
  },
  { title: 'a call that suspends once', ...against('chain1', [300_000, 600_000, 20_000, 10_000]), expected: same },
  {
    title: '20 nested calls, one suspension',
    ...against('chain20', [20_000, 40_000, 4000, 4000]),
    expected: (n) => n * 20,
  },
  {
    title: 'try, catch, finally',
    ...against('tryCatch', [400_000, 1_000_000, 20_000, 10_000]),
    expected: (n) => n + Math.ceil(n / 8),
  },
  { title: 'many sleeping tasks', ...against('sleeps', [100_000, 100_000, 10_000, 500]), expected: (n) => n * n },
];
