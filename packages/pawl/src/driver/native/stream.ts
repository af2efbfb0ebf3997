/**
 * A connected stream socket over the reactor: what TCP's and Unix's have in common.
 *
 * What must hold: a call that needs readiness is tried only while the cache says that it is there; EAGAIN clears the cache and stores the
 * waker. A read that comes back short has emptied the kernel's buffer, so it clears the cache, too, and the next one need not be
 * tried. But what has been closed is always tried: the edge that told so is spent, and nothing else would tell of the end
 * (dotnet/runtime#38747).
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { EAGAIN, EINTR, errnoNumber, type SystemErrorContext } from '../../sys/errno.ts';
import { READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../sys/queue/readiness.ts';
import * as socket from '../../sys/socket.ts';
import type { Direction } from '../driver.ts';
import { Source } from './source.ts';

/**
 * A bit of `state` above those of the readiness: a short read does not mean that there is no more. The kernel cuts reads of a Unix socket where
 * descriptors were sent.
 */
export const CUT = 1024;

/** EPOLLHUP closes both, and so does whatever ends a connection with an error: the kernel shuts both directions then (tcp_done). */
const GONE = READ_CLOSED | WRITE_CLOSED;

const ENOTCONN = errnoNumber('ENOTCONN')!;

export abstract class NativeStream extends Source {
  /** Whom an error was about. */
  protected abstract context(): SystemErrorContext;

  pollRead(cx: Context, target: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    const fd = this.openFd();
    if (target.length === 0) return 0;
    if ((this.state & (READABLE | READ_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.readGeneration;
        const count = socket.recv(fd, target);
        if (count > 0) {
          if (count < target.length && count < socket.TRANSFER_SIZE && (this.state & CUT) === 0)
            this.clearReadable(generation);
          return count;
        }
        if (count === 0) return 0;
        if (count === -EAGAIN) {
          this.clearReadable(generation);
          break;
        }
        if (count !== -EINTR) throw socket.systemError(count, 'read', this.context());
      }
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  pollWrite(cx: Context, source: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    const fd = this.openFd();
    const length = source.length;
    if (length === 0) return 0;
    if ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.writeGeneration;
        const count = socket.send(fd, source);
        if (count >= 0) return this.wrote(count, length, generation);
        if (count === -EAGAIN) {
          this.clearWritable(generation);
          break;
        }
        if (count !== -EINTR) throw socket.systemError(count, 'write', this.context());
      }
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number> {
    this.checkDriver(cx);
    const fd = this.openFd();
    let length = 0;
    for (const source of sources) length += source.length;
    if (length === 0) return 0;
    if ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.writeGeneration;
        const count = socket.sendVectored(fd, sources);
        if (count >= 0) return this.wrote(count, length, generation);
        if (count === -EAGAIN) {
          this.clearWritable(generation);
          break;
        }
        if (count !== -EINTR) throw socket.systemError(count, 'write', this.context());
      }
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollHangup(cx: Context, half = false): Poll<void> {
    this.checkDriver(cx);
    this.openFd();
    if ((this.state & GONE) === GONE || (half && (this.state & READ_CLOSED) !== 0)) return undefined;
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(direction: Direction): void {
    if (direction === 'read') this.takeReader();
    else this.takeWriter();
  }

  shutdown(how: Direction | 'both'): void {
    const result = socket.shutdown(this.openFd(), how);
    // ENOTCONN: the peer has reset the connection; the next read or write says so.
    if (result < 0 && result !== -ENOTCONN) throw socket.systemError(result, 'shutdown', this.context());
    if (how !== 'write') {
      this.state |= READ_CLOSED;
      this.takeReader()?.wake();
    }
    if (how !== 'read') {
      this.state |= WRITE_CLOSED;
      this.takeWriter()?.wake();
    }
  }

  protected openFd(): number {
    if (this.fd < 0) throw new PawlError('CLOSED', `the ${this.what} has been closed`, this.context());
    return this.fd;
  }

  /** A write that comes back short has filled the kernel's buffer. */
  protected wrote(count: number, length: number, generation: number): number {
    if (count < length && count < socket.TRANSFER_SIZE) this.clearWritable(generation);
    return count;
  }
}
