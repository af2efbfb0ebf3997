/**
 * Read: one read of a connection, as a leaf future. The hot path: one small object and no closure for each operation.
 */
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';
import { busy, DONE, NEW, type Socket, WAITING } from './socket.ts';

export class Read extends Future<number> {
  private readonly socket: Socket;
  private readonly target: Uint8Array;
  private state = NEW;

  constructor(socket: Socket, target: Uint8Array) {
    super();
    this.socket = socket;
    this.target = target;
  }

  override poll(cx: Context): Poll<number> {
    const { socket } = this;
    if (this.state === NEW) {
      if (socket.reading) {
        this.state = DONE;
        throw busy('read');
      }
    } else if (this.state === DONE) throw alreadyCompleted('a read');
    let count: Poll<number> = PENDING;
    if (spend(cx)) {
      try {
        count = socket.handle.pollRead(cx, this.target);
      } catch (error) {
        this.end();
        throw error;
      }
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

  override cancel(_cx: Context): Poll<void> {
    if (this.state === WAITING) {
      this.socket.handle.forget('read');
      this.end();
    }
    this.state = DONE;
    return undefined;
  }
}
