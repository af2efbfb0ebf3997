/**
 * BufferedWriter: gathers small writes into large ones.
 *
 * What must hold: what has been taken stays in the buffer until the writer beneath has taken it. So a flush that was cancelled, or has
 * failed, can be called again and goes on where it stopped.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';
import { busy, checkBytes, type Writer } from './stream.ts';
import { WriteAll } from './transfer.ts';

/** The size of a buffered writer. */
export interface BufferedWriterOptions {
  /** Bytes gathered before they are passed on. Default 8 KiB. */
  readonly capacity?: number;
}

interface WriteBuffer {
  readonly writer: Writer;
  readonly capacity: number;
  /** Allocated at the first write; `start` to `end` has not been passed on. */
  bytes: Uint8Array | null;
  start: number;
  end: number;
  user: Future<unknown> | null;
}

abstract class BufferedWriting<T> extends Future<T> {
  protected readonly buffer: WriteBuffer;
  /** @internal For dumps: what is under way beneath. */
  awaited: Future<unknown> | null = null;
  private done = false;

  constructor(buffer: WriteBuffer) {
    super();
    this.buffer = buffer;
  }

  protected abstract step(cx: Context): Poll<T>;

  override poll(cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted('an operation of a buffered writer');
    const { buffer } = this;
    if (buffer.user !== null && buffer.user !== (this as Future<unknown>)) {
      this.done = true;
      throw busy('uses this writer');
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

  /** Passes the buffer on. */
  protected empty(cx: Context): Poll<void> {
    const { buffer } = this;
    while (buffer.start < buffer.end) {
      const { bytes, start, end } = buffer;
      this.awaited ??= buffer.writer.write((bytes as Uint8Array).subarray(start, end));
      const count = this.awaited.poll(cx) as Poll<number>;
      if (count === PENDING) return PENDING;
      this.awaited = null;
      if (count === 0) throw new PawlError('UNEXPECTED_EOF', 'the writer takes no more bytes');
      buffer.start = start + count;
    }
    buffer.start = 0;
    buffer.end = 0;
    return undefined;
  }
}

class BufferedWrite extends BufferedWriting<number> {
  private readonly source: Uint8Array;
  /** The source is passed on as it is: it would fill the buffer. */
  private direct = false;

  constructor(buffer: WriteBuffer, source: Uint8Array) {
    super(buffer);
    this.source = source;
  }

  protected override step(cx: Context): Poll<number> {
    const { buffer, source } = this;
    if (!this.direct) {
      if (this.awaited === null && !spend(cx)) return PENDING;
      if (buffer.end === buffer.capacity || source.length >= buffer.capacity) {
        if (this.empty(cx) === PENDING) return PENDING;
      }
      if (source.length < buffer.capacity) return this.gather();
      this.direct = true;
    }
    this.awaited ??= buffer.writer.write(source);
    return this.awaited.poll(cx) as Poll<number>;
  }

  private gather(): number {
    const { buffer, source } = this;
    const bytes = (buffer.bytes ??= new Uint8Array(buffer.capacity));
    const count = Math.min(source.length, buffer.capacity - buffer.end);
    bytes.set(count === source.length ? source : source.subarray(0, count), buffer.end);
    buffer.end += count;
    return count;
  }
}

class Flush extends BufferedWriting<void> {
  private readonly shutdown: boolean;
  private emptied = false;

  constructor(buffer: WriteBuffer, shutdown: boolean) {
    super(buffer);
    this.shutdown = shutdown;
  }

  protected override step(cx: Context): Poll<void> {
    const { writer } = this.buffer;
    if (!this.emptied) {
      if (this.empty(cx) === PENDING) return PENDING;
      this.emptied = true;
    }
    this.awaited ??= this.shutdown ? writer.shutdown() : (writer.flush?.() ?? null);
    return this.awaited === null ? undefined : (this.awaited.poll(cx) as Poll<void>);
  }
}

/**
 * A writer with a buffer. Nothing is sent before the buffer is full or {@link flush} is awaited: flush at the end of each message. One
 * operation at a time.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { BufferedReader, BufferedWriter, duplex } from 'pawl/io';
 * await run(function* () {
 *   const [a, b] = duplex();
 *   const writer = new BufferedWriter(a);
 *   for (const word of ['one ', 'two ', 'three']) yield* writer.writeAll(new TextEncoder().encode(word));
 *   yield* writer.shutdown(); // flushes first
 *   console.log(yield* new BufferedReader(b).readLine()); // one two three
 * });
 * ```
 */
export class BufferedWriter implements Writer {
  private readonly buffer: WriteBuffer;

  /** Throws BAD_ARGUMENT for a bad capacity. */
  constructor(writer: Writer, options: BufferedWriterOptions = {}) {
    const { capacity = 8 * 1024 } = options;
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new PawlError('BAD_ARGUMENT', `capacity must be a whole number of bytes, at least 1, got ${capacity}`);
    }
    this.buffer = { writer, capacity, bytes: null, start: 0, end: 0, user: null };
  }

  /** Bytes taken and not yet passed on. */
  get pending(): number {
    return this.buffer.end - this.buffer.start;
  }

  /**
   * Takes bytes of `source` into the buffer, emptying that first if it is full: how many. Cancelling it is *safe*: nothing of `source`
   * has been taken. Errors: BUSY; the writer's, and what was buffered is still there.
   */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return new BufferedWrite(this.buffer, source);
  }

  /** Takes all of `source`. Cancelling it *loses data*: its `written` says how much was taken, the rest can be written later. */
  writeAll(source: Uint8Array): WriteAll {
    checkBytes(source);
    return new WriteAll(this, source);
  }

  /** Passes on everything, and flushes the writer beneath. Cancelling it is *safe*: what has not been passed on stays. */
  flush(): Future<void> {
    return new Flush(this.buffer, false);
  }

  /** Flushes, then ends the stream. Cancelling it is *safe*, as for {@link flush}. */
  shutdown(): Future<void> {
    return new Flush(this.buffer, true);
  }
}
