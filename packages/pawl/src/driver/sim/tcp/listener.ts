/**
 * SimTcpListener: a listening socket of a simulated machine.
 *
 * What must hold: connections come out in the order in which their handshakes ended. When its queue is full a further SYN is dropped, so that
 * the peer tries again, as Linux does (net.ipv4.tcp_abort_on_overflow of 0). Those that nobody has accepted are reset at the close.
 */
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import type { SocketAddress, TcpListenerHandle, TcpListenOptions, TcpStreamHandle } from '../../driver.ts';
import type { Bound } from '../address.ts';
import { SimSource } from '../source.ts';
import type { TcpEndpoint } from './endpoint.ts';
import type { NetStack } from './stack.ts';
import { about, SimTcpStream } from './stream.ts';

/** As Node's. */
const DEFAULT_BACKLOG = 511;

export class SimTcpListener extends SimSource implements TcpListenerHandle {
  readonly local: SocketAddress;
  readonly bound: Bound;
  readonly reusePort: boolean;
  private readonly stack: NetStack;
  private readonly backlog: number;
  private readonly queue: TcpEndpoint[] = [];
  /** Connections whose handshake is under way. */
  private opening = 0;

  constructor(stack: NetStack, local: SocketAddress, options: TcpListenOptions) {
    super(stack.driver, 'socket');
    this.stack = stack;
    this.local = local;
    this.backlog = options.backlog ?? DEFAULT_BACKLOG;
    this.bound = { host: local.host, family: local.family, ipv6Only: options.ipv6Only ?? false };
    this.reusePort = options.reusePort ?? false;
  }

  get what(): string {
    return `listener at ${this.local.host}:${this.local.port}`;
  }

  pollAccept(cx: Context): Poll<TcpStreamHandle> {
    this.checkDriver(cx);
    if (this.closed) throw new PawlError('CLOSED', `the ${this.what} has been closed`, about(this.local));
    const [endpoint] = this.queue;
    if (endpoint === undefined) {
      this.storeReader(cx.waker);
      return PENDING;
    }
    if (this.saysAgain(cx.waker, 'read')) return PENDING;
    const stream = new SimTcpStream(this.driver, endpoint, 'accept');
    this.queue.shift();
    endpoint.listener = null;
    return stream;
  }

  forget(): void {
    this.take('read');
  }

  /** The queue takes no more. It has room for one more than the backlog (sk_acceptq_is_full). */
  get full(): boolean {
    return this.queue.length + this.opening > this.backlog;
  }

  /** A handshake begins. */
  opens(endpoint: TcpEndpoint): void {
    this.opening++;
    endpoint.listener = this;
  }

  /** The handshake has come to nothing. */
  lost(endpoint: TcpEndpoint): void {
    this.opening--;
    this.stack.answered(endpoint);
  }

  established(endpoint: TcpEndpoint): void {
    this.opening--;
    this.stack.answered(endpoint);
    if (this.closed) {
      endpoint.reset();
      return;
    }
    this.queue.push(endpoint);
    this.wake('read');
  }

  protected override release(): void {
    this.stack.unlisten(this);
    for (const endpoint of this.queue.splice(0)) {
      endpoint.listener = null;
      if (endpoint.exists) endpoint.reset();
    }
  }
}
