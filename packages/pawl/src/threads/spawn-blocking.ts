/** spawnBlocking: what computes long, or blocks, runs on a thread of a pool that the whole thread shares. */
import type { Future } from '../future/future.ts';
import type { CallOptions } from './call.ts';
import type { ModuleName } from './callee.ts';
import { BlockingPool } from './pool.ts';

let shared: BlockingPool | null = null;

/** The pool that {@link spawnBlocking} uses, made when it is first asked for: as many threads as the machine runs at once. */
export function blockingPool(): BlockingPool {
  return (shared ??= new BlockingPool());
}

/**
 * Runs an export of a module on another thread, and gives what it gives; a promise is awaited there. The module may be TypeScript, and is
 * loaded once a thread. It begins at the first poll: `spawn(spawnBlocking(…))` goes on beside it.
 *
 * The arguments and the result are copied, as `structuredClone` copies; see {@link CallOptions} for moving buffers, for priorities, and for
 * what a cancellation does. Long loops that must stay on this thread call `yield* yieldNow()` now and then instead.
 *
 * Cancelling it while it waits for a thread is *safe*; when it runs, the cancellation waits for its end, whose value is lost (*loses data*),
 * or terminates its thread (`onCancel: 'terminate'`). Errors: what it throws, with its stack, code and cause; NO_EXPORT;
 * NO_MODULE, with its cause, when the module cannot be loaded; NOT_CLONEABLE for arguments or a result that cannot be copied; THREAD_ENDED when its thread dies; LIMIT_EXCEEDED when 10,000 calls wait;
 * BAD_ARGUMENT for a relative module; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { spawnBlocking } from 'pawl/threads';
 * await run(function* () {
 *   const hash = yield* spawnBlocking('node:crypto', 'hash', ['sha1', 'tea']);
 *   console.log(String(hash).length); // 40
 * });
 * ```
 */
export function spawnBlocking(
  module: ModuleName,
  name: string,
  args?: readonly unknown[],
  options?: CallOptions,
): Future<unknown>;
/**
 * Runs a function on another thread, by its source: it must take all that it needs as arguments. A variable from around it is not there, and
 * using it fails with NOT_SELF_CONTAINED. In it, `await import(…)` loads what it needs. Options: {@link BlockingPool.call}.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { spawnBlocking } from 'pawl/threads';
 * const primesBelow = (most: number): number => {
 *   let count = 0;
 *   for (let n = 2; n < most; n++) {
 *     let d = 2;
 *     while (d * d <= n && n % d !== 0) d++;
 *     if (d * d > n) count++;
 *   }
 *   return count;
 * };
 * console.log(await run(spawnBlocking(primesBelow, 1000))); // 168
 * ```
 */
export function spawnBlocking<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;
export function spawnBlocking(
  what: ModuleName | ((...args: unknown[]) => unknown),
  ...rest: unknown[]
): Future<unknown> {
  const pool = blockingPool();
  if (typeof what === 'function') return pool.call(what, rest);
  const [name, args, options] = rest as [string, unknown[] | undefined, CallOptions | undefined];
  return pool.callExport(what, name, args, options);
}
