/**
 * Terminals: what runs a stream to its end.
 *
 * What must hold: however they end, by the stream's end, early, by an error or by being cancelled, the stream has been closed before. Of an
 * error and what the close throws neither is lost.
 */
import { coroutine, futureOf, type Steps } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { closeAfter, closeOne, type Failure } from './close.ts';
import { END, type Source } from './source.ts';

/** What is done with each value; `false` ends the loop. */
export type Consumer<T> = (
  value: T,
  index: number,
) => void | boolean | undefined | Future<void | boolean | undefined> | Steps<void | boolean | undefined>;

export const fold: (
  source: Source<unknown>,
  initial: unknown,
  fn: (state: unknown, value: unknown) => unknown,
) => Future<unknown> = coroutine(function* fold(
  source: Source<unknown>,
  initial: unknown,
  fn: (state: unknown, value: unknown) => unknown,
): Steps<unknown> {
  let state = initial;
  let failure: Failure | null = null;
  try {
    for (let value = yield* source.next(); value !== END; value = yield* source.next()) state = fn(state, value);
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    yield* closeAfter(failure, closeOne(source));
  }
  return state;
});

export const forEach: (source: Source<unknown>, body: Consumer<unknown>) => Future<void> = coroutine(function* forEach(
  source: Source<unknown>,
  body: Consumer<unknown>,
): Steps<void> {
  let failure: Failure | null = null;
  try {
    let index = 0;
    for (let value = yield* source.next(); value !== END; value = yield* source.next()) {
      const result = body(value, index++);
      const go = typeof result === 'object' && result !== null ? yield* futureOf(result, body.name) : result;
      if (go === false) return;
    }
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    yield* closeAfter(failure, closeOne(source));
  }
});
