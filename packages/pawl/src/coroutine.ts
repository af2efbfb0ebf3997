/**
 * `coroutine` as programs know it: what `future/coroutine.ts` makes, with the type of what corofy makes of an async generator.
 *
 * What must hold: it stands above the streams, which are that type, and is nothing else than the function below them.
 */
import { coroutine as make, type Flattened, type Steps } from './future/coroutine.ts';
import type { Future } from './future/future.ts';
import type { Stream } from './stream/stream.ts';

/** The type of {@link coroutine}. */
export interface MakesCoroutines {
  /** Of a generator function: its calls are coroutines, which await by `yield*`. */
  <A extends readonly unknown[], R>(fn: (...args: A) => Steps<R>): (...args: A) => Future<Flattened<R>>;
  /** Of an async function, which corofy compiles: its calls are coroutines. */
  <A extends readonly unknown[], R>(fn: (...args: A) => Promise<R>): (...args: A) => Future<Flattened<Awaited<R>>>;
  /** Of an async generator function, which corofy compiles: its calls are streams. What a `yield` comes to is `undefined`. */
  <A extends readonly unknown[], T>(
    fn: (...args: A) => AsyncGenerator<T, unknown, undefined>,
  ): (...args: A) => Stream<T>;
}

/**
 * Makes a function whose calls are coroutines: lazy, cancellable futures. In the function, `yield* future` waits for a future and
 * gives its value, or throws its error.
 *
 * corofy compiles the same of an async function, in which `await` waits, and of an async generator function, whose calls are streams
 * of `pawl/stream`: see its README.
 *
 * Cancelling a coroutine cancels what it awaits, then runs its `finally` blocks and disposals, which may await; what a program loses
 * by it is what the awaited operation says. A coroutine that was never polled ends without running anything.
 *
 * Errors: BAD_ARGUMENT when it is given none of these functions, NOT_COMPILED at the first call of an async one that has not been
 * compiled by corofy, NOT_A_FUTURE at a generator function's `yield` of anything but a future.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, sleep } from 'pawl';
 * const double = coroutine(function* (n: number) {
 *   yield* sleep(1);
 *   return n * 2;
 * });
 * console.log(blockOn(double(21))); // 42
 * ```
 */
export const coroutine: MakesCoroutines = make as MakesCoroutines;
