/**
 * Node's streams, in and out.
 *
 * What must hold: a Readable that was made a stream is read only when a value is wanted, and destroyed when the stream is left early. A
 * Readable that was made of a stream closes it when it is destroyed. A Writable is ended when the stream has ended, and destroyed when it
 * has failed or the writing was cancelled. No listener is left on any of them once it is closed.
 */
import { Readable, type Writable } from 'node:stream';
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { coroutine, type Steps } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { race } from '../future/race.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { closeAfter, closeOne, closing, type Failure } from '../stream/close.ts';
import { steppable } from '../stream/iterate.ts';
import { END, Stream, type End, type Source } from '../stream/index.ts';
import { spend } from '../task/budget.ts';
import { fromPromise } from './promise.ts';

/** Waits until one of some events comes, and looks again each time: what a stream of Node's says is asked of its properties. */
class Until<T> extends Future<T> implements Waiting {
  private readonly emitter: Readable | Writable;
  private readonly names: readonly string[];
  private readonly look: () => Poll<T>;
  private waker: Waker | null = null;
  private done = false;

  constructor(emitter: Readable | Writable, names: readonly string[], look: () => Poll<T>) {
    super();
    this.emitter = emitter;
    this.names = names;
    this.look = look;
  }

  override poll(cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted('a wait for a stream of Node');
    if (!spend(cx)) return PENDING;
    let value: Poll<T>;
    try {
      value = this.look();
      if (value === PENDING && driverOf(cx).blocking) {
        throw new PawlError('BLOCKING_NODE', 'a stream of Node inside blockOn, where it cannot run: use run instead');
      }
    } catch (error) {
      this.leave();
      throw error;
    }
    if (value !== PENDING) this.leave();
    else {
      if (this.waker === null) for (const name of this.names) this.emitter.on(name, this.heard);
      this.waker = cx.waker;
    }
    return value;
  }

  override cancel(_cx: Context): Poll<void> {
    this.leave();
    return undefined;
  }

  private readonly heard = (): void => this.waker?.wake();

  private leave(): void {
    this.done = true;
    if (this.waker === null) return;
    this.waker = null;
    for (const name of this.names) this.emitter.off(name, this.heard);
  }

  [waitInfo](): WaitInfo {
    return { what: `event ${this.names[0]} of a stream of Node`, resource: this.emitter };
  }
}

class ReadableSource<T> implements Source<T> {
  private readonly readable: Readable;
  private left = false;
  private guarded = false;

  constructor(readable: Readable) {
    this.readable = readable;
  }

  next(): Future<T | End> {
    return new Until<T | End>(this.readable, ['readable', 'end', 'error', 'close'], () => this.read());
  }

  close(): Future<void> {
    return closing(() => {
      const { readable } = this;
      this.left = true;
      if (readable.closed) return undefined;
      this.guard();
      readable.destroy();
      return new Until<void>(readable, ['close'], () => (readable.closed ? undefined : PENDING));
    });
  }

  /** What it fails with is read from `errored`; the event, which comes later, would end the process if nobody listened. */
  private guard(): void {
    const { readable } = this;
    if (this.guarded || readable.closed) return;
    this.guarded = true;
    readable.on('error', ignore);
    readable.once('close', () => readable.off('error', ignore));
  }

  private read(): Poll<T | End> {
    const { readable } = this;
    this.guard();
    const value = readable.destroyed ? null : (readable.read() as T | null);
    if (value !== null) return value;
    if (readable.readableEnded || this.left) return END;
    // Reading may have destroyed it.
    if (readable.errored !== null) throw readable.errored;
    if (!readable.destroyed) return PENDING;
    throw new PawlError('UNEXPECTED_EOF', 'the Readable was destroyed before its end');
  }
}

function ignore(): void {}

/**
 * A stream of what a Node `Readable` gives: chunks of bytes or text, or objects in object mode. It is read when a value is wanted; closing
 * the stream destroys it.
 *
 * Cancelling a `next` is *safe*. Errors: what the Readable fails with; UNEXPECTED_EOF when it is destroyed before its
 * end; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { createReadStream } from 'node:fs';
 * import { run } from 'pawl';
 * import { fromReadable } from 'pawl/node';
 * const bytes = fromReadable<Buffer>(createReadStream('/etc/hostname'));
 * console.log((await run(bytes.fold(0, (sum, chunk) => sum + chunk.length))) > 0); // true
 * ```
 */
export function fromReadable<T = Buffer>(readable: Readable): Stream<T> {
  return new Stream(new ReadableSource<T>(readable));
}

/**
 * A Node `Readable` of a stream's values, in object mode: bytes and text are values like others. They are asked for on the ambient runtime.
 * Destroying it, also while a value is awaited, closes the stream; a failure of the stream is its error.
 *
 * @example
 * ```ts
 * import { text } from 'node:stream/consumers';
 * import { Stream } from 'pawl/stream';
 * import { toReadable } from 'pawl/node';
 * console.log(await text(toReadable(Stream.of('one', ' ', 'two')))); // one two
 * ```
 */
export function toReadable<T>(stream: Stream<T>): Readable {
  const steps = steppable(stream.engage());
  const iterator: AsyncIterator<T, undefined> = {
    next: () => steps.next(),
    async return() {
      await steps.stop();
      return { done: true, value: undefined };
    },
  };
  return Readable.from({ [Symbol.asyncIterator]: () => iterator }, { objectMode: true, highWaterMark: 1 });
}

/**
 * Writes every value to a Node `Writable`, waiting for it to drain, and ends it; it is done when all has been handed on (`finish`).
 *
 * Cancelling it destroys the Writable and closes the stream: *loses data*. Errors: what the stream throws (the Writable is destroyed with
 * it) and what the Writable fails with; CLOSED when somebody else ends or destroys it; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { PassThrough } from 'node:stream';
 * import { join, run } from 'pawl';
 * import { fromReadable, writeTo } from 'pawl/node';
 * import { Stream } from 'pawl/stream';
 * const pipe = new PassThrough({ encoding: 'utf8' });
 * const [, read] = await run(join([writeTo(Stream.of('one', 'two'), pipe), fromReadable<string>(pipe).toArray()]));
 * console.log(read.join('')); // onetwo
 * ```
 */
export function writeTo(stream: Stream<unknown>, writable: Writable): Future<void> {
  return writing(stream.engage(), writable);
}

const writing: (stream: Stream<unknown>, writable: Writable) => Future<void> = coroutine(function* writeTo(
  stream: Stream<unknown>,
  writable: Writable,
): Steps<void> {
  let ended = false;
  let failure: Failure | null = null;
  // Failures are read from `errored`; without a listener they would end the process.
  writable.on('error', ignore);
  try {
    for (;;) {
      yield* until(writable, ['drain', 'error', 'close'], () => !writable.writableNeedDrain);
      // It may be gone while there is nothing to write: its peer has hung up, say.
      const value = yield* race([stream.next(), until(writable, ['error', 'close'], () => false)]);
      if (value === END) break;
      // One that has been ended takes what is written, and loses it.
      if (writable.writableEnded || writable.destroyed) throw gone(writable);
      writable.write(value);
    }
    writable.end();
    yield* until(writable, ['finish', 'error', 'close'], () => writable.writableFinished);
    ended = true;
  } catch (error) {
    failure = { error };
    writable.destroy(error instanceof Error ? error : undefined);
    throw error;
  } finally {
    try {
      yield* closeAfter(failure, closeOne(stream));
    } finally {
      if (!ended) {
        writable.destroy();
        yield* new Until<void>(writable, ['close'], () => (writable.closed ? undefined : PENDING));
        // It is closed a tick before it says so, and before that it emits what it was destroyed with.
        yield* fromPromise(new Promise((resolve) => setImmediate(resolve)));
      }
      writable.off('error', ignore);
    }
  }
});

/** Waits for a Writable; throws what it has failed with. */
function until(writable: Writable, names: readonly string[], test: () => boolean): Future<void> {
  return new Until<void>(writable, names, () => {
    if (writable.errored !== null) throw writable.errored;
    if (test()) return undefined;
    if (writable.destroyed) throw gone(writable);
    return PENDING;
  });
}

/** Why nothing more can be written. */
function gone(writable: Writable): unknown {
  return (
    writable.errored ?? new PawlError('CLOSED', 'the Writable was ended or destroyed before everything was written')
  );
}
