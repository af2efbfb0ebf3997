/** Timeout: a future with a limit on its time, which stops the work when it runs out. */
import { PawlError } from '../error/index.ts';
import { Combinator } from '../future/combinator.ts';
import type { Future } from '../future/future.ts';
import { sleep } from './sleep.ts';

class Timeout extends Combinator<unknown> {
  private readonly ms: number;

  constructor(ms: number, future: Future<unknown>) {
    super([future, sleep(ms)]);
    this.ms = ms;
  }

  protected override onValue(index: number, value: unknown): void {
    if (index === 0) this.resolve(value);
    else this.reject(new PawlError('TIMEOUT', `timed out after ${this.ms} ms`));
  }
}

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
  return new Timeout(ms, future) as Future<unknown> as Future<T>;
}
