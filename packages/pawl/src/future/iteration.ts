/**
 * Iteration: the iterator of a compiled `for … of`, `for await … of`, `for … in` or array pattern, across suspensions.
 *
 * What must hold: an iterator that has ended or has thrown is not closed (ECMA-262, 7.4, operations on iterator objects). Closing it
 * because of an error keeps that error, whatever closing throws. One whose step was cancelled, of which the language knows nothing, is
 * closed. What the runtime offers directly is asked without promises.
 */
import { PawlError } from '../error/index.ts';
import { awaitable } from './awaitable.ts';
import type { Context } from './context.ts';
import { directly, DirectIteration, type Directed } from './direct.ts';
import { Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';

/** What is asked of an iterator of either kind. */
interface AnyIterator {
  readonly next: unknown;
  readonly return?: unknown;
}

export class Iteration {
  private readonly iterator: AnyIterator;
  private readonly next: unknown;
  /** What the iterator's methods are called with. */
  private readonly sent: readonly unknown[];
  /** True while there is nothing to close: at the end, and during a step. */
  private done = false;
  /** A step has been asked for, and nothing has come of it yet. */
  private asking = false;
  value: unknown = undefined;

  constructor(iterator: AnyIterator, sent: readonly unknown[] = []) {
    if (!isObject(iterator)) throw new TypeError(`Result of the Symbol.iterator method is not an object`);
    this.iterator = iterator;
    this.sent = sent;
    this.next = iterator.next;
  }

  /** Takes a step; true when there was one, with its `value`. */
  step(): boolean {
    this.done = true;
    return this.took(this.ask());
  }

  /** The first half of a step of `for await`: what to await. */
  ask(): unknown {
    this.done = true;
    const result: unknown = Reflect.apply(this.next as () => unknown, this.iterator, this.sent);
    this.asking = true;
    return result;
  }

  /** The second half: what came of it. */
  took(result: unknown): boolean {
    this.asking = false;
    if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`);
    if ((result as IteratorResult<unknown>).done) {
      this.finish(result as IteratorResult<unknown>);
      return false;
    }
    this.value = (result as IteratorResult<unknown>).value;
    this.done = false;
    return true;
  }

  /** The last step's result, whose value a loop does not look at. */
  protected finish(_result: IteratorResult<unknown>): void {}

  /** For an element of an array pattern: the value, or undefined past the end. */
  element(): unknown {
    return !this.done && this.step() ? this.value : undefined;
  }

  /** For the rest of an array pattern. */
  rest(): unknown[] {
    const values: unknown[] = [];
    while (!this.done && this.step()) values.push(this.value);
    return values;
  }

  /** Closes the iterator because the loop is left. */
  close(): void {
    const result = this.leave();
    if (result !== NOTHING && !isObject(result)) throw notAnObject(result);
  }

  /** Closes the iterator because of an error, which stays what it is. */
  closeQuietly(): void {
    try {
      this.leave();
    } catch {
      // The loop's own error is the one that counts.
    }
  }

  /** Closes an asynchronous iterator because the loop is left: what to await. A step that is under way then was cancelled. */
  closing(): unknown {
    if (this.asking) this.done = false;
    const result = this.leave();
    return result === NOTHING ? undefined : new Closing(awaitable(result));
  }

  /** The same because of an error, which stays what it is. */
  closingAfter(_error: unknown): unknown {
    try {
      const result = this.leave();
      return result === NOTHING ? undefined : new Quiet(awaitable(result));
    } catch {
      return undefined;
    }
  }

  private leave(): unknown {
    if (this.done) return NOTHING;
    this.done = true;
    const leave: unknown = this.iterator.return;
    if (leave === undefined || leave === null) return NOTHING;
    return Reflect.apply(leave as () => unknown, this.iterator, this.sent);
  }
}

/** The iteration of a `yield*`, whose value is the iterator's last. */
class Delegation extends Iteration {
  protected override finish(result: IteratorResult<unknown>): void {
    this.value = result.value;
  }
}
/** `yield*` sends what it was resumed with on to the iterator; a stream sends nothing. */
const SENT: readonly unknown[] = [undefined];

const NOTHING = Symbol('nothing to close');

abstract class Delegated extends Future<unknown> {
  /** @internal For dumps. */
  readonly awaited: Future<unknown>;
  /** @internal */
  readonly transparent = true;

  constructor(awaited: Future<unknown>) {
    super();
    this.awaited = awaited;
  }

  override cancel(cx: Context): Poll<void> {
    return this.awaited.cancel(cx);
  }
}

/** The end of an iterator's `return`, whose result must be an object. */
class Closing extends Delegated {
  override poll(cx: Context): Poll<unknown> {
    const result = this.awaited.poll(cx);
    if (result !== PENDING && !isObject(result)) throw notAnObject(result);
    return result;
  }
}

/** The same, with its errors ignored. */
class Quiet extends Delegated {
  override poll(cx: Context): Poll<unknown> {
    try {
      return this.awaited.poll(cx);
    } catch {
      return undefined;
    }
  }
}

/** An iterator of plain values whose steps are awaited one by one (ECMA-262, %AsyncFromSyncIteratorPrototype%). */
class Awaiting implements AnyIterator {
  private readonly iteration: Iteration;

  constructor(iteration: Delegation) {
    this.iteration = iteration;
  }

  next(): PromiseLike<IteratorResult<unknown>> {
    const { iteration } = this;
    const done = !iteration.step();
    return new Element(awaitable(iteration.value), done, iteration);
  }

  return(): PromiseLike<IteratorResult<unknown>> {
    this.iteration.close();
    return new Element(null, true, this.iteration);
  }
}

/** A step of it: its value is awaited; when that fails, the iterator is closed. */
class Element extends Future<IteratorResult<unknown>> {
  /** @internal For dumps. */
  readonly awaited: Future<unknown> | null;
  /** @internal */
  readonly transparent = true;
  private readonly done: boolean;
  private readonly iteration: Iteration;

  constructor(awaited: Future<unknown> | null, done: boolean, iteration: Iteration) {
    super();
    this.awaited = awaited;
    this.done = done;
    this.iteration = iteration;
  }

  override poll(cx: Context): Poll<IteratorResult<unknown>> {
    const { awaited, done } = this;
    if (awaited === null) return { done, value: undefined };
    try {
      const value = awaited.poll(cx);
      return value === PENDING ? PENDING : { done, value };
    } catch (error) {
      this.iteration.closeQuietly();
      throw error;
    }
  }

  override cancel(cx: Context): Poll<void> {
    return this.awaited?.cancel(cx);
  }
}

export function iterate(iterable: unknown): Iteration {
  return new Iteration(syncIterator(iterable));
}

export function iterateAsync(iterable: unknown): Iteration | DirectIteration {
  const direct = directlyFrom(iterable);
  if (direct !== null) return direct;
  const iterator = asyncIterator(iterable);
  return new Iteration(iterator ?? new Awaiting(new Delegation(syncIterator(iterable))));
}

/** For the operand of a `yield*` in an async generator. */
export function delegate(iterable: unknown): Iteration | DirectIteration {
  if (iterable instanceof Future)
    throw new PawlError('BAD_ARGUMENT', 'yield* takes a stream or what can be iterated: a future is awaited');
  const direct = directlyFrom(iterable);
  if (direct !== null) return direct;
  const iterator = asyncIterator(iterable);
  return new Delegation(iterator ?? new Awaiting(new Delegation(syncIterator(iterable), SENT)), SENT);
}

function directlyFrom(iterable: unknown): DirectIteration | null {
  const direct = (iterable as Partial<Directed>)[directly];
  return typeof direct === 'function' ? new DirectIteration(Reflect.apply(direct, iterable, [])) : null;
}

/** Null where there is none. */
function asyncIterator(iterable: unknown): AnyIterator | null {
  const begin: unknown = (iterable as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator];
  return begin === undefined || begin === null ? null : Reflect.apply(begin as () => AnyIterator, iterable, []);
}

function syncIterator(iterable: unknown): AnyIterator {
  return (iterable as Iterable<unknown>)[Symbol.iterator]();
}

/** What `for … in` goes through. */
export function keysOf(object: unknown): Iteration {
  return new Iteration(eachKey(object));
}

function* eachKey(object: unknown): Generator<string> {
  // oxlint-disable-next-line guard-for-in -- inherited keys are part of it
  for (const key in object as object) yield key;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function notAnObject(value: unknown): TypeError {
  return new TypeError(`${String(value)} is not an object`);
}
