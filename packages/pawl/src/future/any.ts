/** Any: several futures at once, the first value. */
import { Combinator } from './combinator.ts';
import type { Future } from './future.ts';
import type { Values } from './join.ts';

class Any extends Combinator<unknown> {
  private readonly failures: unknown[] = [];
  private left = 0;

  protected override onStart(): void {
    this.left = this.size;
    this.failures.length = this.left;
    if (this.left === 0) this.rejectAll();
  }

  protected override onValue(_index: number, value: unknown): void {
    this.resolve(value);
  }

  protected override onError(index: number, error: unknown): void {
    this.failures[index] = error;
    if (--this.left === 0) this.rejectAll();
  }

  private rejectAll(): void {
    const count = this.failures.length;
    this.reject(
      new AggregateError(this.failures, count === 0 ? 'any of no futures' : `all of the ${count} futures failed`),
    );
  }
}

/**
 * Polls the futures concurrently, in the caller's task, until the first gives a value; failures before it are dropped. The others are
 * cancelled, and their cleanup has finished, before the value is delivered. Futures that are ready at once win in their order.
 *
 * Cancelling it cancels them all; what the losers lose is what each of them says.
 *
 * Errors: an AggregateError with every failure, in the order of the futures, when none gives a value (or there is none, as
 * `Promise.any` has it); NOT_A_FUTURE; a SuppressedError when a loser's cleanup failed.
 *
 * @example
 * ```ts
 * import { any, blockOn, coroutine, sleep } from 'pawl';
 * const mirror = coroutine(function* (name: string, ms: number, works: boolean) {
 *   yield* sleep(ms);
 *   if (!works) throw new Error(`${name} is down`);
 *   return name;
 * });
 * console.log(blockOn(any([mirror('near', 1, false), mirror('far', 5, true)]))); // far
 * ```
 */
export function any<const F extends readonly Future<unknown>[]>(futures: F): Future<Values<F>[number]>;
export function any<T>(futures: Iterable<Future<T>>): Future<T>;
export function any(futures: Iterable<Future<unknown>>): Future<unknown> {
  return new Any(futures);
}
