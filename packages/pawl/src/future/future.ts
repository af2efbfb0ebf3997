/**
 * Future: a computation that makes progress only when it is polled, and can be cancelled.
 *
 * What must hold: nothing happens before the first poll. `poll` returns the value, throws the error, or returns PENDING after
 * having arranged a wake of `cx.waker`. Ready means ready: a poll after completion throws ALREADY_COMPLETED. A cancelled future
 * is polled through `cancel` until that is done, and never through `poll` again.
 *
 * A class that is extended again only `declare`s its fields, and sets them in its constructor: field initialisers are a function, and V8 14
 * inlines that of the last class alone. A lock's future with a class in the middle costs 9 ns instead of 18, a free semaphore 0.6 of it.
 */
import { PawlError } from '../error/index.ts';
import { consume } from './consume.ts';
import type { Context } from './context.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from './poll.ts';
import { current, DELIVER, isOutOfPatience, mode, NORMAL, OVERDUE, setMode, SUSPENDING } from './register.ts';
import { appendCaller } from './trace.ts';
import { letReturn } from './unwind.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

/** What a coroutine yields while it waits. Opaque: only `yield*` of a future produces it. */
export interface Suspend {
  readonly [suspension]: never;
}
declare const suspension: unique symbol;

interface Delivered<T> {
  done: true;
  value: T;
}

/** One shared result for every delivery: an await allocates nothing. */
const DELIVERED: Delivered<unknown> = { done: true, value: undefined };

/**
 * A lazy, cancellable computation of a `T`. Await it with `yield*` in a coroutine, poll it by hand, or hand it to `run`.
 *
 * It is also a `PromiseLike`: `then` moves it into a task of its own on the thread's ambient runtime, so ordinary async code can
 * await it. From then on it belongs to that task: polling it throws FUTURE_CONSUMED.
 *
 * @example
 * ```ts
 * import { blockOn, Future, type Context, type Poll } from 'pawl';
 * class Answer extends Future<number> {
 *   poll(_cx: Context): Poll<number> { return 42; }
 * }
 * console.log(blockOn(new Answer())); // 42
 * ```
 */
export abstract class Future<out T> implements PromiseLike<T> {
  /** Makes what progress it can. Stores `cx.waker` when it returns PENDING. */
  abstract poll(cx: Context): Poll<T>;

  /**
   * Asks the future to stop, and is polled like `poll` until it is done (any result but PENDING). A future that was never polled, and
   * one that has completed, is done at once. The default is right for a future that holds nothing; a leaf that has stored a waker
   * overrides it and drops the waker, a combinator cancels what it awaits.
   */
  cancel(_cx: Context): Poll<void> {
    return undefined;
  }

  /** Consumes the future: its first call moves it into a task on the ambient runtime, later calls share that task's promise. */
  // oxlint-disable-next-line unicorn/no-thenable -- a future is a PromiseLike by design
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return consume(this).then(onFulfilled, onRejected);
  }

  /** What `yield*` iterates: the future itself, so that an await allocates nothing. Only for coroutines: it yields nothing of use. */
  [Symbol.iterator](): Iterator<Suspend, T, unknown> {
    return this as unknown as Iterator<Suspend, T, unknown>;
  }

  /** @internal Called by `yield*`: first to poll, then to hand over the value that the coroutine's driver delivers. */
  next(sent?: unknown): IteratorResult<Suspend, T> {
    // `yield*` always passes an argument; a loop, a spread and `Array.from` never do.
    // oxlint-disable-next-line prefer-rest-params
    if (arguments.length === 0) throw outside();
    if (mode !== NORMAL) {
      // Suspended instead of thrown at: the cleanup's owner finds it waiting past its deadline, and abandons it.
      if (mode === OVERDUE && isOutOfPatience()) {
        setMode(SUSPENDING);
        return { done: false, value: this } as unknown as IteratorResult<Suspend, T>;
      }
      return answer(sent) as Delivered<T>;
    }
    if (current === null) throw outside();
    const value = this.poll(current);
    if (value === PENDING) {
      setMode(SUSPENDING);
      // The future is its own unfinished result: `yield*` hands it through to the coroutine's driver by identity, and nothing needs to
      // be stored anywhere (8 ns of a ping-pong's 150). A result without a true `done` is an unfinished one; a class may have its own.
      const self: { readonly done?: unknown } = this as object;
      return (self.done ? { done: false, value: this } : self) as IteratorResult<Suspend, T>;
    }
    DELIVERED.value = value;
    return DELIVERED as Delivered<T>;
  }

  /** @internal The awaited future failed: `yield*` throws the error at the await, whose line joins the error's logical stack. */
  throw(error: unknown): never {
    if (mode !== OVERDUE) setMode(NORMAL);
    appendCaller(error, false);
    throw error;
  }

  /** @internal The coroutine is being returned from: the await lets go at once (what it awaited has been cancelled before). */
  return(value?: unknown): Delivered<unknown> {
    letReturn();
    return { done: true, value };
  }
}

function answer(sent: unknown): Delivered<unknown> {
  if (mode === DELIVER) {
    setMode(NORMAL);
    DELIVERED.value = sent;
    return DELIVERED;
  }
  if (mode === OVERDUE) throw cleanupTimeout();
  setMode(NORMAL);
  throw outside();
}

function outside(): PawlError {
  return new PawlError(
    'NOT_IN_COROUTINE',
    'a future was iterated outside a coroutine, or in one of another copy of pawl: use `yield* future` directly in a coroutine(function* …), or await it with then',
  );
}

export function cleanupTimeout(): PawlError {
  return new PawlError(
    'CLEANUP_TIMEOUT',
    'the cleanup after a cancellation ran past its deadline: this await was cancelled',
  );
}

/** What a future throws when it is polled after it has completed. */
export function alreadyCompleted(what: string): PawlError {
  return new PawlError('ALREADY_COMPLETED', `${what} was polled after it had completed: a future completes once`);
}
