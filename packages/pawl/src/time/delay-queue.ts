/**
 * DelayQueue: values that come out when their time has come, the earliest first.
 *
 * What must hold: no value comes out early, each comes out once, and those of one instant in the order of their insertion. A value is
 * taken only when it is delivered. One timer serves the whole queue, and only while somebody waits: it is set for the earliest value.
 * Insert, remove and reset cost O(log n); every key knows its place in the heap.
 */
import { PawlError } from '../error/index.ts';
import { currentDriver } from '../driver/default.ts';
import { driverOf, type Driver } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, type Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { Queued, WaitList, wakeFirst } from '../future/wait-list.ts';
import { spend } from '../task/budget.ts';
import { CallbackTimer } from '../task/callback-timer.ts';
import { DelayHeap, type DelayKey } from './delay-heap.ts';

/**
 * A queue of values with a time for each. Insert them with a delay, take them with `next` when they are due; until then they can be
 * removed, or given another delay.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, DelayQueue } from 'pawl';
 * const main = coroutine(function* () {
 *   using sessions = new DelayQueue<string>();
 *   sessions.insert('ada', 4);
 *   const grace = sessions.insert('grace', 2);
 *   sessions.reset(grace, 6); // she was active
 *   return [yield* sessions.next(), yield* sessions.next()];
 * });
 * console.log(blockOn(main())); // [ 'ada', 'grace' ]
 * ```
 */
export class DelayQueue<T> implements Disposable {
  private readonly heap = new DelayHeap<T>();
  private readonly waiting = new WaitList<Queued<unknown>>();
  private readonly timer = new CallbackTimer(() => wakeFirst(this.waiting));
  /** The driver that holds the timer. */
  private driver: Driver | null = null;
  /** When the timer fires; Infinity while it is not set. */
  private armedFor = Infinity;
  private closed = false;

  /** Values that have not come out. */
  get size(): number {
    return this.heap.size;
  }

  /** Adds a value that is due in `ms` milliseconds; gives its key. Errors: BAD_ARGUMENT; CLOSED after the queue was disposed of. */
  insert(value: T, ms: number): DelayKey<T> {
    if (this.closed) throw closed();
    const key = this.heap.add(value, dueIn(ms));
    this.changed();
    return key;
  }

  /** Takes a value out before its time. False when it has come out, or was removed. */
  remove(key: DelayKey<T>): boolean {
    const removed = this.heap.remove(key);
    if (removed) this.changed();
    return removed;
  }

  /** Lets a value be due in `ms` milliseconds from now instead. False when it has come out, or was removed. Errors: BAD_ARGUMENT. */
  reset(key: DelayKey<T>, ms: number): boolean {
    const due = dueIn(ms);
    const moved = this.heap.move(key, due);
    if (moved) this.changed();
    return moved;
  }

  /**
   * The next value that is due; waits for one, also while the queue is empty. Several callers are served in their order. Cancelling it
   * *loses its place* among them and no value. Errors: CLOSED when the queue was, or is meanwhile, disposed of.
   */
  next(): Future<T> {
    return new Next<T>(this);
  }

  /** Drops every value; whoever waits gets CLOSED. */
  [Symbol.dispose](): void {
    this.closed = true;
    this.heap.clear();
    this.disarm();
    wakeFirst(this.waiting);
  }

  /** @internal */
  pollNext(cx: Context, waiter: Queued<T>): Poll<T> {
    if (this.closed) {
      this.leave(waiter);
      throw closed();
    }
    const { first } = this.waiting;
    if (first === null || first === waiter) {
      const { top } = this.heap;
      if (top !== null && top.due <= driverOf(cx).now()) {
        if (!spend(cx)) return PENDING;
        this.heap.remove(top);
        this.leave(waiter);
        return top.value;
      }
      this.arm(driverOf(cx), top);
    }
    waiter.standIn(this.waiting, cx.waker);
    return PENDING;
  }

  /** @internal Whoever is first now looks at the queue for itself. */
  leave(waiter: Queued<T>): void {
    waiter.stepOut();
    if (this.waiting.first === null) this.disarm();
    else wakeFirst(this.waiting);
  }

  private changed(): void {
    if ((this.heap.top?.due ?? Infinity) !== this.armedFor) wakeFirst(this.waiting);
  }

  private arm(driver: Driver, top: DelayKey<T> | null): void {
    this.disarm();
    if (top === null) return;
    this.armedFor = top.due;
    this.driver = driver;
    driver.timers.insert(this.timer, top.due);
  }

  private disarm(): void {
    this.armedFor = Infinity;
    this.driver?.timers.cancel(this.timer);
    this.driver = null;
  }
}

class Next<T> extends Queued<T> implements Waiting {
  private readonly queue: DelayQueue<T>;
  private ended = false;

  constructor(queue: DelayQueue<T>) {
    super();
    this.queue = queue;
  }

  override poll(cx: Context): Poll<T> {
    if (this.ended) throw alreadyCompleted('next of a delay queue');
    let value: Poll<T> = PENDING;
    try {
      return (value = this.queue.pollNext(cx, this));
    } finally {
      this.ended = value !== PENDING;
    }
  }

  override cancel(_cx: Context): Poll<void> {
    this.ended = true;
    this.queue.leave(this);
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return { what: `next value of a delay queue of ${this.queue.size}`, resource: this.queue };
  }
}

function dueIn(ms: number): number {
  if (typeof ms !== 'number' || !(ms >= 0))
    throw new PawlError('BAD_ARGUMENT', `a delay is a number of milliseconds, zero or more, got ${String(ms)}`);
  return currentDriver().refresh() + ms;
}

function closed(): PawlError {
  return new PawlError('CLOSED', 'the delay queue has been disposed of');
}
