/**
 * Branch: the context of one future among several that a combinator polls at once.
 *
 * What must hold: each pending branch has a waker of its own, so one wake queues that branch and its task, and only woken branches
 * are polled (with one shared waker, joining 30,000 costs seconds). Wakes of one branch merge while it is queued.
 */
import type { Context, RuntimeRef, Waker } from './context.ts';
import type { Future } from './future.ts';
import type { Poll } from './poll.ts';
import { current, setCurrent, setWakerTaken } from './register.ts';

/** What a branch needs of the combinator that owns it. */
export interface BranchOwner {
  /** The context that polls the combinator. */
  readonly cx: Context;
  /** True once the cleanup deadline of the losers has passed. */
  readonly overdue: boolean;
  /** A branch has been woken and is not yet queued. */
  enqueue(branch: Branch): void;
  /** True while the branch's future is pending. */
  isLive(branch: Branch): boolean;
  collect(error: unknown): void;
}

export class Branch implements Context, Waker {
  readonly owner: BranchOwner;
  /** Which of the combinator's futures it polls. */
  index: number;
  future: Future<unknown>;
  queued = false;
  /** The next woken branch. */
  next: Branch | null = null;

  constructor(owner: BranchOwner, index: number, future: Future<unknown>) {
    this.owner = owner;
    this.index = index;
    this.future = future;
  }

  get waker(): Waker {
    setWakerTaken(true);
    return this;
  }

  get runtime(): RuntimeRef {
    return this.owner.cx.runtime;
  }

  get task(): object {
    return this.owner.cx.task;
  }

  get overdue(): boolean {
    return this.owner.overdue || this.owner.cx.overdue;
  }

  /** False once its future has ended: what it held belongs to whoever awaits the combinator. */
  get live(): boolean {
    return this.owner.isLive(this);
  }

  wake(): void {
    if (this.queued) return;
    this.queued = true;
    this.owner.enqueue(this);
  }

  nursery(): unknown {
    return this.owner.cx.nursery();
  }

  collect(error: unknown): void {
    this.owner.collect(error);
  }

  armCleanup(expired: () => void): Disposable {
    return this.owner.cx.armCleanup(expired);
  }

  reportOverrun(code: 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED'): void {
    this.owner.cx.reportOverrun(code);
  }

  poll(): Poll<unknown> {
    const previous = current;
    setCurrent(this);
    try {
      return this.future.poll(this);
    } finally {
      setCurrent(previous);
    }
  }

  cancel(): Poll<void> {
    const previous = current;
    setCurrent(this);
    try {
      return this.future.cancel(this);
    } finally {
      setCurrent(previous);
    }
  }
}
