/**
 * A whole body: as bytes, as text, as JSON.
 *
 * What must hold: bytes are gathered in memory that all of the thread's bodies share, as long as they come without waiting; so a body that
 * has come with its head is decoded where it lies, and one that has not begun holds nothing. A body that waits in the middle, or is larger,
 * has memory of its own, never more than twice what has come, or a kilobyte.
 */
import type { Context } from '../future/context.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';
import { HttpError } from './error.ts';
import { BodyOperation } from './body-read.ts';
import type { IncomingBody } from './body.ts';

/** Shared by all: nothing is left in it when a poll has ended. */
export const SCRATCH: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(64 * 1024);
const LEAST = 1024;

abstract class BodyWhole<T> extends BodyOperation<T> {
  private readonly limit: number;
  /** Memory of its own. */
  private own: Uint8Array<ArrayBuffer> | null = null;
  private count = 0;

  constructor(body: IncomingBody, limit: number) {
    super(body);
    this.limit = limit;
  }

  /** The value of the first `count` bytes of memory that is shared. */
  protected abstract ofShared(count: number): T;
  /** The value of the first `count` bytes of memory that is nobody else's. */
  protected abstract ofOwn(bytes: Uint8Array<ArrayBuffer>, count: number): T;

  protected override begin(): void {
    this.body.claim();
    if (this.body.source.length > this.limit) this.refuse();
  }

  protected override step(cx: Context): Poll<T> {
    const { source } = this.body;
    const { length } = source;
    while (this.count !== length) {
      const got = spend(cx) ? source.pollBody(cx, this.room(length)) : PENDING;
      if (got === PENDING) {
        if (this.own === null && this.count > 0) this.move(this.count);
        return PENDING;
      }
      if (got === 0) break;
      this.count += got;
      if (this.count > this.limit) this.refuse();
    }
    const { own } = this;
    this.own = null;
    return own === null ? this.ofShared(this.count) : this.ofOwn(own, this.count);
  }

  /** What has come is lost with it, so nobody can want the rest. */
  protected override leave(): void {
    this.own = null;
    super.leave();
    this.body.discard();
  }

  private refuse(): never {
    this.own = null;
    this.body.discard();
    const message = `the body is longer than the ${this.limit} bytes that were allowed`;
    throw new HttpError('HTTP_BODY_TOO_LARGE', message);
  }

  /** Where the next bytes go. */
  private room(length: number): Uint8Array {
    const { count } = this;
    let { own } = this;
    if (own === null) {
      if (count === 0) return SCRATCH;
      if (count < SCRATCH.length) return SCRATCH.subarray(count);
      own = this.move(count * 2);
    } else if (own.length - count < LEAST && own.length !== length) own = this.move(count * 2);
    return count === 0 ? own : own.subarray(count);
  }

  /** Moves what has come into memory of its own: of `wanted` bytes, but of no more than it can need. */
  private move(wanted: number): Uint8Array<ArrayBuffer> {
    const { count, own } = this;
    const { length } = this.body.source;
    const size = Math.max(wanted, count + LEAST);
    const moved = new Uint8Array(length < 0 ? size : Math.min(size, length));
    moved.set(own === null ? SCRATCH.subarray(0, count) : own.subarray(0, count));
    this.own = moved;
    return moved;
  }
}

export class BodyBytes extends BodyWhole<Uint8Array<ArrayBuffer>> {
  protected override ofShared(count: number): Uint8Array<ArrayBuffer> {
    return copyOf(SCRATCH, count);
  }

  protected override ofOwn(bytes: Uint8Array<ArrayBuffer>, count: number): Uint8Array<ArrayBuffer> {
    // Its buffer is exactly as long as it is: whoever takes `.buffer` finds nothing else there.
    return count === bytes.length ? bytes : copyOf(bytes, count);
  }
}

abstract class BodyDecoded<T> extends BodyWhole<T> {
  protected abstract ofText(text: string): T;

  protected override ofShared(count: number): T {
    return this.ofText(decode(SCRATCH, count));
  }

  protected override ofOwn(bytes: Uint8Array<ArrayBuffer>, count: number): T {
    return this.ofText(decode(Buffer.from(bytes.buffer), count));
  }
}

export class BodyText extends BodyDecoded<string> {
  protected override ofText(text: string): string {
    return text;
  }
}

export class BodyJson<T> extends BodyDecoded<T> {
  protected override ofText(text: string): T {
    return JSON.parse(text) as T;
  }
}

/** "UTF-8 decode" of the Encoding standard: a byte order mark at the beginning is no part of the text. */
export function decode(bytes: Buffer, count: number): string {
  const marked = count >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', marked ? 3 : 0, count);
}

export function copyOf(bytes: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(count);
  copy.set(count === bytes.length ? bytes : bytes.subarray(0, count));
  return copy;
}
