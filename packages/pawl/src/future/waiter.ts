/**
 * Waiter: a leaf future that is its own node in the queue of what it waits for.
 *
 * What must hold: a waiter is in a list exactly while its state is WAITING. Whoever grants takes it out, so what is handed over belongs
 * to that waiter alone: nobody overtakes it between its wake and its poll, and when it is cancelled in between it gives back what it
 * was granted, or passes it on. Waiting allocates nothing but the future itself: no closure, no entry of a map.
 */
import type { Context, Waker } from './context.ts';
import { alreadyCompleted, Future } from './future.ts';
import { PENDING, type Pending, type Poll } from './poll.ts';
import type { Link, WaitList } from './wait-list.ts';
import { waitInfo, type WaitInfo } from './wait-info.ts';

/** Not in a list: its next poll tries from the start. */
export const NEW = 0;
export const WAITING = 1;
/** Taken out of the list with what it waited for; its next poll hands that out. */
export const GRANTED = 2;
export const DONE = 3;

/** What {@link wakeAll} needs of those who wait. */
export interface Node extends Link {
  wakeAs(state: typeof NEW | typeof GRANTED): void;
}

/** What a waiter needs of its list. */
interface Queue {
  push(waiter: Node): void;
  remove(waiter: Node): void;
}

export abstract class Waiter<out T> extends Future<T> {
  declare state: number;
  declare waker: Waker | null;
  declare before: Link | null;
  declare after: Link | null;

  constructor() {
    super();
    this.state = NEW;
    this.waker = null;
    this.before = null;
    this.after = null;
  }

  /** True until it is polled: asked of those only that never get back to NEW. */
  get untouched(): boolean {
    return this.state === NEW;
  }

  /** The list that it waits in. */
  protected abstract readonly list: Queue;

  /** In state NEW: completes (and sets DONE), or waits by {@link wait}. */
  protected abstract begin(cx: Context): Poll<T>;

  /** In state GRANTED: hands out what was granted. */
  protected abstract take(cx: Context): T;

  /** Cancelled while it waited, already out of the list: whoever stood behind it may be able to go on. */
  protected left(): void {}

  /** Cancelled after it had been granted: what it was given must not be lost. */
  protected giveBack(): void {}

  /** The strands that alone can end its wait, where that is known: for the search for deadlocks. */
  holders(): Waker[] {
    return [];
  }

  /** True when a look at the holders, which costs nothing, says that they can go on. */
  clearlyFree(_isFree: (holder: Waker | null, start: Waker) => boolean, _start: Waker): boolean {
    return true;
  }

  /** It must wait for each holder, so that one who is stuck suffices; else for all of them together. */
  get anyHolder(): boolean {
    return false;
  }

  /** What it waits for is often handed from the task that took it to another. */
  get movable(): boolean {
    return false;
  }

  /** What its {@link waitInfo} is. */
  protected abstract tell(): WaitInfo;

  static {
    // Not a method under its own name: a declaration file can be made of one file alone only if no member has a computed name.
    void Object.defineProperty(this.prototype, waitInfo, {
      value(this: Waiter<unknown>): WaitInfo {
        return this.tell();
      },
    });
  }

  override poll(cx: Context): Poll<T> {
    const { state } = this;
    if (state === NEW) return this.begin(cx);
    if (state === WAITING) {
      this.waker = cx.waker;
      return PENDING;
    }
    if (state === DONE) throw alreadyCompleted(this.constructor.name.toLowerCase());
    this.state = DONE;
    return this.take(cx);
  }

  override cancel(_cx: Context): Poll<void> {
    const { state } = this;
    this.state = DONE;
    this.waker = null;
    if (state === WAITING) {
      this.list.remove(this);
      this.left();
    } else if (state === GRANTED) this.giveBack();
    return undefined;
  }

  protected wait(cx: Context): Pending {
    this.state = WAITING;
    this.waker = cx.waker;
    this.list.push(this);
    return PENDING;
  }

  /** Called by whoever has taken it out of the list and given it what it waited for. */
  grant(): void {
    this.wakeAs(GRANTED);
  }

  /** Called by whoever has taken it out of the list: wakes it in the given state. */
  wakeAs(state: typeof NEW | typeof GRANTED): void {
    const { waker } = this;
    this.state = state;
    this.waker = null;
    waker?.wake();
  }
}

/**
 * Takes out and wakes everybody who waits now. What comes during it (a wake may run code of the user's, through a signal) waits for the
 * next time.
 */
export function wakeAll(list: WaitList<Node>, state: typeof NEW | typeof GRANTED): void {
  for (let left = list.size; left > 0 && list.first !== null; left--) (list.shift() as Node).wakeAs(state);
}
