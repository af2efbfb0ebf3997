/**
 * Pulling: a source that has futures of its own under way, several at once: what `merge`, `mapConcurrent` and `debounce` are.
 *
 * What must hold: `advance` starts what there is room for, and is called whenever something has ended; a `next` ends when `take` gives
 * something. Nothing makes progress while nobody awaits a `next`.
 */
import type { Context } from '../future/context.ts';
import { start, type Steps } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { closeAfter, closeAll, closing, type Failure } from './close.ts';
import { Retained, type Outcome } from './retained.ts';
import { END, type End, type Source } from './source.ts';

export abstract class Pulling<T> implements Source<T> {
  /** @internal For dumps. */
  abstract readonly label: string;
  protected readonly running: Retained = new Retained();
  protected closed = false;

  /** Adds to `running` what there is room for. */
  protected abstract advance(): void;
  /** One of the running futures has ended. */
  protected abstract ended(index: number, outcome: Outcome): void;
  /** A value that is there, END when none will come; PENDING while there may. Throws what a future threw. */
  protected abstract take(cx: Context): Poll<T | End>;
  /** The sources to close. */
  protected abstract sources(): readonly Source<unknown>[];

  /** What dumps call a running future. */
  protected nameOf(index: number): string {
    return String(index);
  }

  next(): Future<T | End> {
    return new Pull<T>(this);
  }

  close(): Future<void> {
    return closing(() => {
      this.closed = true;
      return start(closeRunning, this.running, this.sources());
    });
  }

  /** @internal */
  poll(cx: Context): Poll<T | End> {
    if (!spend(cx)) return PENDING;
    let progress = true;
    const ended = (index: number, outcome: Outcome): void => {
      progress = true;
      this.ended(index, outcome);
    };
    while (!this.closed) {
      const value = this.take(cx);
      if (value !== PENDING) return value;
      // What has just ended may be the value, or have made room.
      if (!progress) return PENDING;
      progress = false;
      this.advance();
      this.running.poll(cx, ended);
    }
    return END;
  }

  /** @internal */
  rest(): void {
    // Once it is closed, whoever closes it is woken.
    if (!this.closed) this.running.rest();
  }

  /** @internal */
  tell(): WaitInfo {
    return { what: this.label, branches: this.running.branches((index) => this.nameOf(index)) };
  }
}

class Pull<T> extends Future<T | End> implements Waiting {
  private readonly source: Pulling<T>;
  private done = false;

  constructor(source: Pulling<T>) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<T | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    let value: Poll<T | End> = PENDING;
    try {
      this.done = true;
      value = this.source.poll(cx);
      if (value === PENDING) this.done = false;
      return value;
    } finally {
      if (this.done) this.source.rest();
    }
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    this.source.rest();
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return this.source.tell();
  }
}

function* closeRunning(running: Retained, sources: readonly Source<unknown>[]): Steps<void> {
  let failure: Failure | null = null;
  try {
    yield* running.close();
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    yield* closeAfter(failure, closeAll(sources));
  }
}
