/**
 * Closing: what the `close` of every source is made with.
 *
 * What must hold: nothing happens before the first poll, and a close that has begun finishes although it is cancelled: whoever closes in a
 * `finally` that is not a cleanup yet would otherwise leave it half done.
 */
import { coroutine, start, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { shield } from '../future/shield.ts';
import { suppress } from '../future/suppressed.ts';
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
  let failure: Failure | null = null;
  try {
    yield* first.close();
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    yield* closeAfter(failure, closeAll(rest));
  }
}

/** What a use of a source has thrown. */
export interface Failure {
  readonly error: unknown;
}

/**
 * Waits for a close after a use that may have failed: for a `finally`, where what the close throws would take the failure's place. What both
 * throw comes as one SuppressedError.
 */
export function closeAfter(failure: Failure | null, close: Future<void>): Future<void> {
  return failure === null ? close : adding(failure, close);
}

const adding = coroutine(function* closeAfter({ error }: Failure, close: Future<void>): Steps<void> {
  try {
    yield* close;
  } catch (later) {
    throw suppress(error, later);
  }
});

/** Closes one, which may be the user's own: its future may be of any kind. */
export function closeOne(source: Source<unknown>): Future<void> {
  return closing(() => source.close());
}
