/**
 * What every operation of a socket for datagrams is: a leaf future that has one direction of the socket to itself, from its first PENDING to its end.
 *
 * What must hold: a second one in that direction fails with BUSY at its first poll, and the first goes on unharmed.
 */
import type { Direction } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { busy, DONE, NEW, WAITING } from './socket.ts';

/** What operations need of their socket. */
export interface DatagramSocket {
  readonly handle: { forget(direction: Direction): void };
  /** An operation waits in that direction. */
  reading: boolean;
  writing: boolean;
}

export abstract class DatagramOperation<S extends DatagramSocket, T> extends Future<T> {
  declare protected readonly socket: S;
  declare private state: number;

  constructor(socket: S) {
    super();
    this.socket = socket;
    this.state = NEW;
  }

  protected abstract readonly direction: Direction;

  protected abstract step(cx: Context): Poll<T>;

  protected abstract tell(): string;

  override poll(cx: Context): Poll<T> {
    const { state, direction, socket } = this;
    if (state === NEW) {
      if (direction === 'read' ? socket.reading : socket.writing) {
        this.state = DONE;
        throw busy(direction, 'socket');
      }
    } else if (state === DONE) throw alreadyCompleted(direction === 'read' ? 'a receive' : 'a send');
    let result: Poll<T>;
    try {
      result = spend(cx) ? this.step(cx) : PENDING;
    } catch (error) {
      this.end();
      throw error;
    }
    if (result !== PENDING) this.end();
    else if (this.state === NEW) {
      this.state = WAITING;
      this.mark(true);
    }
    return result;
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.state === WAITING) this.socket.handle.forget(this.direction);
    this.end();
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: this.tell(), resource: this.socket };
  }

  private end(): void {
    if (this.state === WAITING) this.mark(false);
    this.state = DONE;
  }

  private mark(waits: boolean): void {
    if (this.direction === 'read') this.socket.reading = waits;
    else this.socket.writing = waits;
  }
}
