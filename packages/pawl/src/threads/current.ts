/** Which thread this is, of those that `threads` and `withThreads` have started. */

/** A thread's place among those that were started with it. */
export interface ThreadInfo {
  readonly name: string;
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

const KEY = Symbol.for('pawl.thread');
const registry = globalThis as { [KEY]?: ThreadInfo };

/** @internal Said once, by the body of such a thread. */
export function setCurrentThread(info: ThreadInfo): void {
  registry[KEY] = info;
}

/**
 * The thread that this code runs on; null on any that was not started by `threads` or `withThreads`, as the main thread.
 *
 * @example
 * ```ts
 * import { currentThread } from 'pawl/threads';
 * console.log(currentThread()); // null
 * ```
 */
export function currentThread(): ThreadInfo | null {
  return registry[KEY] ?? null;
}
