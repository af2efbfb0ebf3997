/**
 * Handshake: a connection gets TLS, or is closed.
 *
 * What must hold: from the first poll on the connection belongs to it. However it ends but well (a failure, cancellation in any phase) the
 * connection is closed and the session freed; what the peer is to be told of a failure is sent before, as far as the kernel takes it.
 */
import type { SocketAddress } from '../../driver/driver.ts';
import type { TlsSession } from '../../driver/tls.ts';
import type { Context } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo } from '../../future/wait-info.ts';
import { spend } from '../../task/budget.ts';
import { formatAddress } from '../address.ts';
import { busy, type Socket } from '../socket.ts';
import { type ClientHello, HelloReader } from './client-hello.ts';
import { handshakeError, type Party, truncated } from './errors.ts';
import { TlsHandle } from './handle.ts';

/** The stream that TLS is put on. */
export interface Under extends Socket {
  readonly remoteAddress: SocketAddress;
  close(): void;
}

/** What a handshake has made. */
export interface Secured {
  readonly handle: TlsHandle;
  /** A server's: as the client has asked for it. */
  readonly serverName: string | null;
}

/** How a side begins. */
export interface Beginning {
  readonly party: Party;
  /** A server's session depends on the client's hello; a client has none to wait for. */
  readonly hello: HelloReader | null;
  session(hello: ClientHello | null): TlsSession;
}

/** What a step takes of a poll's budget: it computes for as long as some hundred reads. */
const WEIGHT = 16;

const incoming = new Uint8Array(16 * 1024);

export class Handshake extends Future<Secured> {
  private readonly under: Under;
  private readonly beginning: Beginning;
  private handle: TlsHandle | null = null;
  private serverName: string | null = null;
  private started = false;
  private done = false;

  constructor(under: Under, beginning: Beginning) {
    super();
    this.under = under;
    this.beginning = beginning;
  }

  override poll(cx: Context): Poll<Secured> {
    if (this.done) throw alreadyCompleted('a TLS handshake');
    if (!this.started) this.take();
    for (let i = 0; i < WEIGHT; i++) if (!spend(cx)) return PENDING;
    let secured: Poll<Secured>;
    try {
      secured = this.step(cx);
    } catch (error) {
      const told = this.handle === null ? error : handshakeError(error, this.handle.session, this.beginning.party);
      this.drop();
      throw told;
    }
    if (secured !== PENDING) this.done = true;
    return secured;
  }

  /** Drops the stored wakers; a later poll goes on. */
  pause(): void {
    if (this.handle === null) this.under.handle.forget('read');
    else this.handle.forget('read');
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.started && !this.done) this.drop();
    this.done = true;
    return undefined;
  }

  /** Closes the connection, whether it was ever polled or not. */
  drop(): void {
    this.done = true;
    this.pause();
    if (this.handle === null) this.under.close();
    else this.handle.abandon();
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `TLS handshake with ${formatAddress(this.under.remoteAddress)}`, resource: this.under };
  }

  /** Nobody else may use the connection any more. */
  private take(): void {
    const { under } = this;
    if (under.reading || under.writing) {
      this.done = true;
      throw busy(under.reading ? 'read' : 'write');
    }
    this.started = true;
    under.reading = true;
    under.writing = true;
  }

  private step(cx: Context): Poll<Secured> {
    if (this.handle === null && !this.begin(cx)) return PENDING;
    const handle = this.handle as TlsHandle;
    if (handle.pollHandshake(cx) === PENDING) return PENDING;
    return { handle, serverName: this.serverName };
  }

  /** Makes the session, when it is known what for. */
  private begin(cx: Context): boolean {
    const { under, beginning } = this;
    const { hello, party } = beginning;
    if (hello === null) {
      this.open(beginning.session(null), cx);
      return true;
    }
    for (;;) {
      const count = under.handle.pollRead(cx, incoming);
      if (count === PENDING) return false;
      if (count === 0) throw truncated(party, 'before the handshake');
      const said = hello.push(incoming, count);
      if (said === null) continue;
      this.open(beginning.session(said), cx).put(hello.bytes, hello.bytes.length);
      this.serverName = said.serverName;
      return true;
    }
  }

  private open(session: TlsSession, cx: Context): TlsHandle {
    return (this.handle = new TlsHandle(this.under.handle, session, this.beginning.party, cx));
  }
}
