/**
 * Retry: a failing operation again, with exponential back-off and jitter.
 *
 * What must hold: an attempt has ended, with its cleanup, before the next begins. The n-th pause is `base * factor^(n-1)`, at most `max`, of
 * which `jitter` is random; the randomness is the driver's, so that a simulated world repeats it.
 */
import { PawlError } from '../error/index.ts';
import { currentDriver } from '../driver/default.ts';
import { coroutine, start, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { sleep } from './sleep.ts';

export interface RetryOptions {
  /** How many times the operation is tried in all. Default 3; `Infinity` never gives up. */
  readonly attempts?: number;
  /** The first pause in ms. Default 100. */
  readonly base?: number;
  /** By how much each pause is longer than the one before. Default 2. */
  readonly factor?: number;
  /** No pause is longer than so many ms. Default 30,000. */
  readonly max?: number;
  /** The part of a pause that is random, from 0 (none of it) to 1 (all of it). Default 0.5, so that many clients do not come back at once. */
  readonly jitter?: number;
  /** Whether a failure is worth another attempt; `attempt` is the number of the one that has failed, from 1. Default: each is. */
  readonly when?: (error: unknown, attempt: number) => boolean;
}

type Settings = Required<RetryOptions>;

const trying = coroutine(function* retry<T>(fn: Body<[attempt: number], T>, settings: Settings) {
  const { attempts, when } = settings;
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* start(fn, attempt);
    } catch (error) {
      if (attempt >= attempts || !when(error, attempt)) throw error;
    }
    yield* sleep(pauseAfter(attempt, settings));
  }
});

/** The pause after an attempt, in ms. */
function pauseAfter(attempt: number, { base, factor, max, jitter }: Settings): number {
  // The power overflows to Infinity after enough attempts, and nothing times Infinity is no number.
  const whole = base === 0 ? 0 : Math.min(base * factor ** (attempt - 1), max);
  return whole * (1 - jitter * currentDriver().random());
}

/**
 * Runs what `fn` makes until it succeeds, at most `attempts` times, with a pause after each failure that grows exponentially and is partly
 * random. `fn` is given the number of the attempt, from 1. The last failure is thrown as it is; so is the first for which `when` says no.
 *
 * Cancelling it cancels the attempt that is running (what that loses is what it says), or ends the pause. Errors: BAD_ARGUMENT for an option
 * outside its range; what `when` throws.
 *
 * @example
 * ```ts
 * import { blockOn, retry, yieldNow } from 'pawl';
 * const answer = retry(function* (attempt) {
 *   yield* yieldNow();
 *   if (attempt < 3) throw new Error('not yet');
 *   return `after ${attempt} attempts`;
 * }, { attempts: 5, base: 1 });
 * console.log(blockOn(answer)); // after 3 attempts
 * ```
 */
export function retry<T>(fn: Body<[attempt: number], T>, options: RetryOptions = {}): Future<Flattened<T>> {
  const { attempts = 3, base = 100, factor = 2, max = 30_000, jitter = 0.5, when = () => true } = options;
  check('a function that makes a future', typeof fn === 'function', fn);
  check(
    'attempts, a whole number above zero',
    attempts === Infinity || (Number.isInteger(attempts) && attempts > 0),
    attempts,
  );
  check('base, a number of milliseconds', base >= 0, base);
  check('factor, a number from 1', factor >= 1, factor);
  check('max, a number of milliseconds', max >= 0, max);
  check('jitter, a number from 0 to 1', jitter >= 0 && jitter <= 1, jitter);
  return trying(fn as Body<[number], unknown>, { attempts, base, factor, max, jitter, when }) as Future<Flattened<T>>;
}

function check(what: string, holds: boolean, value: unknown): void {
  if (!holds) throw new PawlError('BAD_ARGUMENT', `retry takes ${what}, got ${String(value)}`);
}
