/**
 * The result of a poll: the value itself, or the sentinel that says "not yet". Nothing is allocated for a ready value.
 *
 * Where the executor and the coroutines compare with the sentinel they do so through a constant of their own module, which V8 knows: with
 * an imported one it compares by the rules of `===` for all types (3 % of a suspension, 7 % of a ping-pong and of a select of two).
 */

/**
 * What `poll` returns when there is no value yet. Whoever returns it has arranged that the context's waker will be woken.
 *
 * @example
 * ```ts
 * import { Future, PENDING, type Context, type Poll } from 'pawl';
 * class Never extends Future<never> {
 *   poll(_cx: Context): Poll<never> { return PENDING; }
 * }
 * console.log(typeof new Never().poll); // function
 * ```
 */
export const PENDING: unique symbol = Symbol.for('pawl.PENDING') as never;

/** The type of {@link PENDING}. */
export type Pending = typeof PENDING;

/** What a poll of a `Future<T>` returns. */
export type Poll<T> = T | Pending;
