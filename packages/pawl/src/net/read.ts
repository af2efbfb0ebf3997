/**
 * Reads of a connection or a pipe, as leaf futures. The hot path: one small object and no closure for each operation.
 */
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { checkBytes, type Lease } from '../io/stream.ts';
import { spend } from '../task/budget.ts';
import { busy, DONE, NEW, type ReadingSide, WAITING } from './socket.ts';

export abstract class Reading<T> extends Future<T> {
  protected readonly socket: ReadingSide;
  private state = NEW;

  constructor(socket: ReadingSide) {
    super();
    this.socket = socket;
  }

  protected abstract step(cx: Context): Poll<T>;

  override poll(cx: Context): Poll<T> {
    const { socket } = this;
    if (this.state === NEW) {
      if (socket.reading) {
        this.state = DONE;
        throw busy('read', socket.resource);
      }
    } else if (this.state === DONE) throw alreadyCompleted('a read');
    let count: Poll<T>;
    try {
      count = this.step(cx);
    } catch (error) {
      this.end();
      throw error;
    }
    if (count === PENDING) {
      this.state = WAITING;
      socket.reading = true;
    } else this.end();
    return count;
  }

  private end(): void {
    this.state = DONE;
    this.socket.reading = false;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `read from ${this.socket.peerName}`, resource: this.socket };
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.state === WAITING) {
      this.socket.handle.forget('read');
      this.end();
    }
    this.state = DONE;
    return undefined;
  }
}

export class Read extends Reading<number> {
  private readonly target: Uint8Array;

  constructor(socket: ReadingSide, target: Uint8Array) {
    super(socket);
    this.target = target;
  }

  protected override step(cx: Context): Poll<number> {
    const count = spend(cx) ? this.socket.handle.pollRead(cx, this.target) : PENDING;
    // The end of the stream, or a target whose memory has gone while it waited.
    if (count === 0) checkBytes(this.target);
    return count;
  }
}

/** A read that has memory only while it is polled. A handle copies into the target of the poll that completes it, and keeps none. */
export class LeasedRead extends Reading<number> {
  private readonly lease: Lease;

  constructor(socket: ReadingSide, lease: Lease) {
    super(socket);
    this.lease = lease;
  }

  protected override step(cx: Context): Poll<number> {
    if (!spend(cx)) return PENDING;
    const { lease } = this;
    let count: Poll<number> = PENDING;
    try {
      count = this.socket.handle.pollRead(cx, lease.take());
    } finally {
      if (count === PENDING || count === 0) lease.giveBack();
    }
    return count;
  }
}
