/**
 * BufferedReader: reads in large pieces and gives out small ones, by count, by delimiter, by line.
 *
 * What must hold: bytes leave the buffer only together with the value that carries them. So every operation is cancel-safe, however much
 * of what it waits for has come: the next operation finds all of it. The same holds for an operation that fails.
 */
import { PawlError } from '../error/index.ts';
import { Future } from '../future/future.ts';
import { Fill, ReadExactly, ReadSome, ReadToEnd, ReadUntil } from './buffered-read.ts';
import { map } from '../future/map.ts';
import { CAPACITY, ReadBuffer } from './read-buffer.ts';
import { checkBytes, type Reader } from './stream.ts';

/** The size of a buffered reader. */
export interface BufferedReaderOptions {
  /** Bytes asked of the reader at once, and the buffer's size unless one item needs more. Default 8 KiB. */
  readonly capacity?: number;
}

/** How long an item may be. */
export interface LimitOptions {
  /** Bytes that one item may have, its delimiter not counted. Default 64 KiB for lines and delimited items, none for the whole stream. */
  readonly limit?: number;
}

const LIMIT = 64 * 1024;
const NEWLINE = Uint8Array.of(10);
const CARRIAGE_RETURN = 13;
const decoder = new TextDecoder();

/**
 * A reader with a buffer. One operation at a time. Reading through it takes bytes from the reader ahead of what was asked for. While it
 * waits with nothing buffered it holds no memory, over a stream that allows for it (TCP does).
 *
 * Every operation is *safe* to cancel, and fails with BUSY while another one waits, or with what the reader throws.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { BufferedReader, duplex, writeAll } from 'pawl/io';
 * await run(function* () {
 *   const [a, b] = duplex();
 *   yield* writeAll(a, new TextEncoder().encode('first\nsecond\n'));
 *   yield* a.shutdown();
 *   const reader = new BufferedReader(b);
 *   for (;;) {
 *     const line = yield* reader.readLine();
 *     if (line === null) break;
 *     console.log(line); // first, then second
 *   }
 * });
 * ```
 */
export class BufferedReader implements Reader {
  private readonly state: ReadBuffer;

  /** Throws BAD_ARGUMENT for a bad capacity. */
  constructor(reader: Reader, options: BufferedReaderOptions = {}) {
    this.state = new ReadBuffer(reader, wholeNumber('capacity', options.capacity ?? CAPACITY, 1));
  }

  /** What has been read ahead: a view, valid until the next operation. */
  get buffered(): Uint8Array {
    const { bytes, start, end } = this.state;
    return bytes === null ? new Uint8Array(0) : bytes.subarray(start, end);
  }

  /** Drops that many of the buffered bytes. Throws BAD_ARGUMENT when there are fewer, BUSY while an operation waits. */
  consume(count: number): void {
    const { state } = this;
    wholeNumber('count', count, 0);
    if (count > state.length) {
      throw new PawlError('BAD_ARGUMENT', `only ${state.length} bytes are buffered, not ${count}`);
    }
    if (state.user !== null)
      throw new PawlError('BUSY', 'an operation of this reader waits: its bytes cannot be dropped');
    state.start += count;
  }

  /** Reads more into the buffer, whatever is there: how many bytes, 0 at the end of the stream. See {@link buffered}. */
  fill(): Future<number> {
    return new Fill(this.state);
  }

  /** As every reader's `read`: what is buffered, or else what comes. */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new ReadSome(this.state, target);
  }

  /** Exactly `count` bytes. Errors: UNEXPECTED_EOF when the stream ends before; what has come stays. */
  readExact(count: number): Future<Uint8Array> {
    return new ReadExactly(this.state, wholeNumber('count', count, 0));
  }

  /**
   * The bytes up to the next delimiter, which is included; null at the end of the stream.
   *
   * Errors: UNEXPECTED_EOF when the stream ends within an item, LIMIT_EXCEEDED when the item is longer than `limit`; in both cases
   * what has come stays. BAD_ARGUMENT for an empty delimiter.
   */
  readUntil(delimiter: number | Uint8Array, options: LimitOptions = {}): Future<Uint8Array | null> {
    const sought =
      typeof delimiter === 'number' ? Uint8Array.of(wholeNumber('delimiter', delimiter, 0, 255)) : delimiter;
    checkBytes(sought);
    if (sought.length === 0) throw new PawlError('BAD_ARGUMENT', 'an empty delimiter ends nothing');
    return new ReadUntil(this.state, sought, limitOf(options, LIMIT), false);
  }

  /**
   * The next line, without its `\n` or `\r\n`, decoded as UTF-8 (what is not UTF-8 becomes U+FFFD); null at the end of the stream. A
   * last line need not be ended.
   *
   * Errors: LIMIT_EXCEEDED when the line is longer than `limit` bytes; what has come stays.
   */
  readLine(options: LimitOptions = {}): Future<string | null> {
    return map(new ReadUntil(this.state, NEWLINE, limitOf(options, LIMIT), true), decodeLine);
  }

  /** All bytes to the end of the stream. Errors: LIMIT_EXCEEDED when they are more than `limit`; what has come stays. */
  readToEnd(options: LimitOptions = {}): Future<Uint8Array> {
    return new ReadToEnd(this.state, limitOf(options, Infinity));
  }
}

function decodeLine(line: Uint8Array | null): string | null {
  if (line === null) return null;
  let { length } = line;
  if (line[length - 1] === NEWLINE[0]) {
    length--;
    if (line[length - 1] === CARRIAGE_RETURN) length--;
  }
  return decoder.decode(line.subarray(0, length));
}

function limitOf({ limit }: LimitOptions, fallback: number): number {
  if (limit === undefined) return fallback;
  return limit === Infinity ? limit : wholeNumber('limit', limit, 0);
}

function wholeNumber(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number from ${least}, got ${value}`);
}
