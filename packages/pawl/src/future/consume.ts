/**
 * The hook through which `then` finds a runtime, and the mark of a future that it has moved.
 *
 * What must hold: a future is moved at most once; every later `then` shares the first one's promise; polling it by its own name
 * afterwards throws FUTURE_CONSUMED. Nothing is stored on a future that is never used as a promise.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from './context.ts';
import type { Future } from './future.ts';
import type { Poll } from './poll.ts';

type Pollable = Pick<Future<unknown>, 'poll' | 'cancel'>;

const promises = new WeakMap<Pollable, Promise<unknown>>();
let consumer: ((moved: Pollable) => Promise<unknown>) | null = null;

/** Installed once by the task layer: runs a moved future in a task and gives its promise. */
export function setConsumer(run: (moved: Pollable) => Promise<unknown>): void {
  consumer = run;
}

function consumed(): PawlError {
  return new PawlError(
    'FUTURE_CONSUMED',
    'this future was moved into a task by `then` (or `await` in an async function) and can no longer be polled: keep the promise instead',
  );
}

/** Moves the future into a task of its own and returns the promise of its result. */
export function consume<T>(future: Future<T>): Promise<T> {
  let promise = promises.get(future) as Promise<T> | undefined;
  if (promise === undefined) {
    if (consumer === null)
      throw new PawlError('NO_RUNTIME', "no runtime is loaded: import 'pawl' before awaiting a future as a promise");
    // Taken before they are covered, whether they are its class's or its own: the task goes on calling them.
    // oxlint-disable-next-line typescript/unbound-method
    const { poll, cancel } = future;
    promise = consumer({
      poll: (cx: Context): Poll<unknown> => poll.call(future, cx),
      cancel: (cx: Context): Poll<void> => cancel.call(future, cx),
    }) as Promise<T>;
    promises.set(future, promise);
    const covered: Pollable = future;
    // A frame that is resumed at its leaf enters itself again, by its own name, with `inner`.
    const guarded = (cx: Context, inner?: boolean): Poll<unknown> => {
      if (inner === true) return (poll as (cx: Context, inner: boolean) => Poll<unknown>).call(future, cx, true);
      throw consumed();
    };
    void Object.defineProperties(covered, { poll: { value: guarded }, cancel: { value: (): undefined => undefined } });
  }
  return promise;
}
