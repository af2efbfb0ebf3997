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
}

/**
 * What {@link simulate} rejects with: code SIM_FAILED, the seed of the world, and, as `cause`, what the program threw in it or what was wrong
 * with the world: DEADLOCK, SIM_REAL_WORLD, SIM_LIMIT, SIM_INVARIANT, SIM_NONDETERMINISTIC.
 */
export class SimFailure extends PawlError {
  /** The seed whose world failed: `simulate({ seed })` and `PAWL_SEED=…` make it again. */
  readonly seed: number;
  /** When it failed, in ms of the world's time. */
  readonly time: number;
  /** Every choice of the run: `simulate({ seed, replay })` repeats it, and goes on plainly where they end. */
  declare readonly choices: Uint32Array;

  constructor({ cause, seed, time, choices, replays }: SimFailureOptions) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(
      'SIM_FAILED',
      `the world of seed ${seed} failed after ${time.toFixed(3)} ms: ${what}\n` +
        (replays
          ? `It fails in the same way again with PAWL_SEED=${seed} in the environment.`
          : `Made again from the same seed, it went another way: the program depends on something that is not of this world. simulate({ seed: ${seed}, check: true }) says where.`),
      { cause },
    );
    this.seed = seed;
    this.time = time;
    // Not enumerable: there may be a million of them, and whoever prints the error wants to see the rest.
    Object.defineProperty(this, 'choices', { value: choices });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'SimFailure', configurable: true, writable: true });
  }
}
