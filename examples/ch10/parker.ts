/**
 * Two ways for a thread to sleep until another wakes it, in shared memory.
 *
 * What must hold, for the second: a wake-up that comes before the sleep is kept, one at most, and the next sleep takes it.
 */

/** One word of shared memory. */
export type Cell = Int32Array<SharedArrayBuffer>;

export function cell(): Cell {
  return new Int32Array(new SharedArrayBuffer(4));
}

// #region bare
/** Sleeps until notified, and has no memory: a notification that nobody sleeps through is gone. */
export class BarePark {
  readonly #cell: Cell;

  constructor(shared: Cell) {
    this.#cell = shared;
  }

  park(boundMs: number): boolean {
    return Atomics.wait(this.#cell, 0, 0, boundMs) === 'ok';
  }

  unpark(): void {
    Atomics.notify(this.#cell, 0);
  }
}
// #endregion

// #region parker
/** The notification is a flag first, and only then a notification: who comes to sleep looks at the flag. */
export class Parker {
  readonly #cell: Cell;

  constructor(shared: Cell) {
    this.#cell = shared;
  }

  park(boundMs: number): boolean {
    // Not an `if`: a wait may end although the flag has been taken since.
    while (Atomics.exchange(this.#cell, 0, 0) === 0) {
      if (Atomics.wait(this.#cell, 0, 0, boundMs) === 'timed-out') return false;
    }
    return true;
  }

  unpark(): void {
    Atomics.store(this.#cell, 0, 1);
    Atomics.notify(this.#cell, 0);
  }
}
// #endregion
