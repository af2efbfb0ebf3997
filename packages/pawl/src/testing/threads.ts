/**
 * Threads: the seeds of one `simulate` in several threads.
 *
 * What must hold: what comes of it is what one thread would have given. Threads are handed runs of seeds in ascending order, and a failure counts
 * when all lower seeds are through; its world is then made again here, to be explained. No thread outlives the promise.
 */
import { Worker } from 'node:worker_threads';
import { PawlError } from '../error/index.ts';
import { checked, checkOptions } from './checked-options.ts';
import type { CallSite } from './command.ts';
import { carryOut } from './runs.ts';
import type { Scenario } from './simulation.ts';
import { type Counted, Tally } from './tally.ts';
import { seedsOf, type SimulateOptions, worlds } from './worlds.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly module: string;
  readonly options: SimulateOptions;
}

/** Seeds that a thread is to go through. */
export interface Portion {
  readonly from: number;
  readonly seeds: number;
}

/** What came of a portion: all its worlds, or the part of it that failed, and how. An error itself would lose its code on the way. */
export type Answer = { readonly worlds: readonly Counted[] } | { readonly failed: Portion; readonly message: string };

/** More would only wait for each other. */
const MOST_THREADS = 256;

/** Portions that a thread has on average, and the most seeds of one. */
const PORTIONS = 8;
const LARGEST = 100;

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

/** The export of a module that its address names behind a `#`, else the default one. BAD_ARGUMENT when that is no function. */
export async function load(module: URL): Promise<Scenario> {
  const name = module.hash === '' ? 'default' : decodeURIComponent(module.hash.slice(1));
  const address = new URL(module);
  address.hash = '';
  const exports = (await import(address.href)) as Record<string, unknown>;
  const scenario = exports[name];
  if (typeof scenario === 'function') return scenario as Scenario;
  throw new PawlError('BAD_ARGUMENT', `${address.href} exports no function named ${name}`);
}

export async function inThreads(options: SimulateOptions, module: Scenario | URL, site: CallSite): Promise<Tally> {
  checkOptions(options);
  const { threads: wanted = 1, ...others } = options;
  const threads = checked('threads', wanted);
  if (threads < 1 || threads > MOST_THREADS)
    throw new PawlError('BAD_ARGUMENT', `threads are 1 to ${MOST_THREADS}, got ${threads}`);
  const scenario = module instanceof URL ? await load(module) : module;
  const { seeds, replay } = seedsOf(others);
  const count = Math.min(threads, seeds.length);
  if (count <= 1 || replay !== undefined) return carryOut(worlds(others, scenario, site));
  if (!(module instanceof URL))
    throw new PawlError(
      'BAD_ARGUMENT',
      "other threads cannot be handed a function: give the address of a module that exports it, new URL('./scenario.ts', import.meta.url)",
    );
  const data: ThreadData = { module: module.href, options: others };
  try {
    structuredClone(data);
  } catch (error) {
    throw new PawlError(
      'BAD_ARGUMENT',
      'options with functions (onReport, a latency) cannot be handed to other threads',
      {
        cause: error,
      },
    );
  }
  const outcome = await new Division(data, seeds, count).carryOut();
  if ('worlds' in outcome) {
    const tally = new Tally();
    tally.worlds.push(...outcome.worlds);
    return tally;
  }
  const { failed, message } = outcome;
  await carryOut(worlds({ ...others, ...failed }, scenario, site));
  throw new PawlError(
    'SIM_NONDETERMINISTIC',
    `the world of seed ${failed.from} failed in another thread, and not in this one: the program depends on something that is not of this world. There, it was: ${message}`,
  );
}

/** The work of some threads. */
class Division {
  private readonly data: ThreadData;
  private readonly threads: number;
  private readonly portions: readonly Portion[];
  private readonly answers: (Answer | undefined)[] = [];
  private next = 0;
  /** The lowest portion that has failed: none behind it matters. */
  private end: number;

  constructor(data: ThreadData, seeds: readonly number[], threads: number) {
    this.data = data;
    this.threads = threads;
    const size = Math.max(1, Math.min(LARGEST, Math.ceil(seeds.length / threads / PORTIONS)));
    const portions: Portion[] = [];
    for (let at = 0; at < seeds.length; at += size)
      portions.push({ from: seeds[at]!, seeds: Math.min(size, seeds.length - at) });
    this.portions = portions;
    this.end = portions.length;
  }

  /** All worlds, or the first answer that is none. */
  async carryOut(): Promise<Answer> {
    const { data, threads } = this;
    const workers = Array.from({ length: threads }, () => new Worker(WORKER, { workerData: data }));
    try {
      await new Promise<void>((resolve, reject) => {
        for (const worker of workers) this.employ(worker, resolve, reject);
      });
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
    const failed = this.answers[this.end];
    if (failed !== undefined) return failed;
    return {
      worlds: this.answers.flatMap((answer) => (answer !== undefined && 'worlds' in answer ? answer.worlds : [])),
    };
  }

  private employ(worker: Worker, done: () => void, failed: (error: unknown) => void): void {
    let current = -1;
    const hand = (): void => {
      if (this.next >= this.end) return;
      current = this.next++;
      worker.postMessage(this.portions[current], []);
    };
    worker.on('message', (answer: Answer) => {
      this.answers[current] = answer;
      if (!('worlds' in answer)) this.end = Math.min(this.end, current);
      if (this.complete) done();
      else hand();
    });
    worker.on('error', failed);
    worker.on('exit', (code) => failed(new Error(`a thread of the simulation has ended with ${code}`)));
    hand();
  }

  /** Every portion that matters has been answered. */
  private get complete(): boolean {
    for (let at = 0; at < this.end; at++) if (this.answers[at] === undefined) return false;
    return true;
  }
}
