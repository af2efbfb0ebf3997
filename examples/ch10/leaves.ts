/** The leaves of the runtime in small: a pause, and a request to the delay server. */
import { NOT_READY, type NotReady } from '../ch07/future.ts';
import { WokenGet } from '../ch08/woken-get.ts';
import type { Host } from '../ladder/raw-socket.ts';
import type { Awaitable, Context } from './runtime.ts';

// #region pause
export function pause(ms: number): Awaitable<void> {
  const key = {};
  let at: number | undefined;
  return {
    poll({ waker, runtime }: Context): void | NotReady {
      at ??= performance.now() + ms;
      if (performance.now() < at) {
        runtime.wakeAt(key, at, waker);
        return NOT_READY;
      }
      runtime.forgetTimer(key);
      return undefined;
    },
    cancel: ({ runtime }) => runtime.forgetTimer(key),
  };
}
// #endregion

/** The leaf of chapter 8, which finds its reactor in the context instead of being given it. */
export function get(server: Host, path: string): Awaitable<string> {
  let inner: WokenGet | undefined;
  return {
    poll: ({ runtime, waker }) => (inner ??= new WokenGet(runtime, server, path)).poll(waker),
    cancel: () => inner?.close(),
  };
}
