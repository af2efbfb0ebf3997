/**
 * Read: one read of a connection, as a leaf future. The hot path: one small object and no closure for each operation.
 */
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';
import { busy, type Socket } from './socket.ts';

export class Read extends Future<number> {
  private readonly socket: Socket;
  /** Null once it has completed. */
  private target: Uint8Array | null;

  constructor(socket: Socket, target: Uint8Array) {
    super();
    this.socket = socket;
    this.target = target;
  }

  override poll(cx: Context): Poll<number> {
    const { socket, target } = this;
    if (target === null) throw alreadyCompleted('a read');
    const { reader } = socket;
    if (reader !== null && reader !== this) {
      this.target = null;
      throw busy('read');
    }
    let count: Poll<number> = PENDING;
    if (spend(cx)) {
      try {
        count = socket.handle.pollRead(cx, target);
      } catch (error) {
        this.end();
        throw error;
      }
    }
    if (count === PENDING) socket.reader = this;
    else this.end();
    return count;
  }

  private end(): void {
    this.socket.reader = null;
    this.target = null;
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.socket.reader === this) {
      this.socket.handle.forget('read');
      this.end();
    }
    this.target = null;
    return undefined;
  }
}
