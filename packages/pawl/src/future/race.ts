/** Race: several futures at once, the first outcome. */
import { PawlError } from '../error/index.ts';
import { Combinator } from './combinator.ts';
import type { Future } from './future.ts';
import type { Values } from './join.ts';

class Race extends Combinator<unknown> {
  protected override onStart(): void {
    if (this.size === 0) this.reject(new PawlError('BAD_ARGUMENT', 'race of no futures would wait for ever'));
  }

  protected override onValue(_index: number, value: unknown): void {
    this.resolve(value);
  }
}

/**
 * Polls the futures concurrently, in the caller's task, until the first gives a value or fails; that is the outcome. The others are
 * cancelled, and their cleanup has finished, before it is delivered. Futures that are ready at once win in their order.
 *
 * Cancelling it cancels them all; what the losers lose is what each of them says.
 *
 * Errors: what the first outcome throws; BAD_ARGUMENT for an empty list; NOT_A_FUTURE; a SuppressedError when a loser's cleanup failed.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, race, sleep } from 'pawl';
 * const after = coroutine(function* (ms: number, value: string) {
 *   yield* sleep(ms);
 *   return value;
 * });
 * console.log(blockOn(race([after(10_000, 'slow'), after(1, 'fast')]))); // fast
 * ```
 */
export function race<const F extends readonly Future<unknown>[]>(futures: F): Future<Values<F>[number]>;
export function race<T>(futures: Iterable<Future<T>>): Future<T>;
export function race(futures: Iterable<Future<unknown>>): Future<unknown> {
  return new Race(futures);
}
