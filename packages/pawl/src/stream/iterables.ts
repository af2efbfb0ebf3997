/**
 * Streams from what JavaScript iterates: iterables, async iterables, and the receivers of channels.
 *
 * What must hold: an iterator is closed by its `return` when the stream is closed before its end. A step of an async iterator that is under
 * way is kept when a `next` is cancelled: its value comes with the next one.
 */
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { coroutine } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { ready } from '../future/ready.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { CLOSED } from '../sync/index.ts';
import { spend } from '../task/budget.ts';
import { closing } from './close.ts';
import { END, type End, type Source } from './source.ts';

/** A source whose values are there at once. */
export class IterableSource<T> implements Source<T> {
  private readonly iterable: Iterable<T>;
  private iterator: Iterator<T> | null = null;
  private ended = false;

  constructor(iterable: Iterable<T>) {
    this.iterable = iterable;
  }

  next(): Future<T | End> {
    return new Step(this);
  }

  close(): Future<void> {
    return closing(() => {
      const { iterator, ended } = this;
      this.ended = true;
      if (!ended) iterator?.return?.();
      return undefined;
    });
  }

  /** @internal */
  step(): T | End {
    if (this.ended) return END;
    try {
      const { done, value } = (this.iterator ??= this.iterable[Symbol.iterator]()).next();
      if (done !== true) return value;
    } catch (error) {
      this.ended = true;
      throw error;
    }
    this.ended = true;
    return END;
  }
}

class Step<T> extends Future<T | End> {
  private readonly source: IterableSource<T>;
  private done = false;

  constructor(source: IterableSource<T>) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<T | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    if (!spend(cx)) return PENDING;
    this.done = true;
    return this.source.step();
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    return undefined;
  }
}

/** A promise that several futures, one after the other, can wait for: cancelling one leaves it to the next. */
export class Settlement<T> {
  private waker: Waker | null = null;
  private state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  private outcome: unknown = undefined;
  private readonly what: string;

  constructor(promise: PromiseLike<T>, what: string) {
    this.what = what;
    promise.then(
      (value) => this.settle('fulfilled', value),
      (error: unknown) => this.settle('rejected', error),
    );
  }

  /** Waits for it. */
  wait(): Future<T> {
    return new Settled(this);
  }

  /** @internal */
  poll(cx: Context): Poll<T> {
    if (this.state === 'rejected') throw this.outcome;
    if (this.state === 'fulfilled') return this.outcome as T;
    if (driverOf(cx).blocking)
      throw new PawlError(
        'BLOCKING_NODE',
        `${this.what} inside blockOn, where nothing would settle it: use run instead`,
      );
    this.waker = cx.waker;
    return PENDING;
  }

  /** @internal */
  forget(): void {
    this.waker = null;
  }

  /** @internal */
  tell(): WaitInfo {
    return { what: this.what, resource: this };
  }

  private settle(state: 'fulfilled' | 'rejected', outcome: unknown): void {
    this.state = state;
    this.outcome = outcome;
    this.waker?.wake();
    this.waker = null;
  }
}

class Settled<T> extends Future<T> implements Waiting {
  private readonly settlement: Settlement<T>;

  constructor(settlement: Settlement<T>) {
    super();
    this.settlement = settlement;
  }

  override poll(cx: Context): Poll<T> {
    return this.settlement.poll(cx);
  }

  override cancel(_cx: Context): Poll<void> {
    this.settlement.forget();
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return this.settlement.tell();
  }
}

/** A source that is asked by promises, one at a time. */
export abstract class PromiseSource<T> implements Source<T> {
  private pending: Settlement<IteratorResult<T, unknown>> | null = null;
  private ended = false;
  /** The closing that is under way. */
  private ending: Settlement<unknown> | null = null;
  private readonly what: string;

  constructor(what: string) {
    this.what = what;
  }

  /** Asks for the next value. */
  protected abstract ask(): PromiseLike<IteratorResult<T, unknown>>;
  /** Lets the source go before its end; called once. */
  protected abstract end(): PromiseLike<unknown> | undefined;
  /** The source has ended by itself. */
  protected ran(): void {}

  next(): Future<T | End> {
    return this.ended ? ready<End>(END) : advance(this);
  }

  close(): Future<void> {
    return closing(() => {
      if (!this.ended) {
        this.ended = true;
        const end = this.end();
        if (end !== undefined) this.ending = new Settlement(end, `the end of ${this.what}`);
      }
      return this.ending?.wait();
    });
  }

  /** @internal */
  step(): Future<IteratorResult<T, unknown>> {
    this.pending ??= new Settlement(this.ask(), `the next value of ${this.what}`);
    return this.pending.wait();
  }

  /** @internal */
  stepped(done: boolean): void {
    this.pending = null;
    if (!done) return;
    this.ended = true;
    this.ran();
  }
}

const advance = coroutine(function* next(source: PromiseSource<unknown>) {
  let result: IteratorResult<unknown, unknown>;
  try {
    result = yield* source.step();
  } catch (error) {
    if (!(error instanceof PawlError && error.code === 'BLOCKING_NODE')) source.stepped(true);
    throw error;
  }
  const done = result.done === true;
  source.stepped(done);
  return done ? END : result.value;
}) as <T>(source: PromiseSource<T>) => Future<T | End>;

export class AsyncIterableSource<T> extends PromiseSource<T> {
  private readonly iterable: AsyncIterable<T>;
  private iterator: AsyncIterator<T> | null = null;

  constructor(iterable: AsyncIterable<T>) {
    super('an async iterable');
    this.iterable = iterable;
  }

  protected override ask(): PromiseLike<IteratorResult<T, unknown>> {
    return (this.iterator ??= this.iterable[Symbol.asyncIterator]()).next();
  }

  protected override end(): PromiseLike<unknown> | undefined {
    return this.iterator?.return?.();
  }
}

/** What a stream can receive from: the receiver of a channel or a broadcast. */
export interface Receiving<out T> {
  /** The next message. Cancelling it is *safe*. */
  recv(): Future<T | typeof CLOSED>;
}

/** What is received from a channel, a broadcast or a watch; closing the stream closes nothing of the channel, which has an owner. */
export class ReceiverSource<T> implements Source<T> {
  private readonly receiver: Receiving<T>;
  private closed = false;

  constructor(receiver: Receiving<T>) {
    this.receiver = receiver;
  }

  next(): Future<T | End> {
    if (this.closed) return ready<End>(END);
    return map(this.receiver.recv(), (value): T | End => (value === CLOSED ? END : value));
  }

  close(): Future<void> {
    return closing(() => {
      this.closed = true;
      return undefined;
    });
  }
}
