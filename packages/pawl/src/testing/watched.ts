/** A future whose suspensions somebody counts. */
import type { Context } from '../future/context.ts';
import { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';

export class Watched<T> extends Future<T> {
  /** @internal Dumps look through it. */
  readonly transparent = true;
  private readonly future: Future<T>;
  private readonly suspended: (future: Future<T>) => void;

  /** `suspended` is called within each poll that has said PENDING. */
  constructor(future: Future<T>, suspended: (future: Future<T>) => void) {
    super();
    this.future = future;
    this.suspended = suspended;
  }

  /** @internal */
  get awaited(): Future<T> {
    return this.future;
  }

  override poll(cx: Context): Poll<T> {
    const value = this.future.poll(cx);
    if (value === PENDING) this.suspended(this.future);
    return value;
  }

  override cancel(cx: Context): Poll<void> {
    return this.future.cancel(cx);
  }
}
