/**
 * Terminals: what runs a stream to its end.
 *
 * What must hold: however they end, by the stream's end, early, by an error or by being cancelled, the stream has been closed before.
 */
import { coroutine, futureOf, type Steps } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { closeOne } from './close.ts';
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
  try {
    for (let value = yield* source.next(); value !== END; value = yield* source.next()) state = fn(state, value);
  } finally {
    yield* closeOne(source);
  }
  return state;
});

export const forEach: (source: Source<unknown>, body: Consumer<unknown>) => Future<void> = coroutine(function* forEach(
  source: Source<unknown>,
  body: Consumer<unknown>,
): Steps<void> {
  try {
    let index = 0;
    for (let value = yield* source.next(); value !== END; value = yield* source.next()) {
      const result = body(value, index++);
      const go = typeof result === 'object' && result !== null ? yield* futureOf(result, body.name) : result;
      if (go === false) return;
    }
  } finally {
    yield* closeOne(source);
  }
});
