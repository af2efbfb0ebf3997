/**
 * Web streams, in and out.
 *
 * What must hold: a `ReadableStream` that is read is locked until its stream has ended or was closed; closing it cancels the web stream, and
 * the lock is released. A web stream that is cancelled closes ours. A `WritableStream` is closed when the stream has ended, and aborted when
 * it has failed or the writing was cancelled; one that fails by itself ends the writing at once.
 */
import { coroutine, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { race } from '../future/race.ts';
import { closeAfter, closeOne, type Failure } from './close.ts';
import { steppable } from './iterate.ts';
import { PromiseSource, Settlement } from './iterables.ts';
import { END, type Source } from './source.ts';
import { Stream } from './stream.ts';

class ReadableStreamSource<T> extends PromiseSource<T> {
  private readonly reader: ReadableStreamDefaultReader<T>;
  private failed = false;

  constructor(readable: ReadableStream<T>) {
    super('a ReadableStream');
    this.reader = readable.getReader();
    this.reader.closed.catch(() => (this.failed = true));
  }

  protected override ask(): PromiseLike<IteratorResult<T, unknown>> {
    return this.reader.read();
  }

  /**
   * A `ReadableStream` that has failed holds nothing any more, and says its failure again when it is cancelled. That was the reader's affair:
   * a `fetch` whose signal was aborted, for example, is not a cleanup that has failed.
   */
  protected override async end(): Promise<void> {
    try {
      await this.reader.cancel('the stream was closed');
    } catch (error) {
      if (!this.failed) throw error;
    } finally {
      this.reader.releaseLock();
    }
  }

  protected override ran(): void {
    this.reader.releaseLock();
  }
}

/**
 * A stream of what a web `ReadableStream` gives. It is locked at once. Closing the stream cancels it.
 *
 * Errors: a TypeError when it is locked already; what it fails with; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { fromReadableStream } from 'pawl/stream';
 * const { body } = new Response('one two');
 * const text = await run(
 *   fromReadableStream(body!.pipeThrough(new TextDecoderStream())).fold('', (all, part) => all + part),
 * );
 * console.log(text); // one two
 * ```
 */
export function fromReadableStream<T>(readable: ReadableStream<T>): Stream<T> {
  return new Stream(new ReadableStreamSource(readable));
}

/**
 * A web `ReadableStream` of the values, for `Response` and its kin. The values are asked for on the ambient runtime, one when the web
 * stream wants one. Cancelling it, also while a value is awaited, closes the stream; a failure of the stream is the web stream's error.
 *
 * @example
 * ```ts
 * import { Stream, toReadableStream } from 'pawl/stream';
 * const body = toReadableStream(Stream.of('one', ' ', 'two').map((text) => new TextEncoder().encode(text)));
 * console.log(await new Response(body).text()); // one two
 * ```
 */
export function toReadableStream<T>(stream: Stream<T>): ReadableStream<T> {
  const steps = steppable(stream.engage());
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await steps.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await steps.stop();
      },
    },
    // Nothing is asked for before somebody reads.
    { highWaterMark: 0 },
  );
}

/**
 * Writes every value to a web `WritableStream`, at its pace, and closes it at the end. It is locked meanwhile.
 *
 * Cancelling it aborts the `WritableStream` and closes the stream: *loses data*. Errors: what the stream throws (the `WritableStream` is
 * aborted with it) and what writing fails with; a TypeError when it is locked; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { Stream, writeTo } from 'pawl/stream';
 * const written: string[] = [];
 * const target = new WritableStream<string>({ write: (text) => void written.push(text) });
 * await run(writeTo(Stream.of('one', 'two'), target));
 * console.log(written); // [ 'one', 'two' ]
 * ```
 */
export function writeTo<T>(stream: Stream<T>, target: WritableStream<T>): Future<void> {
  return writing(stream.engage(), target);
}

const writing: (source: Source<unknown>, target: WritableStream<unknown>) => Future<void> = coroutine(function* writeTo(
  source: Source<unknown>,
  target: WritableStream<unknown>,
): Steps<void> {
  let writer: WritableStreamDefaultWriter<unknown> | undefined;
  let finished = false;
  let failure: Failure | null = null;
  try {
    writer = target.getWriter();
    const closed = new Settlement(writer.closed, 'a WritableStream');
    for (;;) {
      yield* waitFor(writer.ready);
      // It may fail while there is nothing to write: its peer has gone, say.
      const value = yield* race([source.next(), closed.wait()]);
      if (value === END) break;
      // Not awaited: `ready` is what says that there is room. A failure shows there, and in `close`.
      writer.write(value).catch(() => {});
    }
    yield* waitFor(writer.close());
    finished = true;
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    try {
      yield* closeAfter(failure, closeOne(source));
    } finally {
      if (writer !== undefined) {
        const reason = failure === null ? new Error('the writing was cancelled') : failure.error;
        if (!finished) yield* waitFor(writer.abort(reason).catch(() => {}));
        writer.releaseLock();
      }
    }
  }
});

function waitFor(promise: Promise<unknown>): Future<unknown> {
  return new Settlement(promise, 'a WritableStream').wait();
}
