/** Reads of a body, as leaf futures: one small object and no closure for each. */
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { busy, checkBytes, type Lease } from '../io/stream.ts';
import { spend } from '../task/budget.ts';
import type { IncomingBody } from './body.ts';

/**
 * An operation that polls a body's source, from the first poll that is not refused until it is done. One at a time; cancelling it drops
 * the waker and leaves what has not been read.
 */
export abstract class BodyOperation<T> extends Future<T> {
  protected readonly body: IncomingBody;
  private begun = false;
  private done = false;

  constructor(body: IncomingBody) {
    super();
    this.body = body;
  }

  /** Marks the body as used; throws BODY_USED. */
  protected abstract begin(): void;
  /** Polls the source. */
  protected abstract step(cx: Context): Poll<T>;

  override poll(cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted('reading a body');
    const { body } = this;
    let value: Poll<T>;
    try {
      if (!this.begun) {
        if (body.user !== null) throw busy('reads this body');
        this.begin();
        this.begun = true;
      }
      value = this.step(cx);
    } catch (error) {
      this.finish();
      throw error;
    }
    if (value === PENDING) body.user = this;
    else this.finish();
    return value;
  }

  private finish(): void {
    this.done = true;
    if (this.body.user === (this as Future<unknown>)) this.body.user = null;
  }

  override cancel(_cx: Context): Poll<void> {
    const left = this.begun && !this.done;
    this.finish();
    if (left) this.leave();
    return undefined;
  }

  /** It was cancelled in the middle: drops the waker. */
  protected leave(): void {
    this.body.source.forgetBody();
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: 'the body of a message', resource: this.body };
  }
}

abstract class Reading extends BodyOperation<number> {
  protected override begin(): void {
    this.body.claimRead();
  }
}

export class BodyRead extends Reading {
  private readonly target: Uint8Array;

  constructor(body: IncomingBody, target: Uint8Array) {
    super(body);
    this.target = target;
  }

  protected override step(cx: Context): Poll<number> {
    const { target } = this;
    // Empty from the start, or its memory has gone while this waited.
    if (target.length === 0) checkBytes(target);
    if (target.length === 0) return 0;
    return spend(cx) ? this.body.source.pollBody(cx, target) : PENDING;
  }
}

/** A read that has memory only while it is polled. */
export class LeasedBodyRead extends Reading {
  private readonly lease: Lease;

  constructor(body: IncomingBody, lease: Lease) {
    super(body);
    this.lease = lease;
  }

  protected override step(cx: Context): Poll<number> {
    if (!spend(cx)) return PENDING;
    let count: Poll<number> = PENDING;
    try {
      count = this.body.source.pollBody(cx, this.lease.take());
    } finally {
      if (count === PENDING || count === 0) this.lease.giveBack();
    }
    return count;
  }
}
