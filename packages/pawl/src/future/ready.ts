/** Futures that need no waiting, and the one that gives others their turn. */
import type { Context } from './context.ts';
import { creations } from './creations.ts';
import { alreadyCompleted, Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';

class Ready<T> extends Future<T> {
  private value: T;
  private done = false;

  constructor(value: T) {
    super();
    this.value = value;
  }

  override poll(_cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted('ready');
    this.done = true;
    return this.value;
  }
}

/**
 * A future that has its value already.
 *
 * @example
 * ```ts
 * import { blockOn, ready } from 'pawl';
 * console.log(blockOn(ready(7))); // 7
 * ```
 */
export function ready<T>(value: T): Future<T> {
  return new Ready(value);
}

class YieldNow extends Future<void> {
  private polls = 0;

  constructor() {
    super();
    if (creations !== null) creations.leaf(this, 'yieldNow()');
  }

  /** @internal */
  get untouched(): boolean {
    return this.polls === 0;
  }

  override poll(cx: Context): Poll<void> {
    if (this.polls === 0) {
      this.polls = 1;
      cx.waker.wake();
      return PENDING;
    }
    if (this.polls === 2) throw alreadyCompleted('yieldNow');
    this.polls = 2;
    return undefined;
  }
}

/**
 * Goes to the end of the ready queue once, so that other tasks, timers and I/O have their turn. Cancelling it is *safe*.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, yieldNow } from 'pawl';
 * const count = coroutine(function* () {
 *   for (let i = 0; i < 1_000_000; i++) if (i % 10_000 === 0) yield* yieldNow();
 *   return 'done';
 * });
 * console.log(blockOn(count())); // done
 * ```
 */
export function yieldNow(): Future<void> {
  return new YieldNow();
}
