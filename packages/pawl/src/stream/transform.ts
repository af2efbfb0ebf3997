/**
 * Transforms: streams that make their values one by one from those of another, by a plain function.
 *
 * What must hold: what a transform remembers stands in the transform itself, so that a cancelled `next` loses nothing.
 */
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';
import { closing } from './close.ts';
import { END, type End, type Source } from './source.ts';

/** A value of the source that gives none of its own. */
export const SKIP: unique symbol = Symbol('skip');

export abstract class Transform<T, U> implements Source<U> {
  /** @internal For dumps. */
  abstract readonly label: string;
  readonly source: Source<T>;
  private ended = false;

  constructor(source: Source<T>) {
    this.source = source;
  }

  /** The value to give for one of the source's; SKIP for none. */
  abstract step(value: T): U | typeof SKIP;

  /** A last value, when the source has ended. */
  last(): U | End {
    return END;
  }

  next(): Future<U | End> {
    return new Transformed<T, U>(this);
  }

  close(): Future<void> {
    return closing(() => {
      this.ended = true;
      return this.source.close();
    });
  }

  /** @internal */
  pull(): Future<T | End> | null {
    return this.ended ? null : this.source.next();
  }

  /** @internal */
  finish(): U | End {
    if (this.ended) return END;
    this.ended = true;
    return this.last();
  }
}

class Transformed<T, U> extends Future<U | End> {
  private readonly transform: Transform<T, U>;
  /** @internal For dumps. */
  awaited: Future<T | End> | null = null;
  private done = false;

  constructor(transform: Transform<T, U>) {
    super();
    this.transform = transform;
  }

  get label(): string {
    return this.transform.label;
  }

  override poll(cx: Context): Poll<U | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    try {
      const value = this.step(cx);
      if (value === PENDING) return PENDING;
      this.done = true;
      return value;
    } catch (error) {
      this.done = true;
      this.awaited = null;
      throw error;
    }
  }

  private step(cx: Context): Poll<U | End> {
    const { transform } = this;
    for (;;) {
      // A filter may throw away for ever what is always ready.
      if (this.awaited === null && !spend(cx)) return PENDING;
      const awaited = (this.awaited ??= transform.pull());
      if (awaited === null) return END;
      const value = awaited.poll(cx);
      if (value === PENDING) return PENDING;
      this.awaited = null;
      if (value === END) return transform.finish();
      const made = transform.step(value);
      if (made !== SKIP) return made;
    }
  }

  override cancel(cx: Context): Poll<void> {
    if (this.awaited !== null && this.awaited.cancel(cx) === PENDING) return PENDING;
    this.awaited = null;
    this.done = true;
    return undefined;
  }
}

export class Mapping<T, U> extends Transform<T, U> {
  readonly label = 'map';
  private readonly fn: (value: T, index: number) => U;
  private index = 0;

  constructor(source: Source<T>, fn: (value: T, index: number) => U) {
    super(source);
    this.fn = fn;
  }

  step(value: T): U {
    return this.fn(value, this.index++);
  }
}

export class Filtering<T> extends Transform<T, T> {
  readonly label = 'filter';
  private readonly test: (value: T, index: number) => boolean;
  private index = 0;

  constructor(source: Source<T>, test: (value: T, index: number) => boolean) {
    super(source);
    this.test = test;
  }

  step(value: T): T | typeof SKIP {
    return this.test(value, this.index++) ? value : SKIP;
  }
}

export class Dropping<T> extends Transform<T, T> {
  readonly label = 'drop';
  private left: number;

  constructor(source: Source<T>, count: number) {
    super(source);
    this.left = count;
  }

  step(value: T): T | typeof SKIP {
    if (this.left === 0) return value;
    this.left--;
    return SKIP;
  }
}

export class Scanning<T, A> extends Transform<T, A> {
  readonly label = 'scan';
  private readonly fn: (state: A, value: T) => A;
  private state: A;

  constructor(source: Source<T>, initial: A, fn: (state: A, value: T) => A) {
    super(source);
    this.state = initial;
    this.fn = fn;
  }

  step(value: T): A {
    return (this.state = this.fn(this.state, value));
  }
}

export class Chunking<T> extends Transform<T, T[]> {
  readonly label = 'chunk';
  private readonly size: number;
  private gathered: T[] = [];

  constructor(source: Source<T>, size: number) {
    super(source);
    this.size = size;
  }

  step(value: T): T[] | typeof SKIP {
    this.gathered.push(value);
    return this.gathered.length < this.size ? SKIP : this.take();
  }

  override last(): T[] | End {
    return this.gathered.length === 0 ? END : this.take();
  }

  private take(): T[] {
    const { gathered } = this;
    this.gathered = [];
    return gathered;
  }
}

/** The first values; then it closes its source and ends. */
export class Taking<T> extends Transform<T, T> {
  readonly label = 'take';
  private left: number;

  constructor(source: Source<T>, count: number) {
    super(source);
    this.left = count;
  }

  step(value: T): T {
    this.left--;
    return value;
  }

  override next(): Future<T | End> {
    return this.left > 0 ? super.next() : map(this.close(), () => END);
  }
}
