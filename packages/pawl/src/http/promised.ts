/** A future of the library's own as a promise, for ordinary async code. */
import type { Future } from '../future/future.ts';
import { ambientRuntime } from '../task/ambient.ts';

/**
 * Runs a future that nobody else has in a task of the ambient runtime. As `then` does it, without what keeps a user's future from being
 * polled a second time: that costs as much as the task.
 */
export function promised<T>(future: Future<T>): Promise<T> {
  return ambientRuntime().root.adopt(future, undefined).settled();
}
