/** Flatten: streams one after the other: those that `flatMap` makes of values, and those of `concat`. */
import { coroutine, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { ready } from '../future/ready.ts';
import { closeAll, closing } from './close.ts';
import { END, type End, type Source } from './source.ts';

/**
 * What must hold: the next inner stream is made when the one before it has ended. Closing it closes the inner stream and the outer.
 */
export class Flattening<T, U> implements Source<U> {
  /** @internal */
  readonly outer: Source<T>;
  /** @internal */
  readonly make: (value: T) => Source<U>;
  /** @internal */
  inner: Source<U> | null = null;
  private closed = false;
  /** What is to be closed although it may not have had its turn. */
  private readonly others: readonly Source<unknown>[];

  constructor(outer: Source<T>, make: (value: T) => Source<U>, others: readonly Source<unknown>[] = []) {
    this.outer = outer;
    this.make = make;
    this.others = others;
  }

  next(): Future<U | End> {
    return this.closed ? ready<End>(END) : (flatNext(this) as Future<U | End>);
  }

  close(): Future<void> {
    return closing(() => {
      this.closed = true;
      const { inner, outer, others } = this;
      return closeAll(inner === null ? [outer, ...others] : [inner, outer, ...others]);
    });
  }
}

/** What {@link Flattening} shows of itself here, whatever its types. */
type Flattens = Pick<Flattening<never, unknown>, 'inner'> & {
  readonly outer: Source<unknown>;
  make(value: unknown): Source<unknown>;
};

const flatNext = coroutine(function* flatMap(source: Flattens): Steps<unknown> {
  for (;;) {
    if (source.inner === null) {
      const value = yield* source.outer.next();
      if (value === END) return END;
      source.inner = source.make(value);
    }
    const value = yield* source.inner.next();
    if (value !== END) return value;
    source.inner = null;
  }
});
