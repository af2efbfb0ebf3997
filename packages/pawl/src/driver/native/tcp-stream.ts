/**
 * A TCP connection over the reactor.
 *
 * What must hold: a call that needs readiness is tried only while the cache says that it is there; EAGAIN clears the cache and stores the
 * waker. A read that comes back short has emptied the kernel's buffer, so it clears the cache, too, and the next one need not be
 * tried. But what has been closed is always tried: the edge that told so is spent, and nothing else would tell of the end
 * (dotnet/runtime#38747).
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { EAGAIN, EINPROGRESS, EINTR, errnoNumber } from '../../sys/errno.ts';
import { READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../sys/queue/readiness.ts';
import * as socket from '../../sys/socket.ts';
import type { Direction, SocketAddress, TcpConnectOptions, TcpStreamHandle } from '../driver.ts';
import type { Reactor } from './reactor.ts';
import { Source } from './source.ts';

/** A bit of `state` above those of the readiness: the handshake has not ended. */
const CONNECTING = 256;

/** EPOLLHUP closes both, and so does whatever ends a connection with an error: the kernel shuts both directions then (tcp_done). */
const GONE = READ_CLOSED | WRITE_CLOSED;

const ENOTCONN = errnoNumber('ENOTCONN')!;

export class NativeTcpStream extends Source implements TcpStreamHandle {
  readonly peer: SocketAddress;
  #local: SocketAddress | null = null;

  /** For a descriptor that is not registered yet. */
  constructor(reactor: Reactor, fd: number, state: number, peer: SocketAddress) {
    super(reactor, fd, state);
    this.peer = peer;
  }

  get what(): string {
    return `connection to ${this.peer.host}:${this.peer.port}`;
  }

  get local(): SocketAddress {
    this.#local ??= socket.localAddress(this.#open());
    return this.#local;
  }

  pollConnect(cx: Context): Poll<void> {
    this.checkDriver(cx);
    const fd = this.#open();
    if ((this.state & CONNECTING) === 0) return undefined;
    if ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      const generation = this.writeGeneration;
      const errno = socket.socketError(fd);
      if (errno !== 0) {
        this.close();
        throw socket.systemError(errno, 'connect', about(this.peer));
      }
      if (isConnected(fd)) {
        this.state &= ~CONNECTING;
        return undefined;
      }
      this.clearWritable(generation);
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollRead(cx: Context, target: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    const fd = this.#open();
    if (target.length === 0) return 0;
    if ((this.state & (READABLE | READ_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.readGeneration;
        const count = socket.recv(fd, target);
        if (count > 0) {
          if (count < target.length && count < socket.TRANSFER_SIZE) this.clearReadable(generation);
          return count;
        }
        if (count === 0) return 0;
        if (count === -EAGAIN) {
          this.clearReadable(generation);
          break;
        }
        if (count !== -EINTR) throw socket.systemError(count, 'read', about(this.peer));
      }
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  pollWrite(cx: Context, source: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    const fd = this.#open();
    const length = source.length;
    if (length === 0) return 0;
    if ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.writeGeneration;
        const count = socket.send(fd, source);
        if (count >= 0) return this.#wrote(count, length, generation);
        if (count === -EAGAIN) {
          this.clearWritable(generation);
          break;
        }
        if (count !== -EINTR) throw socket.systemError(count, 'write', about(this.peer));
      }
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number> {
    this.checkDriver(cx);
    const fd = this.#open();
    let length = 0;
    for (const source of sources) length += source.length;
    if (length === 0) return 0;
    if ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.writeGeneration;
        const count = socket.sendVectored(fd, sources);
        if (count >= 0) return this.#wrote(count, length, generation);
        if (count === -EAGAIN) {
          this.clearWritable(generation);
          break;
        }
        if (count !== -EINTR) throw socket.systemError(count, 'write', about(this.peer));
      }
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollHangup(cx: Context, half = false): Poll<void> {
    this.checkDriver(cx);
    this.#open();
    if ((this.state & GONE) === GONE || (half && (this.state & READ_CLOSED) !== 0)) return undefined;
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(direction: Direction): void {
    if (direction === 'read') this.takeReader();
    else this.takeWriter();
  }

  shutdown(how: Direction | 'both'): void {
    const result = socket.shutdown(this.#open(), how);
    // ENOTCONN: the peer has reset the connection; the next read or write says so.
    if (result < 0 && result !== -ENOTCONN) throw socket.systemError(result, 'shutdown', about(this.peer));
    if (how !== 'write') {
      this.state |= READ_CLOSED;
      this.takeReader()?.wake();
    }
    if (how !== 'read') {
      this.state |= WRITE_CLOSED;
      this.takeWriter()?.wake();
    }
  }

  setNoDelay(on: boolean): void {
    socket.setNoDelay(this.#open(), on);
  }

  setKeepAlive(on: boolean, delay?: number, interval?: number, probes?: number): void {
    socket.setKeepAlive(this.#open(), on, delay, interval, probes);
  }

  setLinger(seconds: number | undefined): void {
    socket.setLinger(this.#open(), seconds);
  }

  abort(): void {
    if (this.fd < 0) return;
    socket.setLinger(this.fd, 0);
    this.close();
  }

  #open(): number {
    if (this.fd < 0) throw new PawlError('CLOSED', 'the connection has been closed', about(this.peer));
    return this.fd;
  }

  /** A write that comes back short has filled the kernel's buffer. */
  #wrote(count: number, length: number, generation: number): number {
    if (count < length && count < socket.TRANSFER_SIZE) this.clearWritable(generation);
    return count;
  }
}

/** Starts to connect. What fails at once is thrown; what fails later comes from `pollConnect`. */
export function connectTcp(reactor: Reactor, address: SocketAddress, options: TcpConnectOptions): NativeTcpStream {
  const fd = socket.socket(address.family);
  const stream = new NativeTcpStream(reactor, fd, CONNECTING, address);
  try {
    if (options.local !== undefined) socket.bind(fd, options.local);
    const result = socket.connect(fd, address);
    if (result === 0) stream.state = WRITABLE;
    else if (result !== -EINPROGRESS) throw socket.systemError(result, 'connect', about(address));
    reactor.register(stream, true);
  } catch (error) {
    stream.close();
    throw error;
  }
  return stream;
}

/** The context of an error: whom it was about. */
export function about(address: SocketAddress): { address: string; port: number } {
  return { address: address.host, port: address.port };
}

/** An edge may come before the handshake has ended; only a connected socket knows its peer. */
function isConnected(fd: number): boolean {
  try {
    socket.peerAddress(fd);
    return true;
  } catch (error) {
    if (error instanceof PawlError && error.code === 'ENOTCONN') return false;
    throw error;
  }
}
