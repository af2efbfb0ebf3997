/** A stream in a loop: in ordinary async code, an async iterator whose steps run on the ambient runtime; in a compiled coroutine, itself. */
import { coroutine, type Steps } from '../future/coroutine.ts';
import type { Direct } from '../future/direct.ts';
import type { Future } from '../future/future.ts';
import { ambientRuntime } from '../task/ambient.ts';
import type { JoinHandle } from '../task/join-handle.ts';
import { closeAfter, closeOne, type Failure } from './close.ts';
import { END, type Source } from './source.ts';

/** What `for await` iterates. Each step is a task of its own on the ambient runtime. */
export interface StreamIterator<out T> extends AsyncIterator<T, undefined, undefined>, AsyncDisposable {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Closes the stream. */
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): StreamIterator<T>;
}

export function iterate<T>(source: Source<T>): StreamIterator<T> {
  // One step after the other, as an async generator's: the stream has one `next` at a time.
  let last: Promise<unknown> = Promise.resolve();
  const queue = (make: () => Future<IteratorResult<unknown, undefined>>): Promise<IteratorResult<T, undefined>> => {
    const result = last.then(() => make().then()) as Promise<IteratorResult<T, undefined>>;
    last = result.catch(() => {});
    return result;
  };
  const iterator: StreamIterator<T> = {
    next: () => queue(() => step(source)),
    return: () => queue(() => finish(source)),
    [Symbol.asyncIterator]: () => iterator,
    async [Symbol.asyncDispose]() {
      await iterator.return();
    },
  };
  return iterator;
}

const step = coroutine(function* next(source: Source<unknown>): Steps<IteratorResult<unknown, undefined>> {
  let over = false;
  let failure: Failure | null = null;
  try {
    const value = yield* source.next();
    over = true;
    return value === END ? { done: true, value: undefined } : { done: false, value };
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    // `for await` calls no `return` after an error.
    if (!over) yield* closeAfter(failure, closeOne(source));
  }
});

const finish = coroutine(function* close(source: Source<unknown>): Steps<IteratorResult<unknown, undefined>> {
  yield* closeOne(source);
  return { done: true, value: undefined };
});

/** The steps of a consumer that may leave while it waits for one. */
export interface Steppable<out T> {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Cancels the step that is under way, which then rejects, and closes the stream. */
  stop(): Promise<void>;
}

/**
 * A stream for somebody else's machinery, which asks for one value after the other and may be told at any time to stop: an iterator's
 * `return` would wait until the value is there.
 */
export function steppable<T>(source: Source<T>): Steppable<T> {
  let last: JoinHandle<unknown> | null = null;
  return {
    next() {
      const task = ambientRuntime().spawn(step(source));
      last = task;
      return task.then() as Promise<IteratorResult<T, undefined>>;
    },
    async stop() {
      last?.abort('the consumer has left');
      // Its failures, those of its cleanup among them, are its own promise's.
      if (last !== null) await last.then(undefined, () => {});
      await closeOne(source);
    },
  };
}

/** A stream as a compiled coroutine asks it. */
export function direct(source: Source<unknown>): Direct {
  return { end: END, next: () => source.next(), close: () => closeOne(source) };
}
