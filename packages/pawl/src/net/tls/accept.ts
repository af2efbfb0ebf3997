/**
 * TlsAccept: the next connection of a TLS listener whose handshake is done, as a leaf future that drives all handshakes of the listener.
 *
 * What must hold: each handshake has a waker of its own, so that only those that can go on are polled, and only a few at a time: one takes as much as
 * half a millisecond of computing. When nobody waits in `accept`, no handshake has a waker stored or a timer running: they go on with the next one.
 */
import { driverOf, type SocketAddress } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo } from '../../future/wait-info.ts';
import { sleep } from '../../time/sleep.ts';
import { formatAddress } from '../address.ts';
import type { TcpListener } from '../listener.ts';
import type { TcpStream } from '../stream.ts';
import { Detached } from './detached.ts';
import type { Handshake } from './handshake.ts';
import { TlsStream } from './stream.ts';

/** Handshakes that take a step in one poll. */
const STEPS = 4;

/** What the accepts of a listener share. */
export interface Accepting {
  readonly tcp: TcpListener;
  readonly handshakeTimeout: number;
  readonly maxHandshakes: number;
  readonly onHandshakeError: (error: unknown, peer: SocketAddress) => void;
  /** Under way, the oldest first. */
  readonly clients: Set<Client>;
  /** The pending accept. */
  acceptor: TlsAccept | null;
  begin(stream: TcpStream): Handshake;
}

/** One client's handshake, which wakes whoever accepts. */
export class Client implements Waker {
  readonly stream: TcpStream;
  readonly handshake: Handshake;
  /** On the driver's clock. */
  readonly deadline: number;
  readonly cx: Detached;
  acceptor: TlsAccept | null = null;
  queued = false;

  constructor(stream: TcpStream, handshake: Handshake, deadline: number, cx: Context) {
    this.stream = stream;
    this.handshake = handshake;
    this.deadline = deadline;
    this.cx = new Detached(this, cx.runtime);
  }

  wake(): void {
    this.acceptor?.enqueue(this);
  }
}

export class TlsAccept extends Future<TlsStream> {
  private readonly listener: Accepting;
  private readonly woken: Client[] = [];
  private connection: Future<TcpStream> | null = null;
  private limit: Future<void> | null = null;
  private waker: Waker | null = null;
  private started = false;
  private done = false;

  constructor(listener: Accepting) {
    super();
    this.listener = listener;
  }

  override poll(cx: Context): Poll<TlsStream> {
    if (this.done) throw alreadyCompleted('an accept');
    if (!this.started) this.start();
    this.waker = cx.waker;
    try {
      const stream = this.step(cx);
      if (stream !== PENDING) this.end(cx);
      return stream;
    } catch (error) {
      this.end(cx);
      throw error;
    }
  }

  override cancel(cx: Context): Poll<void> {
    if (this.started && !this.done) this.end(cx);
    this.done = true;
    return undefined;
  }

  /** A handshake can go on. */
  enqueue(client: Client): void {
    if (client.queued) return;
    client.queued = true;
    this.woken.push(client);
    this.waker?.wake();
  }

  /** The listener has been closed. */
  interrupt(): void {
    this.waker?.wake();
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const { tcp, clients } = this.listener;
    const count = clients.size === 0 ? '' : `, ${clients.size} handshakes under way`;
    return { what: `accept on ${formatAddress(tcp.localAddress)} (TLS)${count}`, resource: this.listener };
  }

  private start(): void {
    const { listener } = this;
    if (listener.acceptor !== null) {
      this.done = true;
      throw new PawlError('BUSY', 'another task accepts from this listener: one at a time may');
    }
    this.started = true;
    listener.acceptor = this;
    for (const client of listener.clients) {
      client.acceptor = this;
      this.enqueue(client);
    }
  }

  private step(cx: Context): Poll<TlsStream> {
    const { listener } = this;
    const clients = listener.clients;
    this.expire(cx, clients);
    for (let steps = 0; ;) {
      const client = this.woken.shift() ?? this.take(cx, clients);
      if (client === null) break;
      client.queued = false;
      if (!clients.has(client)) continue;
      const stream = this.advance(cx, client);
      if (stream !== null) return stream;
      if (++steps < STEPS) continue;
      cx.waker.wake();
      return PENDING;
    }
    this.watch(cx, clients);
    return PENDING;
  }

  /** A new connection, if one has come and there is room. */
  private take(cx: Context, clients: Set<Client>): Client | null {
    const { listener } = this;
    if (clients.size >= listener.maxHandshakes && !listener.tcp.closed) return null;
    this.connection ??= listener.tcp.accept();
    let stream: Poll<TcpStream>;
    try {
      stream = this.connection.poll(cx);
    } catch (error) {
      this.connection = null;
      throw error;
    }
    if (stream === PENDING) return null;
    this.connection = null;
    const deadline = driverOf(cx).now() + listener.handshakeTimeout;
    const client = new Client(stream, listener.begin(stream), deadline, cx);
    client.acceptor = this;
    clients.add(client);
    return client;
  }

  /** One step of a handshake; the stream when it was the last. */
  private advance(cx: Context, client: Client): TlsStream | null {
    const { listener } = this;
    client.cx.runtime = cx.runtime;
    try {
      const secured = client.handshake.poll(client.cx);
      if (secured === PENDING) return null;
      listener.clients.delete(client);
      return new TlsStream(secured.handle, client.stream, secured.serverName);
    } catch (error) {
      listener.clients.delete(client);
      listener.onHandshakeError(error, client.stream.remoteAddress);
      return null;
    }
  }

  private expire(cx: Context, clients: Set<Client>): void {
    const now = driverOf(cx).now();
    const { listener } = this;
    for (const client of clients) {
      if (client.deadline > now) return;
      client.handshake.drop();
      clients.delete(client);
      const { host: address, port } = client.stream.remoteAddress;
      const message = `the TLS handshake of ${address}:${port} took more than ${listener.handshakeTimeout} ms`;
      listener.onHandshakeError(new PawlError('TIMEOUT', message, { address, port }), client.stream.remoteAddress);
    }
  }

  /** Sets the timer for the oldest handshake, if none runs: it may be for one that has ended, and then it is set again. */
  private watch(cx: Context, clients: Set<Client>): void {
    for (;;) {
      if (this.limit === null) {
        const [oldest] = clients;
        if (oldest === undefined) return;
        this.limit = sleep(Math.max(oldest.deadline - driverOf(cx).now(), 0));
      }
      if (this.limit.poll(cx) === PENDING) return;
      this.limit = null;
      this.expire(cx, clients);
    }
  }

  private end(cx: Context): void {
    const { listener } = this;
    this.done = true;
    this.waker = null;
    listener.acceptor = null;
    this.connection?.cancel(cx);
    this.limit?.cancel(cx);
    for (const client of listener.clients) {
      client.acceptor = null;
      client.queued = false;
      client.handshake.pause();
    }
  }
}
