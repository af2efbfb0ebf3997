/**
 * Iteration: the iterator of a compiled `for … of`, `for await … of`, `for … in` or array pattern, across suspensions.
 *
 * What must hold: an iterator that has ended or has thrown is not closed (ECMA-262, 7.4, operations on iterator objects). Closing it
 * because of an error keeps that error, whatever closing throws.
 */
import { awaitable } from './awaitable.ts';
import type { Context } from './context.ts';
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
  /** True while there is nothing to close: at the end, and during a step. */
  private done = false;
  value: unknown = undefined;

  constructor(iterator: AnyIterator) {
    if (!isObject(iterator)) throw new TypeError(`Result of the Symbol.iterator method is not an object`);
    this.iterator = iterator;
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
    return Reflect.apply(this.next as () => unknown, this.iterator, []);
  }

  /** The second half: what came of it. */
  took(result: unknown): boolean {
    if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`);
    if ((result as IteratorResult<unknown>).done) return false;
    this.value = (result as IteratorResult<unknown>).value;
    this.done = false;
    return true;
  }

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

  /** Closes an asynchronous iterator because the loop is left: what to await. */
  closing(): unknown {
    const result = this.leave();
    return result === NOTHING ? undefined : new Closing(awaitable(result));
  }

  /** The same because of an error. */
  closingQuietly(): unknown {
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
    return leave === undefined || leave === null ? NOTHING : Reflect.apply(leave as () => unknown, this.iterator, []);
  }
}

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

/** An iterator of plain values whose steps are awaited one by one, as `for await` has it. */
class Awaiting implements AnyIterator {
  private readonly iteration: Iteration;

  constructor(iteration: Iteration) {
    this.iteration = iteration;
  }

  next(): PromiseLike<IteratorResult<unknown>> {
    const { iteration } = this;
    return new Element(iteration.step() ? awaitable(iteration.value) : null, iteration);
  }

  return(): PromiseLike<IteratorResult<unknown>> {
    this.iteration.close();
    return new Element(null, this.iteration);
  }
}

/** A step of it: its value is awaited; when that fails, the iterator is closed. */
class Element extends Future<IteratorResult<unknown>> {
  /** @internal For dumps. */
  readonly awaited: Future<unknown> | null;
  /** @internal */
  readonly transparent = true;
  private readonly iteration: Iteration;

  constructor(awaited: Future<unknown> | null, iteration: Iteration) {
    super();
    this.awaited = awaited;
    this.iteration = iteration;
  }

  override poll(cx: Context): Poll<IteratorResult<unknown>> {
    if (this.awaited === null) return { done: true, value: undefined };
    try {
      const value = this.awaited.poll(cx);
      return value === PENDING ? PENDING : { done: false, value };
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
  return new Iteration((iterable as Iterable<unknown>)[Symbol.iterator]());
}

export function iterateAsync(iterable: unknown): Iteration {
  const begin: unknown = (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator];
  if (begin === undefined || begin === null) return new Iteration(new Awaiting(iterate(iterable)));
  return new Iteration(Reflect.apply(begin as () => AsyncIterator<unknown>, iterable, []));
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
