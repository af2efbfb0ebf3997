/**
 * Direct iteration: what `for await` and `yield*` of a compiled coroutine ask for values, where ordinary code goes through promises.
 *
 * What must hold: `next` is asked for one value at a time, and cancelling it is *safe*. Until it has given `end`, also after an error and
 * after a cancelled `next`, what is iterated is closed, and that is waited for.
 */
import type { Context } from './context.ts';
import { Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';
import { suppress } from './suppressed.ts';

/** The method by which something of the runtime offers its values to coroutines. */
export const directly: unique symbol = Symbol.for('pawl.directly') as never;

/** What the method gives. */
export interface Direct {
  /** What `next` gives when there are no more values. */
  readonly end: unknown;
  next(): Future<unknown>;
  /** Lets it go before its end; null when there is nothing to let go. */
  close(): Future<unknown> | null;
}

/** Something that has it. */
export interface Directed {
  [directly](): Direct;
}

/** Takes the place of an `Iteration` over an async iterator. */
export class DirectIteration {
  private readonly from: Direct;
  private ended = false;
  value: unknown = undefined;

  constructor(from: Direct) {
    this.from = from;
  }

  ask(): Future<unknown> {
    return this.from.next();
  }

  took(value: unknown): boolean {
    this.ended = value === this.from.end;
    this.value = this.ended ? undefined : value;
    return !this.ended;
  }

  /** The loop is left: what to await. */
  closing(): Future<unknown> | null {
    return this.ended ? null : this.from.close();
  }

  /** The same because of an error, of which and of what closing throws neither is lost. */
  closingAfter(error: unknown): Future<unknown> | null {
    const close = this.closing();
    return close === null ? null : new ClosingAfter(error, close);
  }
}

class ClosingAfter extends Future<void> {
  /** @internal For dumps. */
  readonly awaited: Future<unknown>;
  /** @internal */
  readonly transparent = true;
  private readonly error: unknown;

  constructor(error: unknown, close: Future<unknown>) {
    super();
    this.awaited = close;
    this.error = error;
  }

  override poll(cx: Context): Poll<void> {
    try {
      return this.awaited.poll(cx) === PENDING ? PENDING : undefined;
    } catch (later) {
      throw suppress(this.error, later);
    }
  }

  override cancel(cx: Context): Poll<void> {
    return this.awaited.cancel(cx);
  }
}
