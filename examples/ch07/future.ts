/**
 * A future in small: something that can be asked whether it is ready. The chapters 7 and 8 are built on it.
 *
 * The library's is `packages/pawl/src/future/future.ts`, which can also be cancelled.
 */

// #region future
export const NOT_READY = Symbol('not ready');
export type NotReady = typeof NOT_READY;

/** Nothing happens before the first poll, and polling one that has given its value is a mistake. `C` is what a poll is told. */
export interface SmallFuture<T, C = void> {
  poll(context: C): T | NotReady;
}
// #endregion

/** What a poll after the end throws. */
export function alreadyResolved(): Error {
  return new Error('polled a future that had resolved already');
}
