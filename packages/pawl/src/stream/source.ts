/**
 * Source: what stands behind a stream, and the contract that every one keeps.
 *
 * What must hold:
 * - `next` is asked for one value at a time: the next call comes after the last one's future has ended or was cancelled.
 * - Cancelling a `next` is *safe*: its value comes with the next call. So whatever is under way belongs to the source, not to the future.
 * - A source that has given END holds nothing any more, and gives END from then on. Before that, also after an error, `close` lets
 *   everything go, however far it has come, and is done when it has; it is idempotent, and a `next` after it gives END.
 */
import type { Future } from '../future/future.ts';

/**
 * What a stream gives when it has no more values.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { END, Stream } from 'pawl/stream';
 * const stream = Stream.of(1, 2);
 * const ends = blockOn(function* () {
 *   for (;;) if ((yield* stream.next()) === END) return true;
 * });
 * console.log(ends); // true
 * ```
 */
export const END: unique symbol = Symbol.for('pawl.END') as never;

/** The type of {@link END}. */
export type End = typeof END;

/** What a {@link Stream} is made of. Implement it for a source of your own; the contract is at the head of `stream/source.ts`. */
export interface Source<out T> {
  /** The next value, or END. Cancelling it is *safe*. */
  next(): Future<T | End>;
  /** Lets everything go. Cancelling it waits until it is done. */
  close(): Future<void>;
}
