/** Spawning: a new task in the scope of the poll that is under way, or detached from every scope. */
import { PawlError } from '../error/index.ts';
import type { Body, Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { current } from '../future/register.ts';
import type { Runtime } from './runtime.ts';
import type { Scope, SpawnOptions } from './scope.ts';
import type { JoinHandle } from './join-handle.ts';

function nursery(what: string): Scope {
  if (current === null)
    throw new PawlError('NO_RUNTIME', `${what} outside a poll: call it in a coroutine, or use runtime.spawn`);
  return current.nursery() as Scope;
}

/**
 * Starts a task that runs concurrently with its parent: the innermost scope around the call, or else the calling task. The parent does
 * not end before it. When it fails, its siblings and the parent's body are cancelled, and the parent fails with its error.
 *
 * Awaiting the handle gives the task's value; that may be repeated. Ceasing to await (a lost race) stops nothing: `handle.abort(reason)`
 * does. With `daemon: true` the task is cancelled, instead of waited for, when the parent's body is done.
 *
 * Errors: NO_RUNTIME outside a poll, NOT_A_FUTURE, SCOPE_CLOSED. Cancelling an await of the handle is *safe*.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, sleep, spawn } from 'pawl';
 * const square = coroutine(function* (n: number) {
 *   yield* sleep(1);
 *   return n * n;
 * });
 * const main = coroutine(function* () {
 *   const a = spawn(square(3));
 *   const b = spawn(square(4));
 *   return (yield* a) + (yield* b);
 * });
 * console.log(blockOn(main())); // 25
 * ```
 */
export function spawn<T>(what: Future<T> | Body<[], T>, options?: SpawnOptions): JoinHandle<Flattened<T>> {
  return nursery('spawn').spawn(what, options);
}

/**
 * Starts a task that belongs to the runtime instead of a scope: nobody waits for it, and it is cancelled, with its cleanup, when `run`
 * ends. A failure that nobody has awaited by then is thrown by `run`.
 *
 * Errors: NO_RUNTIME outside a poll, NOT_A_FUTURE.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, sleep, spawnDetached } from 'pawl';
 * const heartbeat = coroutine(function* () {
 *   for (;;) yield* sleep(5);
 * });
 * const main = coroutine(function* () {
 *   spawnDetached(heartbeat());
 *   yield* sleep(1);
 *   return 'done';
 * });
 * console.log(blockOn(main())); // done
 * ```
 */
export function spawnDetached<T>(what: Future<T> | Body<[], T>, options?: SpawnOptions): JoinHandle<Flattened<T>> {
  if (current === null)
    throw new PawlError('NO_RUNTIME', 'spawnDetached outside a poll: call it in a coroutine, or use runtime.spawn');
  return (current.runtime as Runtime).spawn(what, options);
}
