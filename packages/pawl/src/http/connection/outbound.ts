/**
 * Outbound: bytes on their way to the peer, gathered so that what is answered in one poll leaves in one system call.
 *
 * What must hold: bytes leave in the order in which they were put in. Large pieces are not copied: they wait in their owner's memory, and
 * whoever puts one in waits until it has gone before it puts in more. Between polls a buffer is held only while the peer does not read.
 */
import { Buffer } from 'node:buffer';
import { driverOf } from '../../driver/driver.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Transport } from '../../net/transport.ts';
import { spend } from '../../task/budget.ts';
import { BUFFER_SIZE, giveBuffer, takeBuffer } from './buffers.ts';

const NOTHING = Buffer.alloc(0);

/** A piece of at most this size is copied behind what is gathered already. */
export const SMALL: number = 16 * 1024;

export class Outbound {
  private readonly transport: Transport;
  /** What is gathered is `bytes[start, end)`; then comes `tail`. */
  bytes: Buffer = NOTHING;
  private start = 0;
  end = 0;
  private tail: Uint8Array | null = null;
  /** Bytes that the transport has taken, ever. */
  written = 0;
  /** When, on the driver's clock, the peer took something for the last time; since `held`. */
  private since = 0;
  /** A flush has found that the peer does not take what waits. */
  private held = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** True when nothing waits to be written. */
  get empty(): boolean {
    return this.start === this.end && this.tail === null;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.end - this.start + (this.tail?.length ?? 0);
  }

  /** Since when, on the driver's clock, the peer has taken nothing although something waits; Infinity if that is not so. */
  get stalledSince(): number {
    return this.held ? this.since : Infinity;
  }

  /** Enough is gathered to be worth a system call of its own. */
  get full(): boolean {
    return this.end - this.start > BUFFER_SIZE / 2 || this.tail !== null;
  }

  /** Room for `count` bytes: write them into `bytes` from `end` on, and move `end`. */
  reserve(count: number): Buffer {
    if (this.end + count <= this.bytes.length) return this.bytes;
    return this.grow(count);
  }

  private grow(count: number): Buffer {
    const { bytes, start, end } = this;
    if (bytes === NOTHING && count <= BUFFER_SIZE) {
      this.bytes = takeBuffer();
    } else {
      const length = end - start;
      // One byte more than a doubling: its size never looks like that of the thread's buffers.
      this.bytes = Buffer.allocUnsafeSlow(Math.max(length + count, bytes.length * 2) + 1);
      bytes.copy(this.bytes, 0, start, end);
      giveBuffer(bytes);
      this.end = length;
    }
    this.start = 0;
    return this.bytes;
  }

  /** Puts text in that has only characters of latin1. */
  latin1(text: string): void {
    const { length } = text;
    const bytes = this.reserve(length);
    this.end += bytes.write(text, this.end, length, 'latin1');
  }

  /** Puts text in as UTF-8; `length` is its length in bytes. */
  utf8(text: string, length: number): void {
    const bytes = this.reserve(length);
    this.end += bytes.write(text, this.end, length, 'utf8');
  }

  /** Puts bytes in. Large ones are not copied: they must not change until {@link pollFlush} is done. */
  add(piece: Uint8Array): void {
    const { length } = piece;
    if (length > SMALL && this.tail === null) {
      this.tail = piece;
      return;
    }
    const bytes = this.reserve(length);
    bytes.set(piece, this.end);
    this.end += length;
  }

  /** Writes until nothing is left. Throws what the transport throws (EPIPE, ECONNRESET, …). */
  pollFlush(cx: Context): Poll<void> {
    let progress = !this.held;
    while (!this.empty) {
      if (!spend(cx)) return this.hold(cx, progress);
      const count = this.write(cx);
      if (count === PENDING) return this.hold(cx, progress);
      progress = true;
      this.written += count;
      this.took(count);
    }
    this.release();
    return undefined;
  }

  private write(cx: Context): Poll<number> {
    const { bytes, start, end, tail } = this;
    if (tail === null) return this.transport.pollWrite(cx, bytes.subarray(start, end));
    if (start === end) return this.transport.pollWrite(cx, tail);
    return this.transport.pollWriteVectored(cx, [bytes.subarray(start, end), tail]);
  }

  private took(count: number): void {
    const gathered = this.end - this.start;
    if (count <= gathered) {
      this.start += count;
      return;
    }
    this.start = this.end;
    const tail = this.tail as Uint8Array;
    const rest = count - gathered;
    this.tail = rest === tail.length ? null : tail.subarray(rest);
  }

  /** The peer does not read: one of the thread's buffers is exchanged for memory of the connection's own. */
  private hold(cx: Context, progress: boolean): typeof PENDING {
    if (progress) this.since = driverOf(cx).now();
    this.held = true;
    const { bytes, start, end } = this;
    if (bytes.length === BUFFER_SIZE && start < end) {
      const own = Buffer.allocUnsafeSlow(end - start + 1);
      bytes.copy(own, 0, start, end);
      giveBuffer(bytes);
      this.bytes = own;
      this.start = 0;
      this.end = end - start;
    } else if (start === end) this.drop();
    return PENDING;
  }

  /** Gives the buffer back; what lies in its owner's memory goes on waiting. */
  private drop(): void {
    giveBuffer(this.bytes);
    this.bytes = NOTHING;
    this.start = 0;
    this.end = 0;
  }

  /** Drops whatever has not been written. */
  release(): void {
    this.drop();
    this.tail = null;
    this.held = false;
  }
}
