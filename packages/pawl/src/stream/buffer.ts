/**
 * Buffer: values read ahead while the consumer is busy.
 *
 * What must hold: at most `size` values are kept. They are read by a daemon task in the scope of whoever awaits `next`, so the reading ends
 * with that scope; the next `next`, in another one, starts it again, and so does one that waits at that time. Nothing that was read is lost.
 */
import type { Context, Waker } from '../future/context.ts';
import { coroutine, start, type Steps } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { spawn } from '../task/spawn.ts';
import type { JoinHandle } from '../task/join-handle.ts';
import { closing } from './close.ts';
import { END, type End, type Source } from './source.ts';

export class Buffering<T> implements Source<T> {
  private readonly source: Source<T>;
  private readonly size: number;
  private readonly values: T[] = [];
  private failure: { readonly error: unknown } | null = null;
  private over = false;
  private reader: JoinHandle<void> | null = null;
  /** @internal Whoever awaits a value. */
  consumer: Waker | null = null;
  /** @internal The reader, when there is no room. */
  producer: Waker | null = null;

  constructor(source: Source<T>, size: number) {
    this.source = source;
    this.size = size;
  }

  next(): Future<T | End> {
    return new Next<T>(this);
  }

  close(): Future<void> {
    return closing(() => start(() => this.stop()));
  }

  /** @internal */
  get full(): boolean {
    return this.values.length >= this.size;
  }

  /** @internal */
  get room(): Future<void> {
    return new Room(this);
  }

  /** @internal */
  take(cx: Context): Poll<T | End> {
    if (!spend(cx)) return PENDING;
    if (this.values.length > 0) {
      const value = this.values.shift() as T;
      this.producer?.wake();
      return value;
    }
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure.error;
    if (this.over) return END;
    if (this.reader === null || this.reader.finished) {
      this.reader = spawn(reading(this as Buffering<unknown>), { daemon: true, name: 'buffer' });
    }
    this.consumer = cx.waker;
    return PENDING;
  }

  /** @internal Reads one value ahead. */
  *read(): Steps<boolean> {
    let value: T | End;
    try {
      value = yield* this.source.next();
    } catch (error) {
      this.failure = { error };
      value = END;
    }
    if (value === END) this.over = true;
    else {
      this.values.push(value);
      this.consumer?.wake();
    }
    return !this.over;
  }

  /** @internal */
  *stop(): Steps<void> {
    this.over = true;
    this.values.length = 0;
    this.failure = null;
    try {
      const { reader } = this;
      if (reader !== null && !reader.finished) {
        reader.abort('the stream was closed');
        yield* ended(reader);
      }
    } finally {
      yield* this.source.close();
    }
  }
}

const reading = coroutine(function* buffer(buffering: Buffering<unknown>): Steps<void> {
  try {
    do {
      if (buffering.full) yield* buffering.room;
    } while (yield* buffering.read());
  } finally {
    // Its scope may have ended while somebody in another one waits.
    buffering.consumer?.wake();
  }
});

/** Waits for a task, however it ends. */
const ended = coroutine(function* (task: JoinHandle<unknown>): Steps<void> {
  try {
    yield* task;
  } catch {
    // It was aborted; its own failure would have failed its scope.
  }
});

class Next<T> extends Future<T | End> implements Waiting {
  private readonly buffering: Buffering<T>;
  private done = false;

  constructor(buffering: Buffering<T>) {
    super();
    this.buffering = buffering;
  }

  override poll(cx: Context): Poll<T | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    let value: Poll<T | End> = PENDING;
    try {
      this.done = true;
      value = this.buffering.take(cx);
      return value;
    } finally {
      if (value === PENDING) this.done = false;
      else this.buffering.consumer = null;
    }
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    this.buffering.consumer = null;
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return { what: 'the next value of a buffer', resource: this.buffering };
  }
}

class Room extends Future<void> implements Waiting {
  private readonly buffering: Buffering<unknown>;

  constructor(buffering: Buffering<unknown>) {
    super();
    this.buffering = buffering;
  }

  override poll(cx: Context): Poll<void> {
    if (!this.buffering.full) {
      this.buffering.producer = null;
      return undefined;
    }
    this.buffering.producer = cx.waker;
    return PENDING;
  }

  override cancel(_cx: Context): Poll<void> {
    this.buffering.producer = null;
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return { what: 'room in a buffer', resource: this.buffering };
  }
}
