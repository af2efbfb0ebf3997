/**
 * The threads suite: messages between threads against MessagePort, and HTTP on two threads against one and against node:cluster.
 *
 * What must hold: time here is by the clock, not the CPU's: what counts of a round trip is when the answer comes, and of a second thread how much more
 * is served. So a busy machine disturbs it more than other suites, and bounds are stated with what they need.
 */
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../harness/child.ts';
import { Programs } from '../harness/machine.ts';
import { alternate, type Contender } from '../harness/rounds.ts';
import { pairedRow, type Row } from '../harness/row.ts';
import type { Suite, SuiteOptions } from '../harness/suite.ts';
import { CONNECTIONS, type Figures, launchServer, type Measure, type Runner } from '../http/runner.ts';
import { BYTES, AWAKE_ROUND_TRIPS, expected, ROUND_TRIPS, SPIN_MS } from './measures.ts';

const NAME = 'threads';
const OURS = 'Pawl';
const PORT = 'MessagePort';

interface RoundTrip {
  readonly title: string;
  readonly measure: string;
  readonly bound?: number;
  readonly trips?: number;
}

const ROUND_TRIP_MEASURES: readonly RoundTrip[] = [
  { title: 'round trip of a message, both ends sleep', measure: 'messages', bound: 0.8 },
  {
    title: `round trip of a message, receivers awake for up to ${SPIN_MS} ms`,
    measure: 'spinning',
    trips: AWAKE_ROUND_TRIPS,
    bound: 1 / 3,
  },
  { title: `round trip of ${BYTES} bytes, both ends sleep`, measure: 'bytes' },
  {
    title: `round trip of ${BYTES} bytes, receivers awake for up to ${SPIN_MS} ms`,
    measure: 'spinningBytes',
    trips: AWAKE_ROUND_TRIPS,
  },
];

const HTTP_MEASURES: readonly { readonly measure: Measure; readonly twice?: number }[] = [
  {
    measure: {
      title: `HTTP "hello", ${CONNECTIONS} connections`,
      question: { target: '/', type: 'text/plain', body: 'Hello, World!' },
      depth: 1,
      bounds: {},
    },
  },
  {
    measure: {
      title: 'HTTP, a handler that computes for 0.2 ms',
      question: { target: '/compute', type: 'text/plain', body: 'Hello, World!' },
      depth: 1,
      bounds: {},
    },
    // 1.8 times as much on two threads.
    twice: 1 / 1.8,
  },
];

export const threads: Suite = {
  name: NAME,
  about: 'messages between threads against MessagePort; HTTP on two threads against one and against node:cluster',
  titles: [...ROUND_TRIP_MEASURES.map(({ title }) => title), ...HTTP_MEASURES.map(({ measure }) => measure.title)],
  async run(options) {
    const cores = availableParallelism();
    options.note(
      `Wall time; medians of alternating rounds; NODE_ENV=production. ${cores} cores, load ${loadavg()[0]!.toFixed(1)}: each row needs two that are free.`,
    );
    options.note(
      `Of two threads against one the bound is 1.8 times as much, for a handler that computes: the load generator takes a core of its own for "hello"${cores < 3 ? ', which is one too many for this machine' : ''}.`,
    );
    return [...(await roundTrips(options)), ...(await httpRows(options))];
  },
};

async function roundTrips(options: SuiteOptions): Promise<Row[]> {
  const rows: Row[] = [];
  const plan = options.quick
    ? { generations: 1, rounds: 15, limitMs: 4000 }
    : { generations: 3, rounds: 25, limitMs: 5000 };
  const contender = (name: string, maker: string, measure: string, trips: number): Contender => ({
    name,
    mode: 'production',
    module: new URL(`${maker}.ts`, import.meta.url).href,
    measure,
    n: trips,
    repeat: 1,
    operations: trips,
    expected: expected(trips),
    warmUpMs: 300,
    kind: 'time',
  });
  for (const { title, measure, bound, trips = ROUND_TRIPS } of ROUND_TRIP_MEASURES) {
    if (options.only !== null && !title.includes(options.only)) continue;
    options.progress(title);
    const series = await alternate(
      [contender(OURS, 'pawl', measure, trips), contender(PORT, 'node', 'messages', trips)],
      plan,
    );
    const of = (name: string, figure: 'wall' | 'cpu'): number[] =>
      series.get(name)!.map((sample) => sample[figure] / 1000);
    const identity = { suite: NAME, measure: title, peer: PORT };
    const bounded = bound === undefined ? {} : { bound };
    rows.push(
      pairedRow({ ...identity, unit: 'µs wall', ...bounded }, of(OURS, 'wall'), of(PORT, 'wall')),
      pairedRow({ ...identity, unit: 'µs CPU' }, of(OURS, 'cpu'), of(PORT, 'cpu')),
    );
  }
  return rows;
}

const ONE = 'one thread';
const TWO = 'two threads';
const CLUSTER = 'node:cluster, two';

async function httpRows(options: SuiteOptions): Promise<Row[]> {
  const measures = HTTP_MEASURES.filter(({ measure }) => options.only === null || measure.title.includes(options.only));
  if (measures.length === 0) return [];
  const programs = Programs.compile(new URL('../http/suite.ts', import.meta.url).href);
  if (typeof programs === 'string') {
    options.note(`HTTP is left out, the load generator is written in C: ${programs}`);
    return [];
  }
  using _clean = programs;
  // Not pinned: a server of two threads is to have both cores.
  const bench = { programs, pin: (_core: number, command: readonly string[]) => command };
  const command = (file: string, count: number): readonly string[] => [
    process.execPath,
    ...NODE_FLAGS,
    fileURLToPath(new URL(file, import.meta.url)),
    String(count),
  ];
  await using stack = new AsyncDisposableStack();
  const runners = new Map<string, Runner>();
  for (const [name, start] of [
    [ONE, command('server-pawl.ts', 1)],
    [TWO, command('server-pawl.ts', 2)],
    [CLUSTER, command('server-cluster.ts', 2)],
  ] as const) {
    options.progress(`starting ${name}`);
    runners.set(name, stack.use(await launchServer(bench, name, start)));
  }
  const rounds = options.quick ? 3 : 8;
  const ms = options.quick ? 300 : 800;
  const rows: Row[] = [];
  for (const { measure, twice } of measures) {
    options.progress(measure.title);
    const figures = new Map<string, number[]>();
    for (const [name, runner] of runners) {
      await runner.check(measure);
      // Warms it up.
      await runner.run(measure, ms);
      figures.set(name, []);
    }
    for (let round = 0; round < rounds; round++)
      for (const [name, runner] of runners) figures.get(name)!.push(perRequest(await runner.run(measure, ms)));
    const identity = { suite: NAME, measure: `${measure.title}: ${TWO}`, unit: 'µs wall' };
    const bounded = twice === undefined ? {} : { bound: twice };
    rows.push(
      pairedRow({ ...identity, peer: ONE, ...bounded }, figures.get(TWO)!, figures.get(ONE)!),
      pairedRow({ ...identity, peer: CLUSTER }, figures.get(TWO)!, figures.get(CLUSTER)!),
    );
  }
  return rows;
}

/** Microseconds of the clock for each request that was answered. */
function perRequest({ wall, requests }: Figures): number {
  return wall / requests / 1000;
}
