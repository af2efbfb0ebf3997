/** JoinAll: several futures as one, which is ready when all of them are. The library's is `packages/pawl/src/future/join.ts`. */
import { NOT_READY, type NotReady, type SmallFuture } from './future.ts';

// #region join
export class JoinAll<T, C = void> implements SmallFuture<T[], C> {
  readonly #waiting: Map<number, SmallFuture<T, C>>;
  readonly #values: T[] = [];

  constructor(futures: readonly SmallFuture<T, C>[]) {
    this.#waiting = new Map(futures.entries());
  }

  poll(context: C): T[] | NotReady {
    for (const [index, future] of this.#waiting) {
      const value = future.poll(context);
      if (value === NOT_READY) continue;
      this.#values[index] = value;
      this.#waiting.delete(index); // it must not be polled again
    }
    return this.#waiting.size === 0 ? this.#values : NOT_READY;
  }
}
// #endregion
