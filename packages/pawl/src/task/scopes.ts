/** `scope` and `supervise`: a body with children that all end before it does. */
import { start, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { openScope, type ScopeOptions } from './limited-scope.ts';
import type { Scope } from './scope.ts';
import type { JoinHandle } from './join-handle.ts';

/** What a supervising scope does with failures. */
export interface SuperviseOptions extends ScopeOptions {
  /** Called with each child's failure as it happens; the failure then counts as observed. What it throws fails the scope. */
  readonly onFailure?: (error: unknown, task: JoinHandle<unknown>) => void;
}

/**
 * Runs a body whose spawned tasks (`scope.spawn`, or a plain `spawn` inside it) all end before it does. When the body or a child
 * fails, everybody else is cancelled and cleaned up, and the first failure is thrown, the others suppressed by it.
 *
 * With `timeout` or `deadline` body and children are cancelled at that moment, and the scope throws TIMEOUT after their cleanup. Whatever
 * is under it inherits the deadline: a scope within it can only have an earlier one, and `remaining()` tells how long is left.
 *
 * Cancelling it cancels body and children, and is done when they have ended.
 *
 * @example
 * ```ts
 * import { blockOn, scope, sleep } from 'pawl';
 * const total = scope(function* (s) {
 *   let sum = 0;
 *   for (const n of [1, 2, 3]) s.spawn(sleep(n)), (sum += n);
 *   return sum;
 * });
 * console.log(blockOn(total)); // 6, after all three have slept
 * ```
 */
export function scope<T>(body: Body<[scope: Scope], T>, options: ScopeOptions = {}): Future<Flattened<T>> {
  return openScope<T>((made) => start(body, made), false, options) as Future<unknown> as Future<Flattened<T>>;
}

/**
 * As {@link scope}, but children fail alone: the handle throws when it is awaited, siblings go on. A failure that nobody has awaited
 * by the scope's end is thrown there, unless `onFailure` has received it. This is what a server accepts connections in.
 *
 * Cancelling it cancels body and children, and is done when they have ended.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, supervise, yieldNow } from 'pawl';
 * const connection = coroutine(function* (id: number) {
 *   yield* yieldNow();
 *   if (id === 2) throw new Error('reset by peer');
 * });
 * const failures: unknown[] = [];
 * blockOn(supervise(function* (s) {
 *   for (const id of [1, 2, 3]) s.spawn(connection(id));
 * }, { onFailure: (error) => failures.push(error) }));
 * console.log(failures.length); // 1
 * ```
 */
export function supervise<T>(body: Body<[scope: Scope], T>, options: SuperviseOptions = {}): Future<Flattened<T>> {
  return openScope<T>((made) => start(body, made), true, options) as Future<unknown> as Future<Flattened<T>>;
}
