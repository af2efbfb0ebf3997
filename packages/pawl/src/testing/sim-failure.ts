/** SimFailure: how a simulated world has failed, and how to see it fail again. */
import { PawlError } from '../error/index.ts';
import { encode } from './schedule.ts';

/** What is known of a failed run. */
export interface SimFailureOptions {
  readonly cause: unknown;
  readonly seed: number;
  readonly time: number;
  readonly choices: Uint32Array;
  /** Made once more, the world has failed in the same way. */
  readonly replays: boolean;
  /** What the hosts' runtimes have reported. */
  readonly reports: readonly string[];
  /** What the message says below its first line: how it came to it, the tasks, and the way to see it again. */
  readonly report: string;
  readonly timeline?: string;
  readonly dump?: string;
}

/**
 * What {@link simulate} rejects with: code SIM_FAILED, the seed of the world, and, as `cause`, what the program threw in it or what was wrong
 * with the world: DEADLOCK, SIM_REAL_WORLD, SIM_LIMIT, SIM_INVARIANT, SIM_NONDETERMINISTIC. Its message tells what happened in the world, with
 * as few choices other than the plain ones as were found to make it fail in this way.
 *
 * @example
 * ```ts
 * import { simulate, type SimFailure } from 'pawl/testing';
 * import { spawn, yieldNow } from 'pawl';
 * try {
 *   await simulate({ seeds: 100 }, function* () {
 *     const order: string[] = [];
 *     const first = spawn(function* () { order.push('first'); });
 *     const second = spawn(function* () { order.push('second'); });
 *     yield* first;
 *     yield* second;
 *     if (order[0] !== 'first') throw new Error('the second was first');
 *   });
 * } catch (error) {
 *   const { choices, schedule } = error as SimFailure;
 *   console.log(choices.filter((choice) => choice > 0).length, schedule.length > 0); // 1 true
 * }
 * ```
 */
export class SimFailure extends PawlError {
  /** The seed whose world failed: `simulate({ seed })` and `PAWL_SEED=…` make it again. */
  readonly seed: number;
  /** When it failed, in ms of the world's time. */
  readonly time: number;
  /** The choices of the run that the message tells of, up to the last one that is not 0: `simulate({ seed, replay })` repeats it. */
  declare readonly choices: Uint32Array;
  /** Made once more, the world has failed in the same way. */
  readonly replays: boolean;
  /** The same as a text, for `PAWL_SEED=seed:schedule`, and for `replay`. */
  declare readonly schedule: string;
  /** What happened in the world, line by line. Empty where it did not fail in the same way again. */
  declare readonly timeline: string;
  /** The tasks of all hosts when it failed. */
  declare readonly dump: string;

  constructor({ cause, seed, time, choices, replays, reports, report, timeline = '', dump = '' }: SimFailureOptions) {
    const what = (cause instanceof Error ? cause.message : String(cause)).trimEnd();
    const before = reports.map((told) => `It was reported before, on the ${told}\n`).join('');
    super('SIM_FAILED', `the world of seed ${seed} failed after ${time.toFixed(3)} ms: ${what}\n${before}${report}`, {
      cause,
    });
    this.replays = replays;
    this.seed = seed;
    this.time = time;
    // Not enumerable: the message has them, and whoever prints the error wants to see that once.
    for (const [name, value] of Object.entries({ choices, schedule: encode(choices), timeline, dump }))
      Object.defineProperty(this, name, { value });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'SimFailure', configurable: true, writable: true });
  }
}
