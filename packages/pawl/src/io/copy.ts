/**
 * Copying a stream into another, in one direction or in both.
 *
 * What must hold: bytes leave the buffer between the two only once the writer has taken them. A writer that buffers is flushed whenever the
 * reader has nothing more for now: whoever waits for the bytes may be the one that the reader waits for.
 */
import type { Context } from '../future/context.ts';
import { coroutine } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { map } from '../future/map.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { BufferedReader } from './buffered-reader.ts';
import type { Duplex, Reader, Writer } from './stream.ts';

const CAPACITY = 16 * 1024;

/** What {@link copy} gives: the number of bytes, also while it runs and after it was cancelled. */
export class Copy extends Future<number> {
  private readonly reader: BufferedReader;
  private readonly writer: Writer;
  private filling: Future<number> | null = null;
  private writing: Future<number> | null = null;
  private flushing: Future<void> | null = null;
  /** The writer may hold bytes back. */
  private unflushed = false;
  private ended = false;
  private done = false;
  private failure: { error: unknown } | null = null;
  private count = 0;

  /** @internal */
  constructor(reader: Reader, writer: Writer) {
    super();
    this.reader = reader instanceof BufferedReader ? reader : new BufferedReader(reader, { capacity: CAPACITY });
    this.writer = writer;
  }

  /** Bytes that the writer has taken so far. */
  get copied(): number {
    return this.count;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.writing ?? this.flushing ?? this.filling;
  }

  override poll(cx: Context): Poll<number> {
    if (this.done) throw alreadyCompleted('copy');
    if (this.failure === null) {
      try {
        if (this.step(cx) === PENDING) return PENDING;
      } catch (error) {
        this.failure = { error };
      }
    }
    // One side has failed: what waits on the other side lets go first.
    if (this.failure !== null && this.release(cx) === PENDING) return PENDING;
    this.done = true;
    if (this.failure !== null) throw this.failure.error;
    return this.count;
  }

  private step(cx: Context): Poll<void> {
    for (;;) {
      if (this.flushing !== null && this.flush(cx) === PENDING) return PENDING;
      if (this.write(cx) === PENDING) return PENDING;
      if (this.ended) return this.unflushed ? this.flush(cx) : undefined;
      if (this.fill(cx) === PENDING) {
        if (this.unflushed) this.flush(cx);
        return PENDING;
      }
    }
  }

  private write(cx: Context): Poll<void> {
    for (;;) {
      if (this.writing === null) {
        const { buffered } = this.reader;
        if (buffered.length === 0) return undefined;
        this.writing = this.writer.write(buffered);
      }
      const count = this.writing.poll(cx);
      if (count === PENDING) return PENDING;
      this.writing = null;
      this.unflushed = this.writer.flush !== undefined;
      this.reader.consume(count);
      this.count += count;
    }
  }

  private fill(cx: Context): Poll<void> {
    this.filling ??= this.reader.fill();
    const count = this.filling.poll(cx);
    if (count === PENDING) return PENDING;
    this.filling = null;
    this.ended = count === 0;
    return undefined;
  }

  private flush(cx: Context): Poll<void> {
    this.flushing ??= this.writer.flush?.() ?? null;
    if (this.flushing !== null && this.flushing.poll(cx) === PENDING) return PENDING;
    this.flushing = null;
    this.unflushed = false;
    return undefined;
  }

  override cancel(cx: Context): Poll<void> {
    this.done = true;
    return this.release(cx);
  }

  private release(cx: Context): Poll<void> {
    if (this.filling !== null && this.filling.cancel(cx) !== PENDING) this.filling = null;
    if (this.writing !== null && this.writing.cancel(cx) !== PENDING) this.writing = null;
    if (this.flushing !== null && this.flushing.cancel(cx) !== PENDING) this.flushing = null;
    return this.awaited === null ? undefined : PENDING;
  }
}

/**
 * Copies from the reader to its end into the writer, which is flushed and left open. Gives the number of bytes.
 *
 * Cancelling it is *safe* when the reader is a {@link BufferedReader}: what the writer has not taken stays there. With any other reader it
 * *loses data*: what was read and not yet written is gone. Its `copied` says how much the writer has taken. Errors: the reader's and
 * the writer's.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { copy, duplex, writeAll } from 'pawl/io';
 * await run(function* () {
 *   const [a, b] = duplex();
 *   const [c] = duplex();
 *   yield* writeAll(a, new Uint8Array(1000));
 *   yield* a.shutdown();
 *   console.log(yield* copy(b, c)); // 1000
 * });
 * ```
 */
export function copy(reader: Reader, writer: Writer): Copy {
  return new Copy(reader, writer);
}

/** Bytes copied by {@link copyBidirectional}. */
export interface Copied {
  readonly aToB: number;
  readonly bToA: number;
}

const copyToEnd = coroutine(function* (from: Reader, to: Writer) {
  const count = yield* copy(from, to);
  yield* to.shutdown();
  return count;
});

/**
 * Copies both ways until both ends have ended: a proxy's whole work. The end of one side shuts down the other side's writer, and the other
 * direction goes on. Closes neither.
 *
 * Cancelling it *loses data*: what was read and not yet written. Errors: the first of any of the streams; the other direction is then
 * cancelled.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { copyBidirectional, duplex, writeAll } from 'pawl/io';
 * await run(function* () {
 *   const [client, a] = duplex();
 *   const [b, server] = duplex();
 *   yield* writeAll(client, new Uint8Array(3));
 *   yield* writeAll(server, new Uint8Array(5));
 *   yield* join([client.shutdown(), server.shutdown()]);
 *   console.log(yield* copyBidirectional(a, b)); // { aToB: 3, bToA: 5 }
 * });
 * ```
 */
export function copyBidirectional(a: Duplex, b: Duplex): Future<Copied> {
  return map(join([copyToEnd(a, b), copyToEnd(b, a)]), ([aToB, bToA]) => ({ aToB, bToA }));
}
