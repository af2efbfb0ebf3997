/**
 * Promised: an answer that a handler has promised. It cannot be cancelled, only be waited for no longer.
 *
 * What must hold: what comes after nobody waits any more is let go of: a body that it carries is cancelled, and a rejection is ignored (the
 * handler was told by `request.signal`).
 */
import type { Context, Waker } from '../../future/context.ts';
import { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Answer } from './answer.ts';
import { discardAnswer } from './handled.ts';

export class Promised extends Future<Answer> {
  private waker: Waker | null = null;
  private abandoned = false;
  private settled = false;
  private failed = false;
  private outcome: unknown = undefined;

  private readonly letGo: (future: Future<unknown>) => void;

  constructor(promise: PromiseLike<Answer>, letGo: (future: Future<unknown>) => void) {
    super();
    this.letGo = letGo;
    // A thenable that is no promise may throw, call back at once or twice: it is made one. A promise stays the one that it is.
    Promise.resolve(promise).then(
      (value) => this.settle(false, value),
      (error: unknown) => this.settle(true, error),
    );
  }

  private settle(failed: boolean, outcome: unknown): void {
    if (this.abandoned) {
      if (!failed) discardAnswer(outcome, this.letGo);
      return;
    }
    this.settled = true;
    this.failed = failed;
    this.outcome = outcome;
    this.waker?.wake();
  }

  override poll(cx: Context): Poll<Answer> {
    if (!this.settled) {
      this.waker = cx.waker;
      return PENDING;
    }
    if (this.failed) throw this.outcome;
    return this.outcome as Answer;
  }

  /** Nobody waits for it any more. */
  override cancel(_cx?: Context): Poll<void> {
    if (!this.abandoned && this.settled && !this.failed) discardAnswer(this.outcome, this.letGo);
    this.abandoned = true;
    this.waker = null;
    return undefined;
  }
}
