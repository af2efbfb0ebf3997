/** What the compiler is measured by: both back ends against native async functions. */
import type { Entry } from '../harness/entry.ts';

const same = (n: number): number => n;
const triangle = (n: number): number => (n * (n - 1)) / 2;

type Counts = readonly [ours: number, native: number];
type Bounds = readonly [fields: number, closure: number];

const BACK_ENDS = ['fields', 'closure'] as const;

function against(title: string, measure: string, counts: Counts, bounds: Bounds, expected: Entry['expected']): Entry[] {
  return BACK_ENDS.map((maker, at) => ({
    title: `${title}, ${maker}`,
    kind: 'time',
    ours: { maker, measure, n: counts[0] },
    peers: [{ name: 'native', run: { maker: '../kernel/native', measure, n: counts[1] }, bound: bounds[at] as number }],
    expected,
  }));
}

export const ENTRIES: readonly Entry[] = [
  ...against('await of a ready value', 'ready', [8_000_000, 2_000_000], [0.2, 0.25], same),
  ...against('ping-pong of two tasks', 'pingPong', [400_000, 400_000], [0.7, 0.75], triangle),
  ...against('spawn and join', 'spawnJoin', [100_000, 100_000], [0.5, 0.8], triangle),
  ...against('20 nested calls, one suspension', 'chain20', [40_000, 40_000], [0.6, 0.85], (n) => n * 20),
  ...BACK_ENDS.map((maker): Entry => ({
    title: `a suspension, 20 calls deep, ${maker}`,
    kind: 'time',
    ours: { maker, measure: 'leaf20', n: 600_000 },
    peers: [{ name: '1 deep', run: { maker, measure: 'leaf1', n: 600_000 }, bound: 1.4 }],
    expected: same,
  })),
  ...against('try, catch, finally', 'tryCatch', [400_000, 1_000_000], [1.2, 1.3], (n) => n + Math.ceil(n / 8)),
  ...BACK_ENDS.map((maker, at): Entry => ({
    title: `heap of a parked sleeping task, ${maker}`,
    kind: 'heap',
    ours: { maker, measure: 'parked', n: 50_000 },
    limit: [300, 420][at] as number,
    peers: [{ name: 'native', run: { maker: '../kernel/native', measure: 'parked', n: 50_000 } }],
    expected: same,
  })),
];
