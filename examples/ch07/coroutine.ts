/**
 * A generator as a future: the language makes the state machine, and keeps its variables.
 *
 * The library's is `packages/pawl/src/future/coroutine.ts`, which cancels, cleans up, throws errors at the await, and resumes at the leaf.
 */
import { alreadyResolved, NOT_READY, type NotReady, type SmallFuture } from './future.ts';

/** What a coroutine yields: the future it waits for. `yield*` of `wait` makes sure that it gets its value back. */
export type Steps<R, C = void> = Generator<SmallFuture<unknown, C>, R, unknown>;

// #region wait
/** `const value = yield* wait(future)` */
export function* wait<T, C = void>(future: SmallFuture<T, C>): Steps<T, C> {
  return (yield future) as T;
}
// #endregion

// #region coroutine
export class Coroutine<R, C = void> implements SmallFuture<R, C> {
  readonly #steps: Steps<R, C>;
  #awaited: SmallFuture<unknown, C> | undefined;
  #resolved = false;

  constructor(steps: Steps<R, C>) {
    this.#steps = steps;
  }

  poll(context: C): R | NotReady {
    if (this.#resolved) throw alreadyResolved();
    let value: unknown;
    for (;;) {
      if (this.#awaited !== undefined) {
        value = this.#awaited.poll(context);
        if (value === NOT_READY) return NOT_READY;
      }
      const step = this.#steps.next(value); // on to the next yield, with the value of the last
      if (step.done === true) {
        this.#resolved = true;
        return step.value;
      }
      this.#awaited = step.value;
    }
  }
}
// #endregion
