/**
 * TcpEndpoint: one end of a connection inside a simulated kernel: handshake, both directions, the end, and the reset (RFC 9293, 3.3.2).
 *
 * What must hold:
 * - It outlives the program's handle: what was written before a close is still sent, and the end after it, for as long as the peer answers.
 * - A close with bytes unread, or with a linger of 0, resets; so do bytes that come when no program is there to read them.
 * - An error is told once, to whichever call comes first, as Linux's `sk_err`.
 */
import type { SocketAddress } from '../../driver.ts';
import { CallEvent, type WorldEvent } from '../event-heap.ts';
import type { SimMachine } from '../machine.ts';
import type { SimErrorCode } from '../system-error.ts';
import type { SimWorld } from '../world.ts';
import { KeepAlive } from './keep-alive.ts';
import type { SimTcpListener } from './listener.ts';
import { TIME_WAIT_MS } from '../ports.ts';
import { Receiver } from './receiver.ts';
import { ACK, FIN, PROBE, RST, Segment, SYN } from './segment.ts';
import { RTO_FIRST, Sender } from './sender.ts';
import type { NetStack } from './stack.ts';
import type { SimTcpStream } from './stream.ts';

export const SYN_SENT = 0;
export const SYN_RECEIVED = 1;
export const OPEN = 2;
export const TIME_WAIT = 3;
export const GONE = 4;

/** net.ipv4.tcp_syn_retries and tcp_synack_retries: 127 and 63 seconds in all. */
const SYN_RETRIES = 6;
const SYN_ACK_RETRIES = 5;

/** net.ipv4.tcp_fin_timeout: how long a closed connection waits for the peer's end, in ms. */
const FIN_TIMEOUT = 60_000;

/** Bytes of the buffers. As Linux's, before it tunes them, the one for sending is larger: whoever fills it waits until somebody has read. */
const SEND_BUFFER = 256 * 1024;
const RECEIVE_BUFFER = 64 * 1024;

/** Bytes of a segment's data: what segmentation offload makes of ten packets. */
const MSS = 14_480;

export class TcpEndpoint {
  readonly stack: NetStack;
  readonly world: SimWorld;
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  /** Undefined: no machine has that address, and nothing that is sent arrives. */
  readonly peerMachine: SimMachine | undefined;
  /** The other end, as soon as it is known. */
  remote: TcpEndpoint | null = null;
  readonly sender: Sender;
  readonly receiver: Receiver;
  state: number;
  /** The program's handle, as long as it is open. */
  stream: SimTcpStream | null = null;
  /** Who is to accept it, until that is done. */
  listener: SimTcpListener | null = null;
  /** The port is this connection's own, not its listener's. */
  ownsPort = false;
  private error: SimErrorCode | null = null;
  /** The program has closed it. */
  orphan = false;
  private tries = 0;
  /** When it was closed for good, after TIME-WAIT. */
  private until = 0;
  private readonly timer: WorldEvent;
  readonly keepAlive: KeepAlive;

  constructor(
    stack: NetStack,
    local: SocketAddress,
    peer: SocketAddress,
    machine: SimMachine | undefined,
    state: number,
  ) {
    this.stack = stack;
    this.world = stack.driver.world;
    this.local = local;
    this.peer = peer;
    this.peerMachine = machine;
    this.state = state;
    this.sender = new Sender(this, SEND_BUFFER, MSS);
    this.receiver = new Receiver(RECEIVE_BUFFER, MSS, this.world.decisions.digest);
    this.timer = new CallEvent(() => this.onTimer());
    this.keepAlive = new KeepAlive(this);
  }

  /** Begins the handshake, or answers its beginning. */
  greet(): void {
    this.transmit(this.state === SYN_SENT ? SYN : SYN | ACK, 0, null);
    this.armRetry(RTO_FIRST * 2 ** this.tries, true);
  }

  transmit(flags: number, seq: number, data: Uint8Array | null): void {
    const { peerMachine, remote, peer, stack } = this;
    if (peerMachine === undefined) return;
    stack.send(new Segment(this, { endpoint: remote, machine: peerMachine, address: peer }, flags, seq, data));
  }

  armRetry(ms: number, restart: boolean): void {
    if (restart || this.timer.place < 0) this.world.events.set(this.timer, this.world.time + ms);
  }

  dropRetry(): void {
    this.world.events.remove(this.timer);
  }

  /** Whether a segment for it finds it. */
  get exists(): boolean {
    return this.state < TIME_WAIT || (this.state === TIME_WAIT && this.world.time < this.until);
  }

  receive(segment: Segment): void {
    const { flags } = segment;
    if ((flags & RST) !== 0) {
      this.wasReset();
      return;
    }
    switch (this.state) {
      case SYN_SENT:
        if ((flags & SYN) !== 0) this.connected(segment);
        return;
      case SYN_RECEIVED:
        if ((flags & SYN) !== 0) {
          this.transmit(SYN | ACK, 0, null);
          return;
        }
        this.dropRetry();
        this.state = OPEN;
        this.listener?.established(this);
        break;
      case TIME_WAIT:
        if ((flags & FIN) !== 0) this.acknowledge();
        return;
    }
    if (this.state === OPEN) this.process(segment);
  }

  private connected(segment: Segment): void {
    this.remote = segment.from;
    this.keepAlive.heard();
    this.state = OPEN;
    this.tries = 0;
    this.dropRetry();
    this.sender.open(segment.edge);
    this.acknowledge();
    this.stream?.wake('write');
  }

  private process(segment: Segment): void {
    const { flags, data } = segment;
    const { sender, receiver } = this;
    this.keepAlive.heard();
    if ((flags & SYN) !== 0) {
      this.acknowledge();
      return;
    }
    if (this.orphan && data !== null && segment.seq + data.length > receiver.next) {
      this.reset();
      return;
    }
    if (sender.acked(segment.ack, segment.edge, data === null && (flags & (FIN | PROBE)) === 0)) {
      // Not for each byte: as Linux, when a third of the buffer is free (sk_stream_is_writeable).
      if (sender.ring.room * 3 >= sender.ring.capacity) this.stream?.wake('write');
    }
    const { answer, news } = receiver.take(segment);
    if (news) this.stream?.wake('read');
    if (answer || (flags & PROBE) !== 0) this.acknowledge();
    if (this.orphan) this.settle();
  }

  acknowledge(): void {
    this.transmit(ACK, this.sender.sequence, null);
  }

  /** The pending error, taken. */
  takeError(): SimErrorCode | null {
    const { error } = this;
    this.error = null;
    return error;
  }

  /** The program ends its own direction. */
  shutdownWrite(): void {
    if (this.state === OPEN) this.sender.finish();
    else this.sender.ending = true;
  }

  /** The program closes it. */
  close(abortive: boolean): void {
    this.stream = null;
    this.keepAlive.stop();
    if (this.state >= TIME_WAIT) return;
    if (this.state === SYN_SENT) this.end(GONE);
    else if (abortive || this.receiver.ring.length > 0) this.reset();
    else {
      this.orphan = true;
      this.sender.finish();
      this.settle();
    }
  }

  /** Ends it at once, and tells the peer. */
  reset(): void {
    this.transmit(RST, this.sender.sequence, null);
    this.end(GONE);
  }

  /** Nothing is told to anybody: the machine has crashed. */
  vanish(): void {
    this.stream = null;
    this.keepAlive.stop();
    this.dropRetry();
    this.state = GONE;
  }

  /** The peer has been silent for too long. */
  timedOut(): void {
    this.fail('ETIMEDOUT');
  }

  private wasReset(): void {
    if (this.state >= TIME_WAIT) return;
    if (this.state === SYN_SENT) this.fail('ECONNREFUSED');
    else this.fail(this.receiver.ended ? 'EPIPE' : 'ECONNRESET');
  }

  private fail(code: SimErrorCode): void {
    this.error = code;
    this.keepAlive.stop();
    this.end(GONE);
    this.stream?.wake('read');
    this.stream?.wake('write');
  }

  private end(state: typeof GONE | typeof TIME_WAIT): void {
    if (this.state === SYN_RECEIVED) this.listener?.lost(this);
    this.state = state;
    this.until = this.world.time + TIME_WAIT_MS;
    this.dropRetry();
    this.sender.ring.clear();
    this.stack.ended(this, state === TIME_WAIT);
  }

  /** An orphan may be through. Whoever ended first waits for late packets (RFC 9293, 3.6.1); simplified: every orphan does. */
  private settle(): void {
    const { sender, receiver } = this;
    if (this.state !== OPEN || !sender.done) return;
    if (receiver.ended) this.end(TIME_WAIT);
    else this.armRetry(FIN_TIMEOUT, false);
  }

  private onTimer(): void {
    if (this.stack.driver.halted) return;
    if (this.state <= SYN_RECEIVED) {
      if (++this.tries <= (this.state === SYN_SENT ? SYN_RETRIES : SYN_ACK_RETRIES)) this.greet();
      else this.timedOut();
    } else if (this.state === OPEN) {
      if (this.orphan && this.sender.done) this.end(GONE);
      else if (!this.sender.retry()) this.timedOut();
    }
  }
}
