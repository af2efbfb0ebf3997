/**
 * The operations of a buffered reader, as leaf futures over its buffer.
 *
 * What must hold: an operation looks at what is buffered, and asks the reader for more only if that is not enough. It takes bytes out of
 * the buffer in the poll that completes it, never before.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Pending, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { busy, unexpectedEnd } from './stream.ts';

abstract class BufferedOperation<T> extends Future<T> {
  protected readonly buffer: ReadBuffer;
  /** @internal For dumps: the read that is under way. */
  awaited: Future<number> | null = null;
  private done = false;

  constructor(buffer: ReadBuffer) {
    super();
    this.buffer = buffer;
  }

  /** The value, if what is buffered is enough; else PENDING. */
  protected abstract take(): Poll<T>;

  /** The stream has ended and what is buffered is not enough: the value, or the error. */
  protected abstract atEnd(): T;

  override poll(cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted('an operation of a buffered reader');
    const { buffer } = this;
    if (buffer.user !== null && buffer.user !== (this as Future<unknown>)) {
      this.done = true;
      throw busy('uses this reader');
    }
    let value: Poll<T>;
    try {
      value = this.step(cx);
    } catch (error) {
      this.finish();
      throw error;
    }
    if (value === PENDING) buffer.user = this;
    else this.finish();
    return value;
  }

  private step(cx: Context): Poll<T> {
    const { buffer } = this;
    for (;;) {
      if (this.awaited === null) {
        if (!spend(cx)) return PENDING;
        const value = this.take();
        if (value !== PENDING) return value;
        this.awaited = buffer.read();
      }
      const count = this.awaited.poll(cx);
      if (count === PENDING) return PENDING;
      this.awaited = null;
      if (count === 0) return this.atEnd();
      buffer.end += count;
    }
  }

  private finish(): void {
    this.awaited = null;
    this.buffer.user = null;
    this.done = true;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.buffer.user === (this as Future<unknown>)) {
      if (this.awaited !== null && this.awaited.cancel(cx) === PENDING) return PENDING;
      this.finish();
    }
    this.done = true;
    return undefined;
  }

  /** Copies bytes out of the buffer and drops them there. */
  protected takeBytes(count: number): Uint8Array {
    const { buffer } = this;
    const { bytes, start } = buffer;
    buffer.start = start + count;
    return bytes === null ? new Uint8Array(0) : bytes.slice(start, start + count);
  }

  protected get available(): number {
    return this.buffer.length;
  }
}

export class Fill extends BufferedOperation<number> {
  private before = -1;

  protected override take(): Poll<number> {
    if (this.before < 0) {
      this.before = this.available;
      return PENDING;
    }
    return this.available === this.before ? PENDING : this.available - this.before;
  }

  protected override atEnd(): number {
    return 0;
  }
}

export class ReadSome extends BufferedOperation<number> {
  private readonly target: Uint8Array;

  constructor(buffer: ReadBuffer, target: Uint8Array) {
    super(buffer);
    this.target = target;
  }

  protected override take(): Poll<number> {
    const { target, buffer } = this;
    if (target.length === 0) return 0;
    const { bytes, start, end } = buffer;
    if (bytes === null || start === end) return PENDING;
    const count = Math.min(target.length, end - start);
    target.set(bytes.subarray(start, start + count));
    buffer.start = start + count;
    return count;
  }

  protected override atEnd(): number {
    return 0;
  }
}

export class ReadExactly extends BufferedOperation<Uint8Array> {
  private readonly count: number;

  constructor(buffer: ReadBuffer, count: number) {
    super(buffer);
    this.count = count;
  }

  protected override take(): Poll<Uint8Array> {
    return this.available < this.count ? PENDING : this.takeBytes(this.count);
  }

  protected override atEnd(): never {
    throw unexpectedEnd(this.available, `the ${this.count} that were asked for`);
  }
}

export class ReadToEnd extends BufferedOperation<Uint8Array> {
  private readonly limit: number;

  constructor(buffer: ReadBuffer, limit: number) {
    super(buffer);
    this.limit = limit;
  }

  protected override take(): Pending {
    if (this.available > this.limit) throw tooLong('the stream', this.limit);
    return PENDING;
  }

  protected override atEnd(): Uint8Array {
    return this.takeBytes(this.available);
  }
}

export class ReadUntil extends BufferedOperation<Uint8Array | null> {
  private readonly delimiter: Uint8Array;
  private readonly limit: number;
  /** The end of the stream ends the last item too. */
  private readonly endEnds: boolean;
  /** Bytes of the item that cannot be the delimiter's begin. */
  private searched = 0;

  constructor(buffer: ReadBuffer, delimiter: Uint8Array, limit: number, endEnds: boolean) {
    super(buffer);
    this.delimiter = delimiter;
    this.limit = limit;
    this.endEnds = endEnds;
  }

  protected override take(): Poll<Uint8Array | null> {
    const { delimiter, limit } = this;
    const length = this.find();
    if (length >= 0) {
      if (length > limit) throw tooLong('the item', limit);
      return this.takeBytes(length + delimiter.length);
    }
    if (this.searched > limit) throw tooLong('the item', limit);
    return PENDING;
  }

  /** How many bytes are before the delimiter; -1 when it has not come. */
  private find(): number {
    const { bytes, start, end } = this.buffer;
    const { delimiter } = this;
    if (bytes === null) return -1;
    const item = bytes.subarray(start, end);
    const last = item.length - delimiter.length;
    const first = delimiter[0] as number;
    let at = item.indexOf(first, this.searched);
    while (at >= 0 && at <= last) {
      let matched = 1;
      while (matched < delimiter.length && item[at + matched] === delimiter[matched]) matched++;
      if (matched === delimiter.length) return at;
      at = item.indexOf(first, at + 1);
    }
    this.searched = Math.max(this.searched, last + 1);
    return -1;
  }

  protected override atEnd(): Uint8Array | null {
    const { available } = this;
    if (available === 0) return null;
    if (!this.endEnds) throw unexpectedEnd(available, 'the delimiter');
    if (available > this.limit) throw tooLong('the item', this.limit);
    return this.takeBytes(available);
  }
}

function tooLong(what: string, limit: number): PawlError {
  return new PawlError('LIMIT_EXCEEDED', `${what} is longer than the ${limit} bytes that were allowed`);
}
