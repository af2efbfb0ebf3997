/**
 * Promised: an answer that a handler has promised. It cannot be cancelled, only be waited for no longer.
 *
 * What must hold: what comes after nobody waits any more is let go of: a body that it carries is cancelled, and a rejection is ignored (the
 * handler was told by `request.signal`).
 */
import type { Waker } from '../../future/context.ts';
import type { Answer } from './answer.ts';

export class Promised {
  private waker: Waker | null;
  settled = false;
  failed = false;
  outcome: unknown = undefined;

  constructor(promise: PromiseLike<Answer>, waker: Waker) {
    this.waker = waker;
    promise.then(
      (value) => this.settle(false, value),
      (error: unknown) => this.settle(true, error),
    );
  }

  private settle(failed: boolean, outcome: unknown): void {
    const { waker } = this;
    if (waker === null) {
      if (!failed) dispose(outcome);
      return;
    }
    this.settled = true;
    this.failed = failed;
    this.outcome = outcome;
    waker.wake();
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.waker = null;
    if (this.settled && !this.failed) dispose(this.outcome);
  }
}

/** Lets go of an answer that will not be sent. */
function dispose(answer: unknown): void {
  const body: unknown = typeof answer === 'object' && answer !== null && 'body' in answer ? answer.body : null;
  if (body instanceof ReadableStream && !body.locked) body.cancel('nobody waits for this answer').catch(() => {});
}
