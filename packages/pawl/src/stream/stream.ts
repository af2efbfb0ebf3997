/**
 * Stream: values that come one after the other, each when it is asked for.
 *
 * What must hold: nothing happens before the first `next`, and nothing is asked of a source before it is wanted: that is all the
 * back-pressure there is. One `next` at a time, and one consumer: a stream that was taken over is refused to the second. Whatever ends early
 * closes the stream, and with it everything behind it; a `next` that waits meanwhile gives END.
 */
import { PawlError } from '../error/index.ts';
import type { Waker } from '../future/context.ts';
import type { Body, Flattened } from '../future/coroutine.ts';
import { directly, type Direct } from '../future/direct.ts';
import { Future } from '../future/future.ts';
import { WatchReceiver } from '../sync/watch.ts';
import { Buffering } from './buffer.ts';
import { closing } from './close.ts';
import { Concurrent } from './concurrent.ts';
import { direct, iterate, type StreamIterator } from './iterate.ts';
import { Emitting, type Emit } from './emit.ts';
import { Flattening } from './flatten.ts';
import { AsyncIterableSource, IterableSource, ReceiverSource, type Receiving } from './iterables.ts';
import { Merging } from './merge.ts';
import { Next } from './next.ts';
import type { End, Source } from './source.ts';
import { fold, forEach, type Consumer } from './terminal.ts';
import { Debouncing, Throttling } from './timing.ts';
import { Chunking, Dropping, Filtering, Mapping, Scanning, Taking } from './transform.ts';

/** What {@link Stream.from} takes. */
export type Streamable<T> = Stream<T> | Iterable<T> | AsyncIterable<T> | Receiving<T>;

/**
 * Values that come one after the other, each when it is asked for. Its methods make new streams of it; `forEach`, `fold` and `toArray`
 * run it to its end, in a coroutine; `for await` does in ordinary async code, and in a coroutine that corofy compiles.
 *
 * A stream has one consumer: what makes a new stream of it, or runs it, takes it over, and the second that does throws BUSY. The
 * consumer's pace is everybody's: a source is asked for a value only when one is wanted. However the consumer ends, the stream is closed:
 * iterators are returned, readers cancelled, listeners removed.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { Stream } from 'pawl/stream';
 * const squares = Stream.of(1, 2, 3, 4).filter((n) => n % 2 === 0).map((n) => n * n);
 * console.log(blockOn(squares.toArray())); // [ 4, 16 ]
 * ```
 */
export class Stream<out T> implements Source<T>, AsyncIterable<T, undefined> {
  /** @internal */
  readonly source: Source<T>;
  /** @internal The `next` that is under way. */
  user: Future<unknown> | null = null;
  /** @internal What to wake when the stream is closed meanwhile. */
  waker: Waker | null = null;
  /** @internal */
  closed = false;
  private taken = false;

  /** A stream of a source of your own; see {@link Source}. */
  constructor(source: Source<T>) {
    this.source = source;
  }

  /**
   * A stream of the values themselves.
   *
   * @example
   * ```ts
   * import { blockOn } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * console.log(blockOn(Stream.of('a', 'b').toArray())); // [ 'a', 'b' ]
   * ```
   */
  static of<T>(...values: readonly T[]): Stream<T> {
    return new Stream(new IterableSource(values));
  }

  /**
   * A stream of what can be iterated (an array, a generator, an async generator), or of what the receiver of a channel, a broadcast or a
   * watch (its changes) receives. Closing it calls the iterator's `return`; a receiver stays open, because it has an owner.
   *
   * Errors: BAD_ARGUMENT for anything else; BLOCKING_NODE at an async iterable's `next` inside `blockOn`.
   *
   * @example
   * ```ts
   * import { blockOn, channel } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * const [sender, receiver] = channel<number>(8);
   * for (const n of [3, 1, 2]) sender.trySend(n);
   * sender.close();
   * console.log(blockOn(Stream.from(receiver).take(2).toArray())); // [ 3, 1 ]
   * ```
   */
  static from<T>(what: Streamable<T>): Stream<T> {
    if (what instanceof Stream) return what;
    const made = sourceOf<T>(what);
    if (made !== null) return new Stream(made);
    throw new PawlError(
      'BAD_ARGUMENT',
      `a stream is made of an iterable, an async iterable or a receiver, got ${typeof what}`,
    );
  }

  /**
   * All values of several streams, as they come; of each, one is taken ahead. Ends when all have, fails with the first that does.
   *
   * @example
   * ```ts
   * import { blockOn } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * console.log(blockOn(Stream.merge(Stream.of(1, 3), Stream.of(2, 4)).toArray())); // [ 1, 2, 3, 4 ]
   * ```
   */
  static merge<T>(...streams: readonly Streamable<T>[]): Stream<T> {
    return new Stream(new Merging(streams.map((stream) => Stream.from(stream).takeOver())));
  }

  /**
   * The values of several streams, one stream after the other.
   *
   * @example
   * ```ts
   * import { blockOn } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * console.log(blockOn(Stream.concat(Stream.of(1, 3), [2, 4]).toArray())); // [ 1, 3, 2, 4 ]
   * ```
   */
  static concat<T>(...streams: readonly Streamable<T>[]): Stream<T> {
    const all = streams.map((stream) => Stream.from(stream).takeOver());
    return new Stream(new Flattening(new IterableSource(all), (source) => source, all));
  }

  /**
   * The next value, or `END`. One at a time.
   *
   * Cancelling it is *safe*: the value comes with the next call. Errors: BUSY while another `next` is under way; what the stream throws. A
   * stream that has thrown is still to be closed.
   */
  next(): Future<T | End> {
    return new Next(this);
  }

  /**
   * Ends it: lets go of everything behind it, and is done when that has been. Idempotent. A `next` after it gives END, and so does one that
   * waits in another task. Cancelling it waits until it is done.
   */
  close(): Future<void> {
    return closing(() => {
      this.closed = true;
      this.waker?.wake();
      return this.source.close();
    });
  }

  /** @internal What is behind it, for a stream that is made of it. */
  takeOver(): Source<T> {
    this.engage();
    return this.source;
  }

  /** @internal For whoever runs it to its end. */
  engage(): this {
    if (this.taken)
      throw new PawlError('BUSY', 'this stream was taken over before: it has one consumer, and its values come once');
    this.taken = true;
    return this;
  }

  /** Each value through `fn`. For a function that waits, see {@link mapConcurrent}. */
  map<U>(fn: (value: T, index: number) => U): Stream<U> {
    return new Stream(new Mapping(this.takeOver(), fn));
  }

  /** The values for which `test` is true. */
  filter<U extends T>(test: (value: T, index: number) => value is U): Stream<U>;
  filter(test: (value: T, index: number) => boolean): Stream<T>;
  filter(test: (value: T, index: number) => boolean): Stream<T> {
    return new Stream(new Filtering(this.takeOver(), test));
  }

  /** The first `count` values; then the stream is closed. */
  take(count: number): Stream<T> {
    whole('take', count, 0);
    return new Stream(new Taking(this.takeOver(), count));
  }

  /** All but the first `count` values. */
  drop(count: number): Stream<T> {
    whole('drop', count, 0);
    return new Stream(new Dropping(this.takeOver(), count));
  }

  /** Arrays of `size` values; the last may be shorter. */
  chunk(size: number): Stream<T[]> {
    whole('chunk', size, 1);
    return new Stream(new Chunking(this.takeOver(), size));
  }

  /** What `fn` makes of the state and each value, which is the next state. */
  scan<A>(initial: A, fn: (state: A, value: T) => A): Stream<A> {
    return new Stream(new Scanning(this.takeOver(), initial, fn));
  }

  /** The values of the streams that `fn` makes of each value, one stream after the other. */
  flatMap<U>(fn: (value: T) => Streamable<U>): Stream<U> {
    return new Stream(new Flattening(this.takeOver(), (value) => Stream.from(fn(value)).takeOver()));
  }

  /**
   * What the futures give that `fn` makes of the values, at most `limit` of them at a time; in the order of the values, or, with
   * `{ ordered: false }`, as they come. A failure is thrown in its turn, and closing the stream cancels the others.
   *
   * @example
   * ```ts
   * import { blockOn, sleep } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * const slept = Stream.of(3, 1, 2).mapConcurrent(2, function* (ms) {
   *   yield* sleep(ms);
   *   return `${ms} ms`;
   * });
   * console.log(blockOn(slept.toArray())); // [ '3 ms', '1 ms', '2 ms' ]
   * ```
   */
  mapConcurrent<U>(
    limit: number,
    fn: Body<[value: T, index: number], U>,
    options: { readonly ordered?: boolean } = {},
  ): Stream<Flattened<U>> {
    whole('mapConcurrent', limit, 1);
    const source = new Concurrent(this.takeOver(), limit, fn, options.ordered !== false);
    return new Stream<unknown>(source) as Stream<Flattened<U>>;
  }

  /**
   * Reads up to `size` values ahead while the consumer does something else: by a daemon task in the consumer's scope.
   *
   * @example
   * ```ts
   * import { blockOn } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * console.log(blockOn(Stream.of(1, 2, 3).buffer(2).toArray())); // [ 1, 2, 3 ]
   * ```
   */
  buffer(size: number): Stream<T> {
    whole('buffer', size, 1);
    return new Stream(new Buffering(this.takeOver(), size));
  }

  /** At least `ms` milliseconds between two values. Nothing is dropped: the source is asked later. */
  throttle(ms: number): Stream<T> {
    millis('throttle', ms);
    return new Stream(new Throttling(this.takeOver(), ms));
  }

  /** A value when no other has come for `ms` milliseconds, in whose place it would be; the last one at the end. */
  debounce(ms: number): Stream<T> {
    millis('debounce', ms);
    return new Stream(new Debouncing(this.takeOver(), ms));
  }

  /**
   * Calls `body` with each value until the stream ends, or `body` gives `false`. It may be a plain function, a generator function or a
   * coroutine: the next value is asked for when it has ended.
   *
   * Cancelling it closes the stream: *loses its place* there. Errors: what the stream or the body throws.
   *
   * @example
   * ```ts
   * import { blockOn, sleep } from 'pawl';
   * import { Stream } from 'pawl/stream';
   * blockOn(Stream.of(1, 2).forEach(function* (n) {
   *   yield* sleep(n);
   *   console.log(n); // 1, then 2
   * }));
   * ```
   */
  forEach(body: Consumer<T>): Future<void> {
    return forEach(this.engage(), body as Consumer<unknown>);
  }

  /** What `fn` makes of the state and each value, in the end. Cancelling it closes the stream: *loses data*. */
  fold<A>(initial: A, fn: (state: A, value: T) => A): Future<A> {
    return fold(this.engage(), initial, fn as (state: unknown, value: unknown) => unknown) as Future<A>;
  }

  /** All values. Cancelling it closes the stream: *loses data*. */
  toArray(): Future<T[]> {
    return this.fold<T[]>([], (values, value) => {
      values.push(value);
      return values;
    });
  }

  /** @internal For `for await` and `yield*` in a compiled coroutine. */
  [directly](): Direct {
    return direct(this.engage());
  }

  /** For `for await` in ordinary async code, on the ambient runtime. Leaving the loop early closes the stream. */
  [Symbol.asyncIterator](): StreamIterator<T> {
    return iterate(this.engage());
  }
}

/**
 * A stream whose values a coroutine gives: `yield* emit(value)` waits until the value was taken and the next is asked for. The coroutine
 * begins at the first `next`; closing the stream cancels it, and is done when its cleanup is.
 *
 * @example
 * ```ts
 * import { blockOn, sleep } from 'pawl';
 * import { stream } from 'pawl/stream';
 * const ticks = stream<number>(function* (emit) {
 *   for (let n = 1; ; n++) {
 *     yield* sleep(1);
 *     yield* emit(n);
 *   }
 * });
 * console.log(blockOn(ticks.take(3).toArray())); // [ 1, 2, 3 ]
 * ```
 */
export function stream<T>(body: Body<[emit: Emit<T>], void>): Stream<T> {
  return new Stream(new Emitting(body));
}

/** What stands behind a stream of something that is no stream yet; null for what cannot be one. */
function sourceOf<T>(what: unknown): Source<T> | null {
  if (typeof what === 'string') return new IterableSource(what as Iterable<never>);
  if (typeof what !== 'object' || what === null) return null;
  // A receiver is an async iterable, too; asked directly it costs no promises and works inside blockOn.
  if ('recv' in what && typeof what.recv === 'function') return new ReceiverSource(what as Receiving<T>);
  if (what instanceof WatchReceiver) return new ReceiverSource({ recv: () => (what as WatchReceiver<T>).changed() });
  if (Symbol.asyncIterator in what) return new AsyncIterableSource(what as AsyncIterable<T>);
  return Symbol.iterator in what && !(what instanceof Future) ? new IterableSource(what as Iterable<T>) : null;
}

function whole(what: string, count: number, least: number): void {
  if (!(Number.isSafeInteger(count) && count >= least))
    throw new PawlError('BAD_ARGUMENT', `${what} takes a whole number, at least ${least}, got ${String(count)}`);
}

function millis(what: string, ms: number): void {
  if (!(typeof ms === 'number' && ms >= 0 && ms < Infinity))
    throw new PawlError('BAD_ARGUMENT', `${what} takes a number of milliseconds, zero or more, got ${String(ms)}`);
}
