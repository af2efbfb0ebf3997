/** SimFailure: how a simulated world has failed, and how to see it fail again. */
import { PawlError } from '../error/index.ts';

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
}

/**
 * What {@link simulate} rejects with: code SIM_FAILED, the seed of the world, and, as `cause`, what the program threw in it or what was wrong
 * with the world: DEADLOCK, SIM_REAL_WORLD, SIM_LIMIT, SIM_INVARIANT, SIM_NONDETERMINISTIC.
 *
 * @example
 * ```ts
 * import { sleep } from 'pawl';
 * import { simulate, type SimFailure } from 'pawl/testing';
 * try {
 *   await simulate({ seeds: 10, from: 5 }, function* () {
 *     yield* sleep(20);
 *     throw new Error('it never works');
 *   });
 * } catch (error) {
 *   const { seed, replays, cause } = error as SimFailure;
 *   console.log(seed, replays, (cause as Error).message); // 5 true it never works
 * }
 * ```
 */
export class SimFailure extends PawlError {
  /** The seed whose world failed: `simulate({ seed })` and `PAWL_SEED=…` make it again. */
  readonly seed: number;
  /** When it failed, in ms of the world's time. */
  readonly time: number;
  /** Every choice of the run: `simulate({ seed, replay })` repeats it, and goes on plainly where they end. */
  declare readonly choices: Uint32Array;
  /** Made once more, the world has failed in the same way. */
  readonly replays: boolean;

  constructor({ cause, seed, time, choices, replays, reports }: SimFailureOptions) {
    const what = cause instanceof Error ? cause.message : String(cause);
    const before = reports.map((report) => `It was reported before, on the ${report}\n`).join('');
    super(
      'SIM_FAILED',
      `the world of seed ${seed} failed after ${time.toFixed(3)} ms: ${what}\n${before}` +
        (replays
          ? `It fails in the same way again with PAWL_SEED=${seed} in the environment.`
          : `Made again from the same seed, it went another way: the program depends on something that is not of this world. simulate({ seed: ${seed}, check: true }) says where.`),
      { cause },
    );
    this.seed = seed;
    this.time = time;
    this.replays = replays;
    // Not enumerable: there may be a million of them, and whoever prints the error wants to see the rest.
    Object.defineProperty(this, 'choices', { value: choices });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'SimFailure', configurable: true, writable: true });
  }
}
