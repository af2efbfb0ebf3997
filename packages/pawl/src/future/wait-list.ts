/**
 * WaitList: futures that wait for the same thing, first come, first served.
 *
 * What must hold: a future is in at most one list, and leaves it in O(1) when it is cancelled. It keeps its own waker; whoever wakes it
 * does not take it out.
 */
import type { Waker } from './context.ts';
import { Future } from './future.ts';

/** A future that can stand in a {@link WaitList}. */
export abstract class Waiter<out T> extends Future<T> {
  /** @internal */
  waker: Waker | null = null;
  /** @internal */
  before: Waiter<unknown> | null = null;
  /** @internal */
  after: Waiter<unknown> | null = null;
  /** @internal */
  list: WaitList | null = null;
}

export class WaitList {
  /** Who came first. */
  first: Waiter<unknown> | null = null;
  private last: Waiter<unknown> | null = null;
  size = 0;

  /** Puts a future at the end, unless it waits already, and keeps its waker. */
  add(waiter: Waiter<unknown>, waker: Waker): void {
    waiter.waker = waker;
    if (waiter.list !== null) return;
    waiter.list = this;
    const { last } = this;
    waiter.before = last;
    if (last === null) this.first = waiter;
    else last.after = waiter;
    this.last = waiter;
    this.size++;
  }

  /** Takes a future out; harmless when it does not wait here. */
  remove(waiter: Waiter<unknown>): void {
    if (waiter.list !== this) return;
    const { before, after } = waiter;
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    waiter.before = null;
    waiter.after = null;
    waiter.list = null;
    waiter.waker = null;
    this.size--;
  }

  wakeFirst(): void {
    this.first?.waker?.wake();
  }
}
