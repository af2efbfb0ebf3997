/**
 * AbortSignals, in and out. A token of ours from a signal, and a signal from a token, is `CancellationToken`'s own affair.
 *
 * What must hold: a listener is on a signal only while somebody waits for it. A signal that a coroutine was given is aborted before its
 * cleanup begins, and never after it has ended well.
 */
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { start, type Body, type Flattened } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { listen, unlisten } from '../future/signals.ts';
import { fromPromise } from './promise.ts';

class Aborted extends Future<unknown> implements Waiting {
  private readonly signal: AbortSignal;
  private waker: Waker | null = null;
  private done = false;

  constructor(signal: AbortSignal) {
    super();
    this.signal = signal;
  }

  override poll(cx: Context): Poll<unknown> {
    if (this.done) throw alreadyCompleted('aborted');
    const { signal } = this;
    if (signal.aborted) {
      this.leave();
      return signal.reason as unknown;
    }
    // The future is the listener itself: adding it again is harmless.
    if (this.waker === null) listen(signal, this);
    this.waker = cx.waker;
    return PENDING;
  }

  override cancel(_cx: Context): Poll<void> {
    this.leave();
    return undefined;
  }

  /** Called by the signal. */
  handleEvent(): void {
    this.waker?.wake();
  }

  private leave(): void {
    if (this.waker !== null) unlisten(this.signal, this);
    this.waker = null;
    this.done = true;
  }

  [waitInfo](): WaitInfo {
    return { what: 'an AbortSignal', resource: this.signal };
  }
}

/**
 * Waits until the signal is aborted and gives its reason. In a `race` it bounds the others; `CancellationToken.fromSignal` does more.
 *
 * Cancelling it is *safe*: no listener is left on the signal. Errors: BAD_ARGUMENT for anything but an AbortSignal.
 *
 * @example
 * ```ts
 * import { aborted, race, run, sleep } from 'pawl';
 * const controller = new AbortController();
 * setTimeout(() => controller.abort('enough'), 5);
 * console.log(await run(race([aborted(controller.signal), sleep(60_000)]))); // enough
 * ```
 */
export function aborted(signal: AbortSignal): Future<unknown> {
  if (!(signal instanceof AbortSignal))
    throw new PawlError('BAD_ARGUMENT', `aborted takes an AbortSignal, got ${typeof signal}`);
  return new Aborted(signal);
}

class WithSignal<T> extends Future<T> {
  private readonly body: Body<[AbortSignal], T>;
  private readonly controller = new AbortController();
  /** @internal For dumps. */
  awaited: Future<T> | null = null;
  private done = false;

  constructor(body: Body<[AbortSignal], T>) {
    super();
    this.body = body;
  }

  /** @internal For dumps. */
  get label(): string {
    return 'withSignal';
  }

  override poll(cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted('withSignal');
    let value: Poll<T> = PENDING;
    let failed = true;
    try {
      this.awaited ??= start(this.body, this.controller.signal);
      value = this.awaited.poll(cx);
      failed = false;
      return value;
    } finally {
      if (failed || value !== PENDING) {
        this.done = true;
        this.awaited = null;
      }
    }
  }

  override cancel(cx: Context): Poll<void> {
    if (this.awaited === null) {
      this.done = true;
      return undefined;
    }
    if (!this.controller.signal.aborted) {
      this.controller.abort(new PawlError('CANCELLED', 'the future that was given this signal was cancelled'));
    }
    if (this.awaited.cancel(cx) === PENDING) return PENDING;
    this.awaited = null;
    this.done = true;
    return undefined;
  }
}

/**
 * Runs a body with an `AbortSignal` that is aborted when the future is cancelled, before the body's own cleanup begins: for APIs that take
 * a signal for longer than one call. For one call see {@link fromAbortable}.
 *
 * Cancelling it aborts the signal, then cancels the body; it is done when the body is. Errors: what the body throws.
 *
 * @example
 * ```ts
 * import { setTimeout as pause } from 'node:timers/promises';
 * import { fromPromise, run, timeout, withSignal } from 'pawl';
 * const work = withSignal(function* (signal) {
 *   signal.addEventListener('abort', () => console.log('told to stop'), { once: true });
 *   yield* fromPromise(pause(60_000, undefined, { signal }).catch(() => {}));
 * });
 * await run(timeout(5, work)).catch((error) => console.log(error.code)); // told to stop, then TIMEOUT
 * ```
 */
export function withSignal<T>(body: Body<[signal: AbortSignal], T>): Future<Flattened<T>> {
  return new WithSignal(body) as Future<unknown> as Future<Flattened<T>>;
}

/**
 * A future of a function that starts something and gives a promise, and stops it when the signal is aborted: `fetch`, `readFile` and most
 * of Node's promise APIs. It is `fromPromise` of a function, by a name that says what for.
 *
 * Cancelling it aborts the signal, and is done when the promise has settled: what was asked of the network or the disk has stopped. A value
 * that comes after that is lost (*loses data*). Errors: what the promise rejects with; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { once } from 'node:events';
 * import { fromAbortable, run, timeout } from 'pawl';
 * const server = createServer(() => {}).listen(0, '127.0.0.1'); // never answers
 * await once(server, 'listening');
 * const { port } = server.address() as { port: number };
 * const page = fromAbortable((signal) => fetch(`http://127.0.0.1:${port}/`, { signal }));
 * await run(timeout(20, page)).catch((error) => console.log(error.code)); // TIMEOUT
 * server.close(); // ends the process: no request is under way any more
 * ```
 */
export function fromAbortable<T>(begin: (signal: AbortSignal) => PromiseLike<T>): Future<T> {
  if (typeof begin !== 'function')
    throw new PawlError('BAD_ARGUMENT', `fromAbortable takes a function, got ${typeof begin}`);
  return fromPromise(begin);
}
