/**
 * WaitList: who waits for the same thing, first come, first served.
 *
 * What must hold: a node is in at most one list, and leaves it in O(1). The links are the nodes' own, so waiting allocates nothing.
 *
 * There are two ways of waiting in it. A `Waiter` (`waiter.ts`) is taken out by whoever has something for it, and then owns that. A
 * {@link Queued} future is only told to look, and keeps its place until it has found something: right where what is there is nobody's
 * until it is polled for (a value of a delay queue may be removed until then).
 */
import type { Waker } from './context.ts';
import { Future } from './future.ts';

/** What a list needs of its nodes. */
export interface Link {
  before: Link | null;
  after: Link | null;
}

export class WaitList<W extends Link> {
  /** Who came first. */
  first: W | null = null;
  private last: W | null = null;
  size = 0;

  push(waiter: W): void {
    const { last } = this;
    if (last === null) this.first = waiter;
    else {
      last.after = waiter;
      waiter.before = last;
    }
    this.last = waiter;
    this.size++;
  }

  /** Takes out the first. */
  shift(): W | null {
    const { first } = this;
    if (first !== null) this.remove(first);
    return first;
  }

  /** Only for one that is in this list. */
  remove(waiter: W): void {
    const { before, after } = waiter;
    if (before === null) this.first = after as W | null;
    else before.after = after;
    if (after === null) this.last = before as W | null;
    else after.before = before;
    waiter.before = null;
    waiter.after = null;
    this.size--;
  }
}

/** A future that is told to look, and takes itself out of the list. */
export abstract class Queued<out T> extends Future<T> implements Link {
  /** @internal That of the last poll. */
  declare waker: Waker | null;
  declare before: Link | null;
  declare after: Link | null;
  declare private list: WaitList<Queued<unknown>> | null;

  constructor() {
    super();
    this.waker = null;
    this.before = null;
    this.after = null;
    this.list = null;
  }

  /** @internal Stands at the end of the list, unless it stands there already, and keeps the waker. */
  standIn(list: WaitList<Queued<unknown>>, waker: Waker): void {
    this.waker = waker;
    if (this.list !== null) return;
    this.list = list;
    list.push(this);
  }

  /** @internal Leaves the list; harmless when it stands in none. */
  stepOut(): void {
    this.list?.remove(this);
    this.list = null;
    this.waker = null;
  }
}

/** Tells the first of a list to look. */
export function wakeFirst(list: WaitList<Queued<unknown>>): void {
  list.first?.waker?.wake();
}
