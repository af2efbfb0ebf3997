/**
 * The switch suite: what a thousand and a hundred thousand of each kind of concurrency cost, to start, to switch and to finish, and in memory;
 * native fibers beside all others. And what it costs when C calls back.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../harness/child.ts';
import { runEntries } from '../harness/entry.ts';
import { limitRow, pairedRow, partialRow, type Row } from '../harness/row.ts';
import type { Suite, SuiteOptions } from '../harness/suite.ts';
import { comparisons } from './park.ts';
import type { Figures } from './population.ts';
import { THREADS } from './thread.ts';

const OURS = 'fiber';
/** Module names, and what the table calls them. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['fiber', 'native fiber'],
  ['wasm', 'WebAssembly stack'],
  ['task', 'task, generator'],
  ['compiled', 'task, compiled'],
  ['promise', 'promise'],
  ['callback', 'callback'],
  ['thread', 'worker thread'],
]);

const COUNTS = [1000, 100_000];
/** The population for which a switch has a limit: of a hundred thousand none is in the caches when its turn comes, whatever its kind. */
const BOUNDED = 1000;
/** Switches in a population, about: long against the grain of the CPU clock. */
const SWITCHES = 1_000_000;
/** A switch between two native fibers, at the most. */
const SWITCH_LIMIT_NS = 30;

/** The engine maps each stack by itself, and the kernel allows 65,530 mappings: more of these cannot be. */
const MOST: Readonly<Record<string, number>> = { wasm: 20_000 };

const ONE = fileURLToPath(new URL('one.ts', import.meta.url));
const RUN_LIMIT_MS = 60_000;

/** Numbers in an array that C sorts. */
const SORTED = 50_000;

function measure(kind: string, count: number): Figures {
  const population = Math.min(count, MOST[kind] ?? count);
  const rounds = Math.max(Math.round(SWITCHES / population), 5);
  const text = execFileSync(process.execPath, [...NODE_FLAGS, ONE, kind, String(population), String(rounds)], {
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_LIMIT_MS,
  });
  return JSON.parse(text) as Figures;
}

function populations(count: number, options: SuiteOptions): Row[] {
  const samples = new Map<string, Figures[]>();
  const missing = new Set<string>();
  for (let round = 0; round < (options.quick ? 1 : 5); round++) {
    for (const [kind, name] of KINDS) {
      // Its figures do not depend on how many were asked for.
      if (missing.has(kind) || (kind === 'thread' && round > 0)) continue;
      options.progress(`${count.toLocaleString('en-US')} of kind ${name}`);
      try {
        const list = samples.get(kind) ?? [];
        list.push(measure(kind, count));
        samples.set(kind, list);
      } catch (error) {
        missing.add(kind);
        options.note(`${name}, ${count}: not measured (${(error as Error).message.split('\n').slice(0, 3).join(' ')})`);
      }
    }
  }
  const rows: Row[] = [];
  const of = (kind: string, figure: keyof Figures): number[] => (samples.get(kind) ?? []).map((each) => each[figure]);
  for (const [figure, unit] of [
    ['start', 'ns CPU'],
    ['switch', 'ns CPU'],
    ['finish', 'ns CPU'],
    ['bytes', 'bytes'],
  ] as const) {
    const title = `${figure === 'bytes' ? 'memory' : figure} of one of ${count.toLocaleString('en-US')}`;
    const ours = of(OURS, figure);
    if (figure === 'switch' && count === BOUNDED) {
      rows.push(limitRow({ suite: 'switch', measure: title, unit }, ours.length === 0 ? [NaN] : ours, SWITCH_LIMIT_NS));
    }
    for (const [kind, peer] of KINDS) {
      if (kind === OURS) continue;
      const theirs = of(kind, figure);
      const identity = { suite: 'switch', measure: title, unit, peer };
      const whole = ours.length > 0 && theirs.length > 0;
      rows.push(whole ? pairedRow(identity, ours.slice(0, theirs.length), theirs) : partialRow(identity, ours, theirs));
    }
  }
  return rows;
}

export const switching: Suite = {
  name: 'switch',
  about: 'starting, switching, finishing and holding every kind of concurrency; a callback from C',
  async run(options) {
    options.note(
      'Pawl: a native fiber (machine code, 16 KiB of stack of which a page is touched). CPU time of all threads; resident memory (for tasks, promises and callbacks the heap); one of the population.',
    );
    options.note(
      `worker threads: ${THREADS} are started, not more, and what one of them costs is taken for one of a thousand; a switch is a message and its answer.`,
    );
    options.note('WebAssembly stacks: 20,000 for a hundred thousand, since the kernel allows no more mappings.');
    const rows = COUNTS.flatMap((count) => populations(count, options));
    const calls = comparisons(SORTED);
    const run = (name: string) => ({ maker: 'park', measure: name, n: SORTED, operations: calls });
    const parks = await runEntries(
      'switch',
      import.meta.url,
      [
        {
          title: 'a callback from C, in a future',
          kind: 'time',
          ours: run('call'),
          peers: [{ name: 'node:ffi', run: run('ffi'), bound: 1 }],
          expected: () => calls,
        },
        {
          title: 'a callback from C, in a plain call',
          kind: 'time',
          ours: run('callNow'),
          peers: [{ name: 'node:ffi', run: run('ffi'), bound: 1 }],
          expected: () => calls,
        },
      ],
      options,
    );
    return [...rows, ...parks];
  },
};
