/**
 * A listening TCP socket over the reactor.
 *
 * What must hold: a connection that ended before it was accepted is skipped; running out of descriptors or memory is thrown and leaves the
 * listener registered and readable, so that the caller may back off and try again.
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { EAGAIN, errnoName } from '../../sys/errno.ts';
import { READABLE, WRITABLE } from '../../sys/queue/readiness.ts';
import * as socket from '../../sys/socket.ts';
import type { SocketAddress, TcpListenerHandle, TcpListenOptions, TcpStreamHandle } from '../driver.ts';
import type { Reactor } from './reactor.ts';
import { Source } from './source.ts';
import { about, NativeTcpStream } from './tcp-stream.ts';

/** As Node's. The kernel cuts it to net.core.somaxconn. */
const DEFAULT_BACKLOG = 511;

/** Errors of the connection that was next, not of the listener: see "Error handling" in accept(2). */
const CONNECTION_LOST: ReadonlySet<string> = new Set([
  'EINTR',
  'ECONNABORTED',
  'EPROTO',
  'ENOPROTOOPT',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENONET',
  'ENOTSUP',
]);

export class NativeTcpListener extends Source implements TcpListenerHandle {
  readonly local: SocketAddress;

  /** For a descriptor that is not registered yet. */
  constructor(reactor: Reactor, fd: number, local: SocketAddress) {
    super(reactor, fd, READABLE);
    this.local = local;
  }

  get what(): string {
    return `listener at ${this.local.host}:${this.local.port}`;
  }

  pollAccept(cx: Context): Poll<TcpStreamHandle> {
    this.checkDriver(cx);
    if (this.fd < 0) throw new PawlError('CLOSED', `the ${this.what} has been closed`, about(this.local));
    while ((this.state & READABLE) !== 0) {
      const generation = this.readGeneration;
      const accepted = socket.accept(this.fd);
      if (accepted >= 0) return this.#adopt(accepted);
      if (accepted === -EAGAIN) this.clearReadable(generation);
      else if (!CONNECTION_LOST.has(errnoName(-accepted))) {
        throw socket.systemError(accepted, 'accept', about(this.local));
      }
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(): void {
    this.takeReader();
  }

  #adopt(fd: number): NativeTcpStream {
    // A new connection's send buffer is empty. Whether bytes have come already, the first edge says.
    const stream = new NativeTcpStream(this.reactor, fd, WRITABLE, socket.acceptedAddress());
    try {
      this.reactor.register(stream, true);
    } catch (error) {
      stream.close();
      throw error;
    }
    return stream;
  }
}

/** Binds and listens. */
export function listenTcp(reactor: Reactor, address: SocketAddress, options: TcpListenOptions): NativeTcpListener {
  const fd = socket.socket(address.family);
  try {
    if (options.reuseAddr ?? true) socket.setReuseAddr(fd, true);
    if (options.reusePort ?? false) socket.setReusePort(fd, true);
    if (address.family === 6) socket.setIPv6Only(fd, options.ipv6Only ?? false);
    socket.bind(fd, address);
    socket.listen(fd, options.backlog ?? DEFAULT_BACKLOG, address);
    const listener = new NativeTcpListener(reactor, fd, socket.localAddress(fd));
    reactor.register(listener, false);
    return listener;
  } catch (error) {
    socket.close(fd);
    throw error;
  }
}
