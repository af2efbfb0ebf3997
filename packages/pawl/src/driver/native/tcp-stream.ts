/**
 * A TCP connection over the reactor.
 *
 * What must hold: it is connected once the handshake has ended, which the socket alone knows: an edge may come before.
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { EINPROGRESS } from '../../sys/errno.ts';
import { WRITABLE, WRITE_CLOSED } from '../../sys/queue/readiness.ts';
import * as socket from '../../sys/socket.ts';
import type { SocketAddress, TcpConnectOptions, TcpStreamHandle } from '../driver.ts';
import type { Reactor } from './reactor.ts';
import { NativeStream } from './stream.ts';

/** A bit of `state` above those of the readiness: the handshake has not ended. */
const CONNECTING = 256;

export class NativeTcpStream extends NativeStream implements TcpStreamHandle {
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
    this.#local ??= socket.localAddress(this.openFd());
    return this.#local;
  }

  pollConnect(cx: Context): Poll<void> {
    this.checkDriver(cx);
    const fd = this.openFd();
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

  setNoDelay(on: boolean): void {
    socket.setNoDelay(this.openFd(), on);
  }

  setKeepAlive(on: boolean, delay?: number, interval?: number, probes?: number): void {
    socket.setKeepAlive(this.openFd(), on, delay, interval, probes);
  }

  setLinger(seconds: number | undefined): void {
    socket.setLinger(this.openFd(), seconds);
  }

  abort(): void {
    if (this.fd < 0) return;
    socket.setLinger(this.fd, 0);
    this.close();
  }

  protected override context(): { address: string; port: number } {
    return about(this.peer);
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
