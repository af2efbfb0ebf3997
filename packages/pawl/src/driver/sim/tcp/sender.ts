/**
 * Sender: the half of a connection's end that takes bytes from the program and gets them to the peer.
 *
 * What must hold: bytes stay in the buffer until they are acknowledged; whatever was lost is sent again, from the first one on, when the
 * retransmission timer fires (RFC 6298) or three acknowledgements said the same (RFC 5681, 3.2). A peer that stays silent over all
 * retries ends the connection. There is no congestion control: what limits a sender is the peer's window and the link.
 */
import type { TcpEndpoint } from './endpoint.ts';
import { Ring } from './ring.ts';
import { ACK, FIN, PROBE } from './segment.ts';

/** Linux's bounds of the retransmission time-out, in ms (TCP_RTO_MIN, TCP_RTO_MAX), and its first (TCP_TIMEOUT_INIT). */
const RTO_MIN = 200;
const RTO_MAX = 120_000;
export const RTO_FIRST = 1000;

/** net.ipv4.tcp_retries2, and tcp_orphan_retries for connections that no program has any more. */
const RETRIES = 15;
const ORPHAN_RETRIES = 8;

export class Sender {
  readonly ring: Ring;
  /** The first number that is not acknowledged, and the first that has not been sent. */
  private acknowledged = 0;
  private next = 0;
  /** The number up to which the peer takes bytes. */
  private edge = 0;
  /** The program has ended its direction. */
  ending = false;
  private finSent = false;
  /** The peer has acknowledged everything, and the end. */
  done = false;
  private retries = 0;
  private duplicates = 0;
  private rto = RTO_FIRST;
  private smoothed = -1;
  private variation = 0;
  /** Whose acknowledgement is timed, and since when; -1 for none. */
  private timed = -1;
  private timedAt = 0;
  private readonly endpoint: TcpEndpoint;
  private readonly mss: number;

  constructor(endpoint: TcpEndpoint, capacity: number, mss: number) {
    this.endpoint = endpoint;
    this.ring = new Ring(capacity);
    this.mss = mss;
  }

  private get end(): number {
    return this.acknowledged + this.ring.length;
  }

  /** Bytes or the end are on their way, or wait for the window. */
  get busy(): boolean {
    return this.ring.length > 0 || (this.ending && !this.done);
  }

  finish(): void {
    if (this.ending) return;
    this.ending = true;
    this.push();
  }

  /** The sequence number of a segment that carries nothing. */
  get sequence(): number {
    return this.next + (this.finSent ? 1 : 0);
  }

  /** The peer takes bytes up to here. */
  open(edge: number): void {
    this.edge = edge;
  }

  /** Sends what may be sent. */
  push(): void {
    const { endpoint, mss, ring } = this;
    const { end } = this;
    while (this.next < end && this.next < this.edge) {
      const count = Math.min(mss, end - this.next, this.edge - this.next);
      const data = ring.copy(this.next - this.acknowledged, count);
      const last = this.ending && this.next + count === end;
      if (this.timed < 0) {
        this.timed = this.next + count;
        this.timedAt = endpoint.world.time;
      }
      endpoint.transmit(last ? ACK | FIN : ACK, this.next, data);
      this.next += count;
      if (last) this.finSent = true;
    }
    if (this.ending && !this.finSent && this.next === end) {
      this.finSent = true;
      endpoint.transmit(ACK | FIN, this.next, null);
    }
    if (this.busy) endpoint.armRetry(this.rto, false);
  }

  /** The peer has acknowledged everything before `ack`, and takes bytes up to `edge`. `bare`: the segment carried nothing else. True when there is more room now. */
  acked(ack: number, edge: number, bare: boolean): boolean {
    const { end } = this;
    const opened = edge > this.edge;
    if (opened) this.edge = edge;
    // A closed window that is confirmed is no silence: the peer lives.
    else if (this.edge <= this.acknowledged) this.retries = 0;
    const fresh = Math.min(ack, end) - this.acknowledged;
    if (fresh > 0 || (ack > end && !this.done)) {
      this.ring.drop(fresh);
      this.acknowledged += fresh;
      this.next = Math.max(this.next, this.acknowledged);
      if (ack > end) this.done = true;
      this.retries = 0;
      this.duplicates = 0;
      this.measure(ack);
      if (this.busy) this.endpoint.armRetry(this.rto, true);
      else this.endpoint.dropRetry();
    } else if (bare && !opened && this.next > this.acknowledged && ++this.duplicates === 3) {
      this.rewind();
    }
    this.push();
    return fresh > 0;
  }

  /** The retransmission timer has fired. False when the peer has been silent for too long. */
  retry(): boolean {
    if (!this.busy) return true;
    if (++this.retries > (this.endpoint.orphan ? ORPHAN_RETRIES : RETRIES)) return false;
    this.rto = Math.min(this.rto * 2, RTO_MAX);
    const closed = this.edge <= this.acknowledged && this.ring.length > 0;
    this.rewind();
    this.push();
    if (closed) this.endpoint.transmit(ACK | PROBE, this.acknowledged, null);
    return true;
  }

  /** Everything that is not acknowledged is to be sent again. */
  private rewind(): void {
    this.next = this.acknowledged;
    this.finSent = false;
    // What is sent twice cannot be timed: nobody knows which one was acknowledged (Karn's algorithm).
    this.timed = -1;
  }

  private measure(ack: number): void {
    if (this.timed < 0 || ack < this.timed) return;
    const sample = this.endpoint.world.time - this.timedAt;
    this.timed = -1;
    if (this.smoothed < 0) {
      this.smoothed = sample;
      this.variation = sample / 2;
    } else {
      this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - sample);
      this.smoothed = 0.875 * this.smoothed + 0.125 * sample;
    }
    this.rto = Math.min(this.smoothed + Math.max(4 * this.variation, RTO_MIN), RTO_MAX);
  }
}
