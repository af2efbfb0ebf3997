/** Join: several futures at once, all of their values. */
import { Combinator } from './combinator.ts';
import type { Future } from './future.ts';

/** The values of a tuple of futures. */
export type Values<F extends readonly Future<unknown>[]> = {
  -readonly [K in keyof F]: F[K] extends Future<infer T> ? T : never;
};

class Join extends Combinator<unknown[]> {
  private readonly values: unknown[] = [];
  private left = 0;

  protected override onStart(): void {
    this.left = this.size;
    this.values.length = this.left;
    if (this.left === 0) this.resolve(this.values);
  }

  protected override onValue(index: number, value: unknown): void {
    this.values[index] = value;
    if (--this.left === 0) this.resolve(this.values);
  }
}

/**
 * Polls the futures concurrently, in the caller's task, and gives all their values in their order. When one fails, the others are
 * cancelled and cleaned up, then the first error is thrown. An empty list gives an empty list.
 *
 * The values that had come before a failure are dropped with it: where a future gives something that must be closed, close it within
 * a coroutine that you join instead (`using`).
 *
 * Cancelling it cancels them all; what that loses is what each of them says.
 *
 * Errors: whatever the first failing future throws, wrapped in a SuppressedError when a cleanup failed too; NOT_A_FUTURE.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join, sleep } from 'pawl';
 * const after = coroutine(function* (ms: number, value: string) {
 *   yield* sleep(ms);
 *   return value;
 * });
 * console.log(blockOn(join([after(2, 'a'), after(1, 'b')]))); // [ 'a', 'b' ]
 * ```
 */
export function join<const F extends readonly Future<unknown>[]>(futures: F): Future<Values<F>>;
export function join<T>(futures: Iterable<Future<T>>): Future<T[]>;
export function join(futures: Iterable<Future<unknown>>): Future<unknown[]> {
  return new Join(futures);
}
