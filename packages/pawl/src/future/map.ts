/** Map: a future's value through a plain function. */
import type { Context } from './context.ts';
import { Frame, relink, resume } from './frame.ts';
import type { Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';
import { alreadyCompleted } from './future.ts';

class MapFuture<T, U> extends Frame<U> {
  private apply: ((value: T) => U) | null;
  private readonly source: Future<T>;

  constructor(source: Future<T>, apply: (value: T) => U) {
    super();
    this.source = source;
    this.apply = apply;
  }

  override poll(cx: Context, inner?: boolean): Poll<U> {
    if (this.link !== null && inner !== true) return resume(this, cx);
    const { apply } = this;
    if (apply === null) throw alreadyCompleted('map');
    const again = this.awaited !== null;
    const awaited = (this.awaited ?? this.source) as Future<T>;
    let value: Poll<T>;
    try {
      value = awaited.poll(cx);
    } catch (error) {
      this.awaited = null;
      this.apply = null;
      throw error;
    }
    if (value === PENDING) {
      if (again) return relink(this, inner);
      this.awaited = awaited;
      return PENDING;
    }
    this.awaited = null;
    this.apply = null;
    return apply(value);
  }

  override cancel(cx: Context): Poll<void> {
    this.link = null;
    this.apply = null;
    return this.awaited === null ? undefined : this.awaited.cancel(cx);
  }
}

/**
 * The future's value through `apply`, which runs once, synchronously, when the value is there. Cancelling it cancels the future.
 *
 * @example
 * ```ts
 * import { blockOn, map, ready } from 'pawl';
 * console.log(blockOn(map(ready(20), (n) => n + 1))); // 21
 * ```
 */
export function map<T, U>(future: Future<T>, apply: (value: T) => U): Future<U> {
  return new MapFuture(future, apply);
}
