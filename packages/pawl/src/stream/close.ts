/**
 * Closing: what the `close` of every source is made with.
 *
 * What must hold: nothing happens before the first poll, and a close that has begun finishes although it is cancelled: whoever closes in a
 * `finally` that is not a cleanup yet would otherwise leave it half done.
 */
import { coroutine, start, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { shield } from '../future/shield.ts';
import type { Source } from './source.ts';

/** A future that calls `act` when it is first polled, and waits for what that gives. */
export function closing(act: () => Future<unknown> | undefined): Future<void> {
  return shield(acting(act));
}

const acting = coroutine(function* close(act: () => Future<unknown> | undefined): Steps<void> {
  const rest = act();
  if (rest !== undefined) yield* rest;
});

/** Closes every source, whatever the others throw. */
export function closeAll(sources: readonly Source<unknown>[]): Future<void> {
  return closing(() => start(closeEach, sources));
}

function* closeEach(sources: readonly Source<unknown>[]): Steps<void> {
  const [first, ...rest] = sources;
  if (first === undefined) return;
  try {
    yield* first.close();
  } finally {
    yield* closeAll(rest);
  }
}

/** The same for one that is the user's own: its future may be of any kind. */
export function closeOne(source: Source<unknown>): Future<void> {
  return closing(() => source.close());
}
