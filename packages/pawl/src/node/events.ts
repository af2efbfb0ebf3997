/**
 * Events of an `EventEmitter` or an `EventTarget`, as futures and streams.
 *
 * What must hold: the listeners are there from the first poll to the end, and no longer. Events cannot be slowed down, so what nobody has
 * taken is kept up to a limit; what happens beyond it was asked for.
 */
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { END, Stream, type Source } from '../stream/index.ts';
import { closing } from '../stream/close.ts';
import { spend } from '../task/budget.ts';

/** What has listeners as an `EventEmitter` has them. */
export interface Emitter {
  on(name: string | symbol, listener: (...args: unknown[]) => void): unknown;
  off(name: string | symbol, listener: (...args: unknown[]) => void): unknown;
}

/** What events come from. */
export type Emitting = Emitter | EventTarget;

export interface EventsOptions {
  /** Events that are kept while nobody takes them. Default 1024. */
  readonly limit?: number;
  /** What an event beyond the limit does: the stream fails with LIMIT_EXCEEDED (the default), or it, or the oldest, is dropped. */
  readonly overflow?: 'fail' | 'drop-newest' | 'drop-oldest';
  /** Events that end the stream, once what came before them has been taken: `['close', 'end']`. */
  readonly end?: readonly string[];
}

/** The listeners of one use of an emitter. */
class Listeners {
  private readonly from: Emitting;
  private readonly all: { readonly name: string | symbol; readonly call: (...args: unknown[]) => void }[] = [];

  constructor(from: Emitting) {
    this.from = from;
  }

  add(name: string | symbol, call: (...args: unknown[]) => void): void {
    this.all.push({ name, call });
    if ('on' in this.from) this.from.on(name, call);
    else this.from.addEventListener(String(name), call);
  }

  /** An emitter's `error` is thrown, as everywhere in Node; an EventTarget's is an event like others. */
  addError(name: string | symbol, fail: (error: unknown) => void): void {
    if (name !== 'error' && 'on' in this.from) this.add('error', fail);
  }

  /** What is given for an event: an emitter's arguments, an EventTarget's event. */
  valueOf(args: unknown[]): unknown {
    return 'on' in this.from ? args : args[0];
  }

  removeAll(): void {
    for (const { name, call } of this.all.splice(0)) {
      if ('on' in this.from) this.from.off(name, call);
      else this.from.removeEventListener(String(name), call);
    }
  }
}

class Events implements Source<unknown> {
  private readonly listeners: Listeners;
  private readonly name: string | symbol;
  private readonly options: EventsOptions;
  private readonly kept: unknown[] = [];
  private state: 'new' | 'open' | 'ended' | 'failed' | 'closed' = 'new';
  private failure: unknown = undefined;
  private waker: Waker | null = null;

  constructor(from: Emitting, name: string | symbol, options: EventsOptions) {
    this.listeners = new Listeners(from);
    this.name = name;
    this.options = options;
  }

  next(): Future<unknown> {
    return new NextEvent(this);
  }

  close(): Future<void> {
    return closing(() => {
      this.stop();
      return undefined;
    });
  }

  /** @internal */
  stop(): void {
    this.finish('closed');
    this.kept.length = 0;
  }

  /** @internal */
  poll(cx: Context): Poll<unknown> {
    if (this.state === 'new') this.open();
    if (!spend(cx)) return PENDING;
    if (this.kept.length > 0) return this.kept.shift();
    if (this.state === 'failed') {
      this.state = 'ended';
      throw this.failure;
    }
    if (this.state !== 'open') return END;
    this.waker = cx.waker;
    return PENDING;
  }

  /** @internal */
  forget(): void {
    this.waker = null;
  }

  /** @internal */
  tell(): WaitInfo {
    return { what: `event ${String(this.name)}`, resource: this };
  }

  private open(): void {
    this.state = 'open';
    this.listeners.add(this.name, (...args) => this.take(this.listeners.valueOf(args)));
    for (const name of this.options.end ?? []) this.listeners.add(name, () => this.finish('ended'));
    this.listeners.addError(this.name, (error) => this.fail(error));
  }

  private take(value: unknown): void {
    const { limit = 1024, overflow = 'fail' } = this.options;
    if (this.kept.length >= limit) {
      if (overflow === 'drop-newest') return;
      if (overflow === 'fail') {
        return this.fail(
          new PawlError('LIMIT_EXCEEDED', `more than ${limit} events ${String(this.name)} came and nobody took them`),
        );
      }
      this.kept.shift();
    }
    this.kept.push(value);
    this.wake();
  }

  private fail(error: unknown): void {
    this.failure = error;
    this.finish('failed');
  }

  private finish(state: 'ended' | 'failed' | 'closed'): void {
    this.listeners.removeAll();
    this.state = state;
    this.wake();
  }

  private wake(): void {
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }
}

class NextEvent extends Future<unknown> implements Waiting {
  private readonly events: Events;
  private done = false;

  constructor(events: Events) {
    super();
    this.events = events;
  }

  override poll(cx: Context): Poll<unknown> {
    if (this.done) throw alreadyCompleted('next of a stream');
    this.done = true;
    const value = this.events.poll(cx);
    if (value === PENDING) this.done = false;
    return value;
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    this.events.forget();
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return this.events.tell();
  }
}

/**
 * The events of that name as a stream: of an `EventEmitter` the arguments of each, as an array; of an `EventTarget` each `Event`. What is
 * both, as a `MessagePort` is, counts as an emitter. It listens from the first `next`, not before, until it is closed; an emitter's `error`
 * fails the stream, unless it is the event that was asked for.
 *
 * Events come at their own pace. Up to `limit` of them are kept while nobody takes them; beyond it the stream fails with LIMIT_EXCEEDED, or
 * drops what `overflow` says. Cancelling a `next` is *safe*. Errors: an emitter's `error`; LIMIT_EXCEEDED; BAD_ARGUMENT.
 *
 * @example
 * ```ts
 * import { EventEmitter } from 'node:events';
 * import { run, spawn, yieldNow } from 'pawl';
 * import { on } from 'pawl/node';
 * const emitter = new EventEmitter();
 * await run(function* () {
 *   const events = spawn(on(emitter, 'data', { end: ['close'] }).toArray());
 *   yield* yieldNow(); // now it listens
 *   emitter.emit('data', 'one', 1);
 *   emitter.emit('data', 'two', 2);
 *   emitter.emit('close');
 *   console.log(yield* events); // [ [ 'one', 1 ], [ 'two', 2 ] ]
 * });
 * console.log(emitter.listenerCount('data')); // 0
 * ```
 */
export function on<A extends unknown[] = unknown[]>(
  from: Emitter,
  name: string | symbol,
  options?: EventsOptions,
): Stream<A>;
export function on(from: EventTarget, name: string, options?: EventsOptions): Stream<Event>;
export function on(from: Emitting, name: string | symbol, options: EventsOptions = {}): Stream<unknown> {
  check('on', from);
  const { limit = 1024, overflow = 'fail' } = options;
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new PawlError('BAD_ARGUMENT', `on: limit is a whole number, at least 1, got ${String(limit)}`);
  if (overflow !== 'fail' && overflow !== 'drop-newest' && overflow !== 'drop-oldest')
    throw new PawlError(
      'BAD_ARGUMENT',
      `on: overflow is 'fail', 'drop-newest' or 'drop-oldest', got ${String(overflow)}`,
    );
  return new Stream<unknown>(new Events(from, name, options));
}

class Once extends Future<unknown> implements Waiting {
  private readonly events: Events;
  private readonly name: string | symbol;
  private waiting: Future<unknown> | null = null;
  private done = false;

  constructor(from: Emitting, name: string | symbol) {
    super();
    this.name = name;
    this.events = new Events(from, name, { limit: 1, overflow: 'drop-newest' });
  }

  override poll(cx: Context): Poll<unknown> {
    if (this.done) throw alreadyCompleted('once');
    this.done = true;
    let value: unknown;
    try {
      value = (this.waiting ??= this.events.next()).poll(cx);
    } catch (error) {
      this.events.stop();
      throw error;
    }
    if (value === PENDING) this.done = false;
    else this.events.stop();
    return value;
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    this.events.stop();
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return { what: `event ${String(this.name)}`, resource: this.events };
  }
}

/**
 * The next event of that name: an emitter's arguments as an array, an EventTarget's `Event`; what is both counts as an emitter. It listens
 * from its first poll. An emitter's `error` is thrown, unless it is the event that was asked for.
 *
 * Cancelling it is *safe*, and removes the listener. Errors: an emitter's `error`; BAD_ARGUMENT.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads';
 * import { run } from 'pawl';
 * import { once } from 'pawl/node';
 * const code = await run(function* () {
 *   const worker = new Worker('process.exit(3)', { eval: true });
 *   const [exitCode] = yield* once(worker, 'exit');
 *   return exitCode;
 * });
 * console.log(code); // 3
 * ```
 */
export function once<A extends unknown[] = unknown[]>(from: Emitter, name: string | symbol): Future<A>;
export function once(from: EventTarget, name: string): Future<Event>;
export function once(from: Emitting, name: string | symbol): Future<unknown> {
  check('once', from);
  return new Once(from, name);
}

function check(what: string, from: unknown): void {
  const emitter = from as Partial<Record<'on' | 'off' | 'addEventListener', unknown>> | null | undefined;
  if (typeof emitter?.on === 'function' && typeof emitter.off === 'function') return;
  if (typeof emitter?.addEventListener === 'function') return;
  throw new PawlError('BAD_ARGUMENT', `${what} takes an EventEmitter or an EventTarget, got ${typeof from}`);
}
