/**
 * Next: the future of a stream's next value.
 *
 * What must hold: one at a time waits. It gives END when the stream is closed meanwhile, after what it waited for has let go.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { END, type End } from './source.ts';
import type { Stream } from './stream.ts';

export class Next<T> extends Future<T | End> {
  private readonly stream: Stream<T>;
  /** @internal For dumps, which see through it. */
  awaited: Future<T | End> | null = null;
  /** @internal */
  readonly transparent = true;
  private done = false;

  constructor(over: Stream<T>) {
    super();
    this.stream = over;
  }

  override poll(cx: Context): Poll<T | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    const { stream: over } = this;
    if (over.user !== null && over.user !== this) {
      this.done = true;
      throw new PawlError('BUSY', 'another task awaits the next value of this stream: one at a time may');
    }
    if (over.closed && this.awaited !== null) return this.leave(cx);
    this.awaited ??= over.source.next();
    let value: Poll<T | End>;
    try {
      value = this.awaited.poll(cx);
    } catch (error) {
      this.finish();
      throw error;
    }
    if (value === PENDING) {
      over.user = this;
      over.waker = cx.waker;
    } else this.finish();
    return value;
  }

  /** The stream was closed while this waited. */
  private leave(cx: Context): Poll<End> {
    if ((this.awaited as Future<T | End>).cancel(cx) === PENDING) return PENDING;
    this.finish();
    return END;
  }

  override cancel(cx: Context): Poll<void> {
    if (!this.done && this.awaited !== null && this.awaited.cancel(cx) === PENDING) return PENDING;
    if (this.stream.user === this) this.finish();
    this.done = true;
    return undefined;
  }

  private finish(): void {
    this.stream.user = null;
    this.stream.waker = null;
    this.awaited = null;
    this.done = true;
  }
}
