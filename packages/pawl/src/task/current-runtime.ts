/** The runtime of the poll that is under way. */
import { PawlError } from '../error/index.ts';
import { current } from '../future/register.ts';
import type { Runtime } from './runtime.ts';

/**
 * The runtime on which this coroutine runs, for its figures and its dump: that of `run`, `blockOn` and the command `pawl` as well, which
 * make theirs themselves.
 *
 * Errors: NO_RUNTIME outside a poll.
 *
 * @example
 * ```ts
 * import { currentRuntime, run, sleep, spawn } from 'pawl';
 * await run(function* () {
 *   spawn(sleep(1));
 *   console.log(currentRuntime().metrics.tasks.live); // 2
 * });
 * ```
 */
export function currentRuntime(): Runtime {
  if (current === null) throw new PawlError('NO_RUNTIME', 'currentRuntime outside a poll: call it in a coroutine');
  return current.runtime as Runtime;
}
