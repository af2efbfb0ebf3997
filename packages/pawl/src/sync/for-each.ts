/**
 * Loops over what is received: `forEach` in a coroutine, an async iterator for ordinary async code.
 *
 * What must hold: one message at a time, the next is asked for only when the body has ended, so that the consumer's pace is the channel's.
 */
import { coroutine, futureOf, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { CLOSED } from './marks.ts';

/** What is done with each message; `false` ends the loop. */
export type Consumer<T> = (
  message: T,
) => void | boolean | undefined | Future<void | boolean | undefined> | Steps<void | boolean | undefined>;

type Receive<T> = () => Future<T | typeof CLOSED>;

export const forEach: <T>(receive: Receive<T>, body: Consumer<T>) => Future<void> = coroutine(function* forEach<T>(
  receive: Receive<T>,
  body: Consumer<T>,
) {
  for (;;) {
    const message = yield* receive();
    if (message === CLOSED) return;
    const result = body(message);
    const go = typeof result === 'object' && result !== null ? yield* futureOf(result, body.name) : result;
    if (go === false) return;
  }
});

/** An async iterator whose steps are futures: `for await` consumes each on the ambient runtime. */
export function iterate<T>(receive: Receive<T>): AsyncIterator<T, undefined> {
  return {
    next: () =>
      map(receive(), (value): IteratorResult<T, undefined> =>
        value === CLOSED ? { done: true, value: undefined } : { done: false, value },
      ) as PromiseLike<IteratorResult<T, undefined>> as Promise<IteratorResult<T, undefined>>,
  };
}
