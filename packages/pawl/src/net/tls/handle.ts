/**
 * TlsHandle: TLS over a transport, itself a transport.
 *
 * What must hold:
 * - Ciphertext is taken from the transport only when the session has nothing left to decrypt, and nothing is encrypted while ciphertext waits
 *   to be sent: a peer that does not read stops our writing after {@link MOST} bytes, and we hold no more than two transfers of its.
 * - Bytes count as written when they are encrypted: what the kernel does not take of them goes by itself ({@link Outbox}), also after
 *   `close`, for {@link LINGER} ms at the most.
 * - The session is freed, once, by the close; whatever waits is woken then and finds it closed.
 */
import type { Direction, DriverHolder, SocketAddress, TimerEntry } from '../../driver/driver.ts';
import type { TlsSession } from '../../driver/tls.ts';
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Transport } from '../transport.ts';
import { Detached } from './detached.ts';
import { type Party, transferError, truncated } from './errors.ts';
import { Outbox } from './outbox.ts';

/** Three full records of plaintext: their ciphertext fits into one transfer of a socket. */
const MOST = 3 * 16_384;

/** Milliseconds that a closed connection goes on sending what had been written. */
const LINGER = 5000;

/** Bytes from the transport, and several buffers as one; of this thread, for the length of a call. */
const incoming = new Uint8Array(64 * 1024);
const gathered = new Uint8Array(MOST);

export class TlsHandle implements Transport {
  readonly transport: Transport;
  readonly session: TlsSession;
  readonly party: Party;
  readonly outbox: Outbox;
  private isClosed = false;
  /** The handshake's next step is to be taken; otherwise it waits for the peer. */
  private step = true;
  private readEnded = false;
  private writeEnded = false;
  /** What further reads throw; the session, if it is broken, throws for both directions. */
  private failure: unknown = null;
  private broken = false;

  constructor(transport: Transport, session: TlsSession, party: Party, cx: Context) {
    this.transport = transport;
    this.session = session;
    this.party = party;
    this.outbox = new Outbox(transport, session, cx.runtime);
  }

  get local(): SocketAddress {
    return this.transport.local;
  }

  get peer(): SocketAddress {
    return this.transport.peer;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** The handshake's own steps: done, or it needs the transport. Throws as OpenSSL does. */
  pollHandshake(cx: Context): Poll<void> {
    const { session } = this;
    this.enter(cx);
    for (;;) {
      if (this.step) {
        let done: boolean;
        try {
          done = session.handshake();
        } catch (error) {
          this.sendQuietly();
          throw error;
        }
        // A transport that takes no more may still have brought what the peer has to say about it.
        this.sendQuietly();
        if (done) return undefined;
        this.step = false;
      }
      const count = this.transport.pollRead(cx, incoming);
      if (count === PENDING) return PENDING;
      if (count === 0) throw this.cutOff('during the handshake');
      this.put(incoming, count);
    }
  }

  /** Ciphertext that has come some other way. */
  put(bytes: Uint8Array, count: number): void {
    this.session.put(bytes, count);
    this.step = true;
  }

  pollRead(cx: Context, target: Uint8Array): Poll<number> {
    this.enter(cx);
    if (target.length === 0) return 0;
    for (let got = 0; ;) {
      if (this.readEnded) return 0;
      if (this.failure !== null) throw this.failure;
      if (!this.session.starved) {
        const count = this.decrypt(target);
        if (count > 0) return count;
        if (count === 0) {
          this.readEnded = true;
          continue;
        }
        // Bytes that were no data: perhaps the session has something to answer (a key update).
        if (got > 0) this.sendQuietly();
      }
      // What there is to answer goes first, or a peer that does not read would make us answer without end.
      if (!this.outbox.flushed('read', cx.waker)) return PENDING;
      const count = this.transport.pollRead(cx, incoming);
      if (count === PENDING) {
        this.session.rest();
        return PENDING;
      }
      got = count;
      if (count > 0) this.session.put(incoming, count);
      else this.failure = this.cutOff('in the middle');
    }
  }

  pollWrite(cx: Context, source: Uint8Array): Poll<number> {
    this.enter(cx);
    if (source.length === 0) return 0;
    if (this.broken) throw this.failure;
    if (this.writeEnded) throw this.ended();
    if (!this.outbox.flushed('write', cx.waker)) return PENDING;
    const piece = source.length <= MOST ? source : source.subarray(0, MOST);
    try {
      this.session.write(piece);
    } catch (error) {
      throw this.fail(error);
    }
    this.outbox.send();
    return piece.length;
  }

  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number> {
    let length = 0;
    for (const source of sources) {
      const room = MOST - length;
      gathered.set(source.length <= room ? source : source.subarray(0, room), length);
      length = Math.min(length + source.length, MOST);
      if (length === MOST) break;
    }
    return this.pollWrite(cx, gathered.subarray(0, length));
  }

  /** Until all that was written is the kernel's. */
  pollFlush(cx: Context): Poll<void> {
    this.enter(cx);
    return this.outbox.flushed('write', cx.waker) ? undefined : PENDING;
  }

  pollHangup(cx: Context, half?: boolean): Poll<void> {
    this.enter(cx);
    return this.transport.pollHangup(cx, half);
  }

  unrefRead(): void {
    this.transport.unrefRead();
  }

  forget(direction: Direction): void {
    this.outbox.forget(direction);
    // The transport's writer is the outbox, which goes on.
    if (direction === 'read') this.transport.forget('read');
  }

  /** The close_notify ends our side's stream. No FIN follows: not every peer takes one for a half-close. */
  shutdown(how: Direction | 'both'): void {
    if (this.isClosed) throw this.closedError();
    if (how !== 'write') {
      this.readEnded = true;
      this.transport.shutdown('read');
    }
    if (how !== 'read') this.sayGoodbye();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.sayGoodbye();
    this.drain();
    this.session.free();
    if (this.outbox.empty) this.transport.close();
    else this.linger();
  }

  abort(): void {
    if (!this.isClosed) this.transport.abort();
    this.abandon();
  }

  /** Without a word to the peer, and without what has not been sent. */
  abandon(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.drain();
      this.session.free();
    }
    this.outbox.drop();
    this.transport.close();
  }

  private enter(cx: Context): void {
    if (this.isClosed) throw this.closedError();
    this.outbox.runtime = cx.runtime;
  }

  private decrypt(target: Uint8Array): number {
    try {
      return this.session.read(target);
    } catch (error) {
      this.sendQuietly();
      throw this.fail(error);
    }
  }

  /** A reset is told once by the system: a write may have had it. */
  private cutOff(when: string): unknown {
    return this.outbox.failure ?? truncated(this.party, when);
  }

  private fail(error: unknown): unknown {
    this.broken = true;
    this.failure = transferError(error, this.party);
    return this.failure;
  }

  private sayGoodbye(): void {
    if (this.writeEnded || this.broken) return;
    this.writeEnded = true;
    this.session.shutdown();
    this.sendQuietly();
  }

  /** What the session says by itself (an alert, an answer): if the transport fails, the next write is told. */
  private sendQuietly(): void {
    try {
      this.outbox.send();
    } catch {
      // kept by the outbox
    }
  }

  /**
   * Reads what has come and drops it. A socket that is closed with bytes unread resets the connection, and what has been sent may be lost with it: a
   * server's session tickets, which come after the handshake, would do that to a client that only writes, and the word about why a handshake failed would
   * not arrive.
   */
  private drain(): void {
    const { transport } = this;
    const nobody = new Detached({ wake: () => {} }, this.outbox.runtime);
    try {
      // Wakes whoever waits. And what has been shut down is read for sure: whether there is something, no event may have told yet.
      transport.shutdown('read');
      if (transport.pollRead(nobody, incoming) === PENDING) transport.forget('read');
    } catch {
      // the connection has ended already
    }
  }

  private linger(): void {
    const { transport, outbox } = this;
    const { driver } = outbox.runtime as DriverHolder;
    outbox.release();
    const limit: TimerEntry = {
      timerTick: 0,
      timerSlot: -1,
      timerNext: null,
      timerPrev: null,
      onTimer: () => outbox.drop(),
    };
    driver.timers.insert(limit, driver.refresh() + LINGER);
    outbox.onEmpty = () => {
      driver.timers.cancel(limit);
      this.drain();
      transport.close();
    };
  }

  private ended(): PawlError {
    const { host: address, port } = this.peer;
    return new PawlError('EPIPE', 'this side of the TLS connection has been shut down', {
      syscall: 'write',
      address,
      port,
    });
  }

  private closedError(): PawlError {
    const { host: address, port } = this.transport.peer;
    return new PawlError('CLOSED', 'the connection has been closed', { address, port });
  }
}
