/** Whole buffers over any stream: `readExact` and `writeAll`, as futures that say how far they have come. */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { checkBytes, type Reader, resized, unexpectedEnd, type Writer } from './stream.ts';

/** Moves a buffer piece by piece. */
abstract class Transfer extends Future<void> {
  protected readonly bytes: Uint8Array;
  /** How many bytes that was at first. */
  protected readonly size: number;
  /** @internal For dumps: the piece that is under way. */
  awaited: Future<number> | null = null;
  protected count = 0;
  private done = false;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
    this.size = bytes.length;
  }

  /** The next piece. */
  protected abstract move(rest: Uint8Array): Future<number>;
  /** No piece has been moved: the stream has come to its end. */
  protected abstract ended(): PawlError;

  override poll(cx: Context): Poll<void> {
    if (this.done) throw alreadyCompleted('a transfer');
    const { bytes, size } = this;
    try {
      if (bytes.length !== size) throw resized();
      while (this.count < size) {
        this.awaited ??= this.move(this.count === 0 ? bytes : bytes.subarray(this.count));
        const moved = this.awaited.poll(cx);
        if (moved === PENDING) return PENDING;
        this.awaited = null;
        if (moved === 0) throw this.ended();
        this.count += moved;
      }
    } catch (error) {
      this.done = true;
      this.awaited = null;
      throw error;
    }
    this.done = true;
    return undefined;
  }

  override cancel(cx: Context): Poll<void> {
    this.done = true;
    if (this.awaited !== null && this.awaited.cancel(cx) === PENDING) return PENDING;
    this.awaited = null;
    return undefined;
  }
}

/** What {@link readExact} gives. */
export class ReadExact extends Transfer {
  private readonly reader: Reader;

  /** @internal */
  constructor(reader: Reader, target: Uint8Array) {
    super(target);
    this.reader = reader;
  }

  /** Bytes read into the target so far. */
  get filled(): number {
    return this.count;
  }

  protected override move(rest: Uint8Array): Future<number> {
    return this.reader.read(rest);
  }

  protected override ended(): PawlError {
    return unexpectedEnd(this.count, `the ${this.size} that were asked for`);
  }
}

/** What {@link writeAll} gives. */
export class WriteAll extends Transfer {
  private readonly writer: Writer;

  /** @internal */
  constructor(writer: Writer, source: Uint8Array) {
    super(source);
    this.writer = writer;
  }

  /** Bytes written so far. */
  get written(): number {
    return this.count;
  }

  protected override move(rest: Uint8Array): Future<number> {
    return this.writer.write(rest);
  }

  protected override ended(): PawlError {
    return new PawlError('UNEXPECTED_EOF', `the writer takes no more bytes, after ${this.count}`);
  }
}

/**
 * Fills `target`, however many reads that takes.
 *
 * Cancelling it *loses data*: what was read is in `target` and gone from the stream. Keep the future: its `filled` says how much, and
 * `readExact(reader, target.subarray(filled))` resumes. `BufferedReader.readExact` loses nothing. Errors: UNEXPECTED_EOF; the reader's.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { duplex, readExact, writeAll } from 'pawl/io';
 * await run(function* () {
 *   const [a, b] = duplex();
 *   yield* writeAll(a, Uint8Array.of(1, 2, 3));
 *   const target = new Uint8Array(2);
 *   yield* readExact(b, target);
 *   console.log(target); // Uint8Array(2) [ 1, 2 ]
 * });
 * ```
 */
export function readExact(reader: Reader, target: Uint8Array): ReadExact {
  checkBytes(target);
  return new ReadExact(reader, target);
}

/**
 * Writes all of `source`, however many writes that takes.
 *
 * Cancelling it *loses data*: a part may have been written. Keep the future: its `written` says how much, and
 * `writeAll(writer, source.subarray(written))` resumes. Errors: the writer's.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { duplex, writeAll } from 'pawl/io';
 * const [a] = duplex(8);
 * const writing = writeAll(a, Uint8Array.of(1, 2, 3));
 * await run(writing);
 * console.log(writing.written); // 3
 * ```
 */
export function writeAll(writer: Writer, source: Uint8Array): WriteAll {
  checkBytes(source);
  return new WriteAll(writer, source);
}
