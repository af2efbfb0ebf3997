/**
 * Inbound: the bytes that a connection has received and nobody has consumed yet, and the body that is being read from them.
 *
 * What must hold: bytes leave only together with the message that they belong to. While a poll is under way they may lie in one of the
 * thread's buffers; `rest` moves what is left into memory of the connection's own before the poll returns. Of a body nothing is read ahead
 * of what its reader asks for, beyond what one system call brought.
 */
import { Buffer } from 'node:buffer';
import { driverOf } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Transport } from '../../net/transport.ts';
import { spend } from '../../task/budget.ts';
import type { BodySource } from '../body.ts';
import type { Fields } from '../fields.ts';
import type { BodyDecoder } from '../wire/body-decoder.ts';
import { BUFFER_SIZE, giveBuffer, takeBuffer } from './buffers.ts';

const NOTHING = Buffer.alloc(0);

export class Inbound {
  readonly transport: Transport;
  /** What has come and was not consumed is `bytes[start, end)`. */
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  /** The peer has ended its stream, or the transport has. */
  ended = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Reads once, behind what is there: how many bytes came, 0 at the end of the stream. Throws what the transport throws. */
  fill(cx: Context): Poll<number> {
    if (this.ended) return 0;
    if (!spend(cx)) return PENDING;
    if (this.bytes === NOTHING) {
      const buffer = takeBuffer();
      // Taken for the time of a read that may throw.
      this.bytes = buffer;
      this.start = 0;
      this.end = 0;
      const count = this.transport.pollRead(cx, buffer);
      if (count === PENDING || count === 0) this.release();
      else this.end = count;
      if (count === 0) this.ended = true;
      return count;
    }
    const room = this.room();
    const count = this.transport.pollRead(cx, room);
    if (count === PENDING) return PENDING;
    this.end += count;
    if (count === 0) this.ended = true;
    return count;
  }

  /** Where more bytes go: behind what is buffered, which moves to a larger buffer when there is no room. */
  private room(): Buffer {
    const { bytes, start, end } = this;
    if (end < bytes.length) return bytes.subarray(end);
    const length = end - start;
    if (start > 0 && length <= bytes.length >> 1) {
      bytes.copyWithin(0, start, end);
    } else {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, 1024));
      bytes.copy(this.bytes, 0, start, end);
      giveBuffer(bytes);
    }
    this.start = 0;
    this.end = length;
    return this.bytes.subarray(length);
  }

  /** Bytes `[start, start + count)` belong to a message that has them now. */
  consume(count: number): void {
    this.start += count;
    if (this.start === this.end) this.release();
  }

  /** The poll returns: one of the thread's buffers is given back, and what lies in it is kept in memory of its own. */
  rest(): void {
    const { bytes, start, end } = this;
    if (bytes.length !== BUFFER_SIZE) return;
    if (start === end) {
      this.release();
      return;
    }
    // At least one byte of room, so that its length never looks like a buffer of the thread's.
    const own = Buffer.allocUnsafeSlow(ownSize(end - start));
    bytes.copy(own, 0, start, end);
    giveBuffer(bytes);
    this.bytes = own;
    this.start = 0;
    this.end = end - start;
  }

  /** Nothing of what is buffered is wanted. */
  release(): void {
    giveBuffer(this.bytes);
    this.bytes = NOTHING;
    this.start = 0;
    this.end = 0;
  }
}

/** A head that comes in small pieces should not be copied at each: some room is left. Never the size of the thread's buffers. */
function ownSize(length: number): number {
  const size = Math.max(512, length + (length >> 1));
  return size === BUFFER_SIZE ? size + 1 : size;
}

/** One message's body, as its reader sees it: detached from the connection when the message is over. */
export class InboundBody implements BodySource {
  private inbound: Inbound | null;
  readonly decoder: BodyDecoder;
  readonly length: number;
  /** Called once before the first wait for bytes: a server that was asked to says 100 (Continue). */
  onFirstWait: (() => void) | null = null;
  /** Called when nobody waits for bytes any more who did. */
  onResume: (() => void) | null = null;
  /** Called when the last byte has been decoded. */
  onEnd: (() => void) | null = null;
  /** Content bytes given out, and how many there may be. */
  received = 0;
  readonly limit: number;
  private readonly tooLarge: () => Error;
  /** Who waits for bytes, and since when on the driver's clock. */
  waker: Waker | null = null;
  since = 0;
  /** What came before the message was over and nobody had read by then. */
  private kept: Buffer | null = null;
  /** The connection alone reads now, so many bytes so far: two who wait for one direction would wake each other for ever. */
  private draining = false;
  private drained = 0;
  /** Why there will be no more of it. */
  failure: unknown = undefined;
  failed = false;
  private discarded = false;

  constructor(inbound: Inbound, decoder: BodyDecoder, length: number, limit: number, tooLarge: () => Error) {
    this.inbound = inbound;
    this.decoder = decoder;
    this.length = length;
    this.limit = limit;
    this.tooLarge = tooLarge;
  }

  get trailers(): Fields | null {
    return this.decoder.trailers;
  }

  /** All of it has been decoded. */
  get done(): boolean {
    return this.decoder.done;
  }

  pollBody(cx: Context, target: Uint8Array): Poll<number> {
    const waited = this.waker !== null;
    this.waker = null;
    if (this.failed) throw this.failure;
    const { inbound, decoder, kept } = this;
    if (kept !== null) return this.giveKept(kept, target);
    if (decoder.done) return 0;
    if (this.draining) {
      this.waker = cx.waker;
      return PENDING;
    }
    if (inbound === null) throw new PawlError('CLOSED', 'the connection that the body came over is gone');
    try {
      const count = this.step(cx, inbound, decoder, target);
      if (count === PENDING) {
        inbound.rest();
        this.waker = cx.waker;
        // Whoever is woken for another reason waits on.
        if (!waited) this.since = driverOf(cx).now();
        return PENDING;
      }
      if (waited) this.onResume?.();
      this.received += count;
      if (this.received > this.limit) throw this.tooLarge();
      inbound.rest();
      if (decoder.done) this.onEnd?.();
      return count;
    } catch (error) {
      this.fail(error);
      if (waited) this.onResume?.();
      throw error;
    }
  }

  takeWhole(target: Uint8Array): number {
    const { inbound, decoder, length } = this;
    if (inbound === null || this.failed || this.draining || this.kept !== null || this.received > 0) return -1;
    // Of known length alone: chunks would have to be decoded to know whether they are all there.
    if (length < 0 || length > target.length || length > inbound.length || decoder.done) return -1;
    this.received = decoder.decode(inbound.bytes, inbound.start, inbound.end, target);
    inbound.consume(decoder.consumed);
    this.onEnd?.();
    return this.received;
  }

  private step(cx: Context, inbound: Inbound, decoder: BodyDecoder, target: Uint8Array): Poll<number> {
    for (;;) {
      if (inbound.length > 0) {
        const count = decoder.decode(inbound.bytes, inbound.start, inbound.end, target);
        inbound.consume(decoder.consumed);
        if (count > 0 || decoder.done) return count;
        continue;
      }
      this.beforeFirstWait();
      const { verbatim } = decoder;
      if (verbatim > 0) {
        // Content as it is: from the transport into the reader's memory.
        if (!spend(cx)) return PENDING;
        const count = inbound.transport.pollRead(cx, verbatim < target.length ? target.subarray(0, verbatim) : target);
        if (count === PENDING) return PENDING;
        if (count > 0) {
          decoder.took(count);
          return count;
        }
        inbound.ended = true;
      } else {
        const count = inbound.fill(cx);
        if (count === PENDING) return PENDING;
        if (count > 0) continue;
      }
      decoder.end();
      return 0;
    }
  }

  /** Somebody is about to wait for bytes, or may be. */
  beforeFirstWait(): void {
    this.onFirstWait?.();
    this.onFirstWait = null;
  }

  forgetBody(): void {
    this.waker = null;
    if (this.draining) return;
    this.inbound?.transport.forget('read');
    this.onResume?.();
  }

  discardBody(): void {
    // What is left is taken care of when the message is over.
    this.discarded = true;
    this.kept = null;
  }

  private giveKept(kept: Buffer, target: Uint8Array): number {
    const count = kept.copy(target, 0, 0, target.length);
    this.kept = count === kept.length ? null : kept.subarray(count);
    return count;
  }

  /**
   * Takes what has come and nobody has read when the message is over, so that the next one can begin. It is kept for whoever reads it later:
   * a request may be put aside and looked at after it was answered. False when no more can come of it.
   */
  takeBuffered(): boolean {
    const { inbound, decoder, kept } = this;
    this.draining = true;
    if (this.failed || inbound === null) return false;
    if (decoder.done || inbound.length === 0) return true;
    const piece = Buffer.allocUnsafeSlow(inbound.length);
    let size = 0;
    try {
      // A decoder stops where it has nothing to give, and at the end of its target, which is as large as all that is there.
      while (inbound.length > 0 && !decoder.done) {
        size += decoder.decode(inbound.bytes, inbound.start, inbound.end, piece.subarray(size));
        inbound.consume(decoder.consumed);
      }
    } catch (error) {
      this.fail(error);
      return false;
    }
    if (size > 0 && !this.discarded) {
      this.kept = kept === null ? piece.subarray(0, size) : Buffer.concat([kept, piece.subarray(0, size)]);
    }
    this.drained += size;
    if (size > 0 || decoder.done) this.wake();
    return true;
  }

  /** The same, and reads on: true when the body has ended, false when it is longer than `limit`, or will not end. */
  pollRest(cx: Context, limit: number): Poll<boolean> {
    const { inbound, decoder } = this;
    if (inbound === null) return decoder.done;
    while (this.takeBuffered()) {
      if (decoder.done) return true;
      if (this.drained > limit) return false;
      const count = inbound.fill(cx);
      if (count === PENDING) return PENDING;
      if (count === 0) return false;
    }
    return false;
  }

  /** No byte of it can come any more, for this reason; whoever waits is told. */
  fail(error: unknown): void {
    if (this.failed || this.decoder.done) return;
    this.failed = true;
    this.failure = error;
    this.wake();
  }

  private wake(): void {
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }

  /** The message is over: what was not read is gone, unless all of it has come already. */
  detach(): void {
    this.inbound = null;
    this.onFirstWait = null;
    this.onResume = null;
    this.onEnd = null;
    if (!this.decoder.done) {
      this.fail(new PawlError('CLOSED', 'the exchange that the body belongs to is over'));
    }
  }
}
