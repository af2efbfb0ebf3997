/**
 * Loops over what is received: `forEach` in a coroutine, an async iterator for ordinary async code.
 *
 * What must hold: one message at a time, the next is asked for only when the body has ended, so that the consumer's pace is the channel's.
 */
import { coroutine, type Steps } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { CLOSED } from './channel.ts';

/** What can be received from, one message after the other. */
export interface AsyncSource<out T> extends AsyncIterable<T, undefined> {
  recv(): Future<T | typeof CLOSED>;
}

/** What is done with each message; `false` ends the loop. */
export type Consumer<T> = (
  message: T,
) => void | boolean | undefined | Future<void | boolean | undefined> | Steps<void | boolean | undefined>;

export const forEach: <T>(source: AsyncSource<T>, body: Consumer<T>) => Future<void> = coroutine(function* forEach<T>(
  source: AsyncSource<T>,
  body: Consumer<T>,
) {
  for (;;) {
    const message = yield* source.recv();
    if (message === CLOSED) return;
    const result = body(message);
    const go = typeof result === 'object' ? yield* result as Future<void | boolean | undefined> : result;
    if (go === false) return;
  }
});

/** An async iterator whose steps are futures: `for await` consumes each on the ambient runtime. */
export function iterate<T>(source: AsyncSource<T>): AsyncIterator<T, undefined> {
  return {
    next: () =>
      map(source.recv(), (value): IteratorResult<T, undefined> =>
        value === CLOSED ? { done: true, value: undefined } : { done: false, value: value },
      ) as PromiseLike<IteratorResult<T, undefined>> as Promise<IteratorResult<T, undefined>>,
  };
}
