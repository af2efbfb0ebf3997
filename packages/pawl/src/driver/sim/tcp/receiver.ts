/**
 * Receiver: the half of a connection's end that takes bytes from the wire and gives them to the program.
 *
 * What must hold: bytes are given out once and in order. What comes out of order is dropped and asked for again by acknowledging what is there.
 * The window that was offered is never taken back, and never more than the buffer holds.
 */
import type { Digest } from '../digest.ts';
import { Ring } from './ring.ts';
import { FIN, type Segment } from './segment.ts';

export class Receiver {
  readonly ring: Ring;
  /** The number that comes next. */
  next = 0;
  /** The peer's FIN has come. */
  ended = false;
  private edge: number;
  private readonly mss: number;
  private readonly digest: Digest;

  constructor(capacity: number, mss: number, digest: Digest) {
    this.ring = new Ring(capacity);
    this.edge = capacity;
    this.mss = mss;
    this.digest = digest;
  }

  /** True when the segment had something in it, or is out of order: it wants an acknowledgement. `news` says whether anything came. */
  take(segment: Segment): { readonly answer: boolean; readonly news: boolean } {
    const { seq, data } = segment;
    const length = data === null ? 0 : data.length;
    const ends = (segment.flags & FIN) !== 0;
    if (length === 0 && !ends) return NOTHING;
    const known = this.next - seq;
    if (known < 0 || this.ended) return OLD;
    let news = false;
    if (data !== null && length > known) {
      const count = this.ring.write(data.subarray(known, known + this.edge - this.next));
      this.digest.bytes(data.subarray(known, known + count));
      this.next += count;
      news = count > 0;
    }
    if (ends && this.next === seq + length) {
      this.ended = true;
      this.next++;
      news = true;
    }
    return news ? NEWS : OLD;
  }

  /** Moves bytes to the program, and says how many. */
  read(target: Uint8Array, count: number): number {
    return this.ring.read(target, count);
  }

  /** The window has opened so far that the peer is to be told (RFC 9293, 3.8.6.2.2). */
  get opened(): boolean {
    const { ring } = this;
    return !this.ended && this.next + ring.room - this.edge >= Math.min(this.mss, ring.capacity >> 1);
  }

  /** The number up to which the peer may send, as it is told now. */
  advertise(): number {
    const edge = this.next + this.ring.room;
    if (edge > this.edge) this.edge = edge;
    return this.edge;
  }
}

const NOTHING = { answer: false, news: false };
const OLD = { answer: true, news: false };
const NEWS = { answer: true, news: true };
