/** JoinSettled: several futures at once, how each of them ended. */
import { Combinator } from './combinator.ts';
import type { Future } from './future.ts';

/** How each of a tuple of futures ended, in the shape that `Promise.allSettled` has. */
export type SettledValues<F extends readonly Future<unknown>[]> = {
  -readonly [K in keyof F]: F[K] extends Future<infer T> ? PromiseSettledResult<T> : never;
};

class JoinSettled extends Combinator<PromiseSettledResult<unknown>[]> {
  private readonly results: PromiseSettledResult<unknown>[] = [];
  private left = 0;

  protected override onStart(): void {
    this.left = this.size;
    this.results.length = this.left;
    if (this.left === 0) this.resolve(this.results);
  }

  protected override onValue(index: number, value: unknown): void {
    this.settle(index, { status: 'fulfilled', value });
  }

  protected override onError(index: number, reason: unknown): void {
    this.settle(index, { status: 'rejected', reason });
  }

  private settle(index: number, result: PromiseSettledResult<unknown>): void {
    this.results[index] = result;
    if (--this.left === 0) this.resolve(this.results);
  }
}

/**
 * Polls the futures concurrently, in the caller's task, and gives how each of them ended, in their order: `{ status: 'fulfilled', value }`
 * or `{ status: 'rejected', reason }`, as `Promise.allSettled` does. It never fails by itself. An empty list gives an empty list.
 *
 * Cancelling it cancels them all; what that loses is what each of them says, and the results that were there. Errors: NOT_A_FUTURE.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, joinSettled, ready } from 'pawl';
 * const failing = coroutine(function* () {
 *   throw new Error('no such user');
 * });
 * const [user, other] = blockOn(joinSettled([ready('ada'), failing()]));
 * console.log(user.status, other.status); // fulfilled rejected
 * ```
 */
export function joinSettled<const F extends readonly Future<unknown>[]>(futures: F): Future<SettledValues<F>>;
export function joinSettled<T>(futures: Iterable<Future<T>>): Future<PromiseSettledResult<T>[]>;
export function joinSettled(futures: Iterable<Future<unknown>>): Future<unknown[]> {
  return new JoinSettled(futures);
}
