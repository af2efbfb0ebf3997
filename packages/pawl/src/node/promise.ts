/**
 * From promises to futures: what Node's world gives, awaited in a coroutine.
 *
 * What must hold: no function is called before the first poll. Only one settlement counts. Where Node's loop cannot run
 * (inside `blockOn`) it fails at its poll instead of hanging.
 */
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';

type Source<T> = PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>);

const NEW = 0;
const WAITING = 1;
const FULFILLED = 2;
const REJECTED = 3;
const DONE = 4;

class FromPromise<T> extends Future<T> implements Waiting {
  private source: Source<T> | null;
  private state = NEW;
  private outcome: unknown = undefined;
  private waker: Waker | null = null;
  private controller: AbortController | null = null;

  constructor(source: Source<T>) {
    super();
    this.source = source;
    // From now on a rejection is this future's affair: one that comes before the first poll must not end the process.
    // (A thenable that is no promise may be as lazy as we are: it is left alone.)
    if (source instanceof Promise) source.catch(() => {});
    // A promise goes on without it; what a function starts does not.
    else if (creations !== null) creations.leaf(this, 'fromPromise(…)');
  }

  /** @internal */
  get untouched(): boolean {
    return this.state === NEW;
  }

  override poll(cx: Context): Poll<T> {
    if (this.state === DONE) throw alreadyCompleted('fromPromise');
    if (this.state === NEW || this.state === WAITING) {
      if (driverOf(cx).blocking) throw this.blocked();
      this.waker = cx.waker;
      if (this.state === NEW) this.begin();
      return PENDING;
    }
    const { outcome, state } = this;
    this.finish();
    if (state === REJECTED) throw outcome;
    return outcome as T;
  }

  /** Waits for what the signal has stopped; a promise that was given as it is goes on, and nobody waits for it. */
  override cancel(cx: Context): Poll<void> {
    const { controller } = this;
    if (controller === null || this.state === NEW || this.state === DONE) {
      this.finish();
      return undefined;
    }
    if (!controller.signal.aborted) {
      controller.abort(new PawlError('CANCELLED', 'the future of this promise was cancelled'));
    }
    if (this.state === WAITING) {
      if (driverOf(cx).blocking) {
        this.finish();
        return undefined;
      }
      this.waker = cx.waker;
      return PENDING;
    }
    const { outcome, state } = this;
    this.finish();
    if (state === REJECTED && !isAbort(outcome, controller.signal)) throw outcome;
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return { what: 'a promise', outside: true };
  }

  private begin(): void {
    const source = this.source as Source<T>;
    this.source = null;
    this.state = WAITING;
    let promise: PromiseLike<T>;
    try {
      promise = typeof source === 'function' ? source((this.controller = new AbortController()).signal) : source;
      if (!isThenable(promise))
        throw new PawlError('BAD_ARGUMENT', 'the function given to fromPromise returned no promise');
    } catch (error) {
      this.finish();
      throw error;
    }
    promise.then(
      (value) => this.settle(FULFILLED, value),
      (error: unknown) => this.settle(REJECTED, error),
    );
  }

  private settle(state: number, outcome: unknown): void {
    if (this.state !== WAITING) return;
    this.state = state;
    this.outcome = outcome;
    this.waker?.wake();
  }

  private finish(): void {
    this.state = DONE;
    this.source = null;
    this.outcome = undefined;
    this.waker = null;
    this.controller = null;
  }

  private blocked(): PawlError {
    this.finish();
    return new PawlError(
      'BLOCKING_NODE',
      "a promise was awaited inside blockOn, where Node's event loop cannot run and nothing would settle it: use run instead",
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** What a promise rejects with because it was told to stop is no failure of the cleanup. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

/**
 * A future of a promise, or of a function that starts the work and is given an `AbortSignal`. The function is called at the first poll.
 * The rejection of a promise belongs to its future, so a future that is dropped unpolled takes it along. A thenable that is a future needs no such bridge: await it directly.
 *
 * Cancelling the future of a function aborts the signal, and is done when the promise has settled, so a lost race or a timeout has really
 * stopped the work (within the cleanup deadline, after which it is left behind and CLEANUP_ABANDONED is reported). A value that comes
 * after the cancellation is lost (*loses data*); a rejection is ignored when it is the signal's reason or an AbortError, otherwise it is
 * the cleanup's failure. Cancelling the future of a promise only stops waiting: the promise's work goes on.
 *
 * Errors: what the promise rejects with or the function throws; BLOCKING_NODE inside `blockOn`; BAD_ARGUMENT for anything but a promise
 * or a function that returns one.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { fromPromise, run, timeout } from 'pawl';
 * const length = await run(function* () {
 *   const text = yield* timeout(1000, fromPromise((signal) => readFile('/etc/hostname', { encoding: 'utf8', signal })));
 *   return text.length;
 * });
 * console.log(length > 0); // true
 * ```
 */
export function fromPromise<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)): Future<T> {
  if (typeof source !== 'function' && !isThenable(source)) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `fromPromise takes a promise or a function that returns one, got ${String(source)}`,
    );
  }
  return new FromPromise(source);
}
