/** What is received in place of a message: that there is none now, or that none will come. Symbols, so that every value can be one. */

/**
 * What a receiver gets when every message has been taken and no more can come.
 *
 * @example
 * ```ts
 * import { blockOn, channel, CLOSED, coroutine } from 'pawl';
 * const [sender, receiver] = channel<string>(8);
 * const main = coroutine(function* () {
 *   yield* sender.send('last words');
 *   sender.close();
 *   for (;;) {
 *     const message = yield* receiver.recv();
 *     if (message === CLOSED) return 'silence';
 *     console.log(message); // last words
 *   }
 * });
 * console.log(blockOn(main())); // silence
 * ```
 */
export const CLOSED: unique symbol = Symbol('pawl.CLOSED');

/** What `tryRecv` gives when there is no message now and one may still come. */
export const EMPTY: unique symbol = Symbol('pawl.EMPTY');
