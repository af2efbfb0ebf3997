/**
 * Emit: a stream whose values a coroutine gives, at the pace of whoever takes them.
 *
 * What must hold: the coroutine begins with the first `next`, and goes on after an `emit` only when the value has been taken and another is
 * asked for. Closing the stream cancels it, and is done when its cleanup is; what that emits is dropped, since nobody is there to take it.
 */
import type { Context, Waker } from '../future/context.ts';
import { start, type Body } from '../future/coroutine.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { PawlError } from '../error/index.ts';
import { Pulling } from './pulling.ts';
import type { Outcome } from './retained.ts';
import { END, type End, type Source } from './source.ts';

/**
 * Gives one value of the stream, and waits until it was taken and the next is asked for. Cancelling it *loses data*: that value. What a
 * cleanup gives once the stream is closed is dropped at once.
 */
export type Emit<T> = (value: T) => Future<void>;

/** Values that one cleanup may emit: one that emits for ever is left waiting, for the deadline of cleanups to end it. */
const MOST_DROPPED = 1000;

export class Emitting<T> extends Pulling<T> {
  readonly label = 'stream';
  private readonly body: Body<[Emit<T>], void>;
  private begun = false;
  private over = false;
  private failure: { readonly error: unknown } | null = null;
  /** The emit that has a value to give. */
  private offer: Emission<T> | null = null;
  /** The emit whose value was taken: it ends when the next value is asked for. */
  private taken: Emission<T> | null = null;
  private dropped = 0;

  constructor(body: Body<[Emit<T>], void>) {
    super();
    this.body = body;
  }

  protected override advance(): void {
    if (!this.begun) {
      this.begun = true;
      this.running.add(
        0,
        start(this.body, (value: T) => new Emission(this, value)),
      );
    }
    const { taken } = this;
    this.taken = null;
    taken?.resume();
  }

  protected override ended(_index: number, outcome: Outcome): void {
    this.over = true;
    if (outcome.failed) this.failure = { error: outcome.value };
  }

  protected override take(): T | End | typeof PENDING {
    const { offer } = this;
    if (offer !== null) {
      this.offer = null;
      this.taken = offer;
      return offer.value;
    }
    if (!this.over) return PENDING;
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure.error;
    return END;
  }

  protected override sources(): readonly Source<unknown>[] {
    return [];
  }

  /** @internal False when nobody will take it, and the coroutine is to go on. */
  offered(emission: Emission<T>): boolean {
    if (this.closed) return ++this.dropped > MOST_DROPPED;
    if (this.offer !== null || this.taken !== null)
      throw new PawlError('BUSY', 'two emits of one stream at once: values come one after the other');
    this.offer = emission;
    return true;
  }

  /** @internal */
  withdraw(emission: Emission<T>): void {
    if (this.offer === emission) this.offer = null;
    if (this.taken === emission) this.taken = null;
  }
}

const NEW = 0;
const OFFERED = 1;
const RESUMED = 2;
const DONE = 3;

class Emission<T> extends Future<void> implements Waiting {
  private readonly stream: Emitting<T>;
  readonly value: T;
  private state = NEW;
  private waker: Waker | null = null;

  constructor(stream: Emitting<T>, value: T) {
    super();
    this.stream = stream;
    this.value = value;
    if (creations !== null) creations.leaf(this, 'emit(…)');
  }

  /** @internal */
  get untouched(): boolean {
    return this.state === NEW;
  }

  override poll(cx: Context): Poll<void> {
    if (this.state === DONE) throw alreadyCompleted('emit');
    if (this.state === RESUMED) {
      this.state = DONE;
      return undefined;
    }
    if (this.state === NEW) {
      if (!this.stream.offered(this)) {
        this.state = DONE;
        return undefined;
      }
      this.state = OFFERED;
    }
    this.waker = cx.waker;
    return PENDING;
  }

  override cancel(_cx: Context): Poll<void> {
    this.stream.withdraw(this);
    this.state = DONE;
    return undefined;
  }

  resume(): void {
    this.state = RESUMED;
    this.waker?.wake();
  }

  [waitInfo](): WaitInfo {
    return { what: 'whoever takes what it has emitted' };
  }
}
