/**
 * Retained: futures that belong to a source instead of to the `next` that polls them. A cancelled `next` leaves them as they are, and the
 * one after it goes on with them.
 *
 * What must hold: only what was added or woken is polled. Wakes go to whoever polled last, and while they are closed to all who close: each
 * of those is done only when everything has let go. Errors of their cleanup go to one who closes.
 */
import { Branch, type BranchOwner } from '../future/branch.ts';
import type { Context, Waker } from '../future/context.ts';
import { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { combine } from '../future/suppressed.ts';
import type { WaitBranch } from '../future/wait-info.ts';

/** What has become of one of the futures. */
export interface Outcome {
  readonly failed: boolean;
  /** The value or the error. */
  readonly value: unknown;
}

export class Retained implements BranchOwner {
  private context: Context | null = null;
  private waker: Waker | null = null;
  private readonly live = new Set<Branch>();
  private head: Branch | null = null;
  private tail: Branch | null = null;
  /** Those who close, but for the last that polled. */
  private closers: Waker[] = [];
  private errors: unknown[] = [];
  private closing = false;
  private deadline: Disposable | null = null;
  overdue = false;

  get cx(): Context {
    return this.context as Context;
  }

  get size(): number {
    return this.live.size;
  }

  /** Takes a future in; it is polled by the next `poll`. */
  add(index: number, future: Future<unknown>): void {
    const branch = new Branch(this, index, future);
    branch.queued = true;
    this.live.add(branch);
    this.append(branch);
  }

  enqueue(branch: Branch): void {
    this.append(branch);
    this.wake();
  }

  isLive(branch: Branch): boolean {
    return this.live.has(branch);
  }

  collect(error: unknown): void {
    this.errors.push(error);
  }

  /** Polls what was added or woken; what ends leaves, and is told. */
  poll(cx: Context, ended: (index: number, outcome: Outcome) => void): void {
    this.context = cx;
    this.waker = cx.waker;
    let branch = this.head;
    this.head = null;
    this.tail = null;
    while (branch !== null) {
      const next: Branch | null = branch.next;
      branch.next = null;
      branch.queued = false;
      if (this.live.has(branch)) {
        const outcome = step(branch);
        if (outcome !== null) {
          this.live.delete(branch);
          ended(branch.index, outcome);
        }
      }
      branch = next;
    }
  }

  /** Nobody polls for the time being: wakes are kept. */
  rest(): void {
    this.waker = null;
  }

  /** Cancels those of that index, which must let go at once, as a timer does. */
  drop(index: number, cx: Context): void {
    this.context = cx;
    for (const branch of this.live) {
      if (branch.index !== index) continue;
      branch.cancel();
      this.live.delete(branch);
    }
  }

  /** For dumps. */
  branches(name: (index: number) => string): WaitBranch[] {
    return [...this.live].map(({ index, future }) => ({ name: name(index), future }));
  }

  /** Cancels them all, and is done when they have let go. What they throw is thrown then, together. */
  close(): Future<void> {
    return new Closing(this);
  }

  letGo(cx: Context): Poll<void> {
    const { waker } = this;
    // Any of them may be the one that stays.
    if (this.closing && waker !== null && waker !== cx.waker && !this.closers.includes(waker)) this.closers.push(waker);
    this.closing = true;
    this.context = cx;
    this.waker = cx.waker;
    this.head = null;
    this.tail = null;
    for (const branch of this.live) {
      branch.next = null;
      branch.queued = false;
      try {
        if (branch.cancel() === PENDING) {
          if (!branch.overdue) continue;
          branch.reportOverrun('CLEANUP_ABANDONED');
        }
      } catch (error) {
        this.collect(error);
      }
      this.live.delete(branch);
    }
    if (this.live.size === 0) {
      this.deadline?.[Symbol.dispose]();
      this.deadline = null;
      this.waker = null;
      this.wake();
      this.closers = [];
      return undefined;
    }
    this.deadline ??= cx.armCleanup(() => {
      this.overdue = true;
      this.wake();
    });
    return PENDING;
  }

  private wake(): void {
    this.waker?.wake();
    for (const closer of this.closers) closer.wake();
  }

  /** What their cleanups have thrown, once. */
  takeErrors(): unknown[] {
    const { errors } = this;
    this.errors = [];
    return errors;
  }

  private append(branch: Branch): void {
    if (this.tail === null) this.head = branch;
    else this.tail.next = branch;
    this.tail = branch;
  }
}

/** Null while it is pending. */
function step(branch: Branch): Outcome | null {
  try {
    const value = branch.poll();
    return value === PENDING ? null : { failed: false, value };
  } catch (error) {
    return { failed: true, value: error };
  }
}

class Closing extends Future<void> {
  private readonly retained: Retained;

  constructor(retained: Retained) {
    super();
    this.retained = retained;
  }

  override poll(cx: Context): Poll<void> {
    if (this.retained.letGo(cx) === PENDING) return PENDING;
    const errors = this.retained.takeErrors();
    if (errors.length > 0) throw combine(errors);
    return undefined;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.retained.letGo(cx) === PENDING) return PENDING;
    for (const error of this.retained.takeErrors()) cx.collect(error);
    return undefined;
  }
}
