/** Duplex: two connected streams in memory, for tests and for tasks that talk in bytes. */
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { type Lane, Pipe } from './pipe.ts';
import { busy, checkBytes, type Duplex } from './stream.ts';

/** One read or write at one end of a pipe. */
abstract class PipeOperation extends Future<number> {
  protected readonly end: MemoryStream;
  private readonly lane: Lane;
  /** Null once it has completed. */
  private bytes: Uint8Array | null;

  constructor(end: MemoryStream, lane: Lane, bytes: Uint8Array) {
    super();
    this.end = end;
    this.lane = lane;
    this.bytes = bytes;
  }

  protected abstract step(waker: Waker, bytes: Uint8Array): Poll<number>;

  override poll(cx: Context): Poll<number> {
    const { bytes, lane } = this;
    if (bytes === null) throw alreadyCompleted('an operation of a memory stream');
    if (lane.user !== null && lane.user !== this) {
      this.bytes = null;
      throw busy('uses this direction of the stream');
    }
    let count: Poll<number> = PENDING;
    try {
      if (this.end.closed) throw new PawlError('CLOSED', 'the stream has been closed');
      if (bytes.length === 0) {
        checkBytes(bytes);
        count = 0;
      } else if (spend(cx)) count = this.step(cx.waker, bytes);
    } catch (error) {
      this.finish();
      throw error;
    }
    if (count === PENDING) lane.user = this;
    else this.finish();
    return count;
  }

  private finish(): void {
    this.lane.user = null;
    this.bytes = null;
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.lane.user === this) {
      this.lane.waker = null;
      this.finish();
    }
    this.bytes = null;
    return undefined;
  }
}

class PipeRead extends PipeOperation {
  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: 'read from a memory stream', resource: this.end };
  }

  protected override step(waker: Waker, target: Uint8Array): Poll<number> {
    return this.end.input.pollRead(waker, target);
  }
}

class PipeWrite extends PipeOperation {
  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: 'write to a memory stream', resource: this.end };
  }

  protected override step(waker: Waker, source: Uint8Array): Poll<number> {
    return this.end.output.pollWrite(waker, source);
  }
}

class PipeShutdown extends Future<void> {
  private readonly end: MemoryStream;
  private done = false;

  constructor(end: MemoryStream) {
    super();
    this.end = end;
  }

  override poll(_cx: Context): Poll<void> {
    if (this.done) throw alreadyCompleted('a shutdown');
    this.done = true;
    if (this.end.closed) throw new PawlError('CLOSED', 'the stream has been closed');
    if (this.end.output.writing.user !== null) throw busy('writes to this stream');
    this.end.output.end();
    return undefined;
  }
}

/** One end of {@link duplex}. Made by it. */
export class MemoryStream implements Duplex, Disposable {
  /** @internal What the peer writes. */
  readonly input: Pipe;
  /** @internal What this end writes. */
  readonly output: Pipe;
  private isClosed = false;

  /** @internal */
  constructor(input: Pipe, output: Pipe) {
    this.input = input;
    this.output = output;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Cancelling it is *safe*. Errors: BUSY while another task reads; CLOSED. */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new PipeRead(this, this.input.reading, target);
  }

  /** Cancelling it is *safe*. Errors: BUSY while another task writes; CLOSED; EPIPE after `shutdown`, or when the peer has closed. */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return new PipeWrite(this, this.output.writing, source);
  }

  /** The peer reads to the end; this end can still read. Cancelling it is *safe*. Errors: BUSY while another task writes; CLOSED. */
  shutdown(): Future<void> {
    return new PipeShutdown(this);
  }

  /** The peer reads what has been written and then the end; its writes fail with EPIPE. Harmless when closed. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.output.end();
    this.input.break();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Two connected streams in memory. Each direction holds up to `size` bytes; a writer waits while it is full.
 *
 * Errors: BAD_ARGUMENT when `size` is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { duplex, writeAll } from 'pawl/io';
 * await run(function* () {
 *   const [a, b] = duplex();
 *   yield* writeAll(a, new TextEncoder().encode('hello'));
 *   const target = new Uint8Array(16);
 *   console.log(yield* b.read(target)); // 5
 * });
 * ```
 */
export function duplex(size: number = 64 * 1024): [MemoryStream, MemoryStream] {
  if (!Number.isInteger(size) || size < 1) {
    throw new PawlError('BAD_ARGUMENT', `size must be a whole number of bytes, at least 1, got ${size}`);
  }
  const there = new Pipe(size);
  const back = new Pipe(size);
  return [new MemoryStream(back, there), new MemoryStream(there, back)];
}
