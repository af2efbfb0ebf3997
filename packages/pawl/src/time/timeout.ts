/** Timeout and deadline: a future with a limit on its time, which stops the work when it runs out. */
import { PawlError } from '../error/index.ts';
import type { Instant } from '../driver/instant.ts';
import { Combinator, notAFuture } from '../future/combinator.ts';
import { creations } from '../future/creations.ts';
import { Future } from '../future/future.ts';
import { readingOf, sleepUntil } from './sleep-until.ts';
import { sleep } from './sleep.ts';

class Timeout extends Combinator<unknown> {
  private readonly why: string;

  constructor(future: Future<unknown>, timer: Future<void>, why: string) {
    super([future, timer], true);
    if (!(future instanceof Future)) throw notAFuture(`${this.label}: item 0`, future);
    this.why = why;
    // Not the user's: of a timeout that nobody awaits the future is reported.
    if (creations !== null) creations.taken(timer);
  }

  protected override branchName(index: number): string {
    return index === 0 ? 'future' : 'limit';
  }

  protected override onValue(index: number, value: unknown): void {
    if (index === 0) this.resolve(value);
    else this.reject(new PawlError('TIMEOUT', this.why));
  }
}

class Deadline extends Timeout {}

/**
 * The future's outcome, or TIMEOUT after `ms` milliseconds. The future is polled first, so one that is ready never times out. When time
 * runs out the future is cancelled, and its cleanup has finished, before TIMEOUT is thrown: a timeout really stops the work.
 *
 * What is lost when time runs out is what cancelling the future loses. Errors: TIMEOUT; BAD_ARGUMENT for a bad `ms`; what the future
 * throws; a SuppressedError when its cleanup failed too.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, PawlError, sleep, timeout } from 'pawl';
 * const main = coroutine(function* () {
 *   try {
 *     yield* timeout(5, sleep(60_000));
 *   } catch (error) {
 *     return error instanceof PawlError ? error.code : 'another error';
 *   }
 *   return 'in time';
 * });
 * console.log(blockOn(main())); // TIMEOUT
 * ```
 */
export function timeout<T>(ms: number, future: Future<T>): Future<T> {
  if (typeof ms !== 'number' || !(ms >= 0))
    throw new PawlError('BAD_ARGUMENT', `timeout takes a number of milliseconds, zero or more, got ${String(ms)}`);
  return new Timeout(future, sleep(ms), `timed out after ${ms} ms`) as Future<unknown> as Future<T>;
}

/**
 * The future's outcome, or TIMEOUT at an instant: as {@link timeout}, for a limit that several steps share. A deadline that has passed
 * still polls the future once, so one that is ready never times out.
 *
 * What is lost at the deadline is what cancelling the future loses. Errors: TIMEOUT; BAD_ARGUMENT when it is given no {@link Instant}; what
 * the future throws; a SuppressedError when its cleanup failed too.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, deadline, Instant, sleep } from 'pawl';
 * const main = coroutine(function* () {
 *   const end = Instant.now().plus(10_000);
 *   yield* deadline(end, sleep(1));
 *   yield* deadline(end, sleep(1)); // what is left of the ten seconds
 *   return 'both in time';
 * });
 * console.log(blockOn(main())); // both in time
 * ```
 */
export function deadline<T>(instant: Instant, future: Future<T>): Future<T> {
  void readingOf(instant, 'deadline');
  return new Deadline(future, sleepUntil(instant), 'the deadline has passed') as Future<unknown> as Future<T>;
}
