/**
 * Wrapping: a future that polls another one in changed surroundings, and is otherwise that one.
 *
 * What must hold: dumps and names see through it.
 */
import type { Context } from './context.ts';
import { Future } from './future.ts';
import type { Poll } from './poll.ts';

export abstract class Wrapping<T> extends Future<T> {
  protected readonly inner: Future<T>;
  /** @internal */
  readonly transparent = true;
  private polled = false;

  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }

  /** @internal For dumps. */
  get awaited(): Future<T> {
    return this.inner;
  }

  /** @internal The name of what it wraps. */
  get label(): string {
    return (this.inner as { readonly label?: string }).label ?? this.inner.constructor.name;
  }

  /** Calls `step` in the surroundings. */
  protected abstract within<R>(step: () => R): R;

  override poll(cx: Context): Poll<T> {
    this.polled = true;
    return this.within(() => this.inner.poll(cx));
  }

  override cancel(cx: Context): Poll<void> {
    return this.polled ? this.within(() => this.inner.cancel(cx)) : undefined;
  }
}
