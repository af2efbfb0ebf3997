/** `scope` and `supervise`: a body with children that all end before it does. */
import type { Context } from '../future/context.ts';
import { start, type Body, type Flattened } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import type { Poll } from '../future/poll.ts';
import { ScopeBody } from './scope-body.ts';
import { Scope } from './scope.ts';
import type { Runtime } from './runtime.ts';
import type { JoinHandle } from './task.ts';

export interface SuperviseOptions {
  /** Called with each child's failure as it happens; the failure then counts as observed. What it throws fails the scope. */
  readonly onFailure?: (error: unknown, task: JoinHandle<unknown>) => void;
}

/** Makes its scope at the first poll, when it knows the runtime and the task that it lives in. */
export class ScopeFuture<T> extends Future<T> {
  private readonly make: (scope: Scope) => Future<T>;
  private readonly supervising: boolean;
  private readonly options: SuperviseOptions;
  private inner: ScopeBody<T> | null = null;

  constructor(make: (scope: Scope) => Future<T>, supervising: boolean, options: SuperviseOptions) {
    super();
    this.make = make;
    this.supervising = supervising;
    this.options = options;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.inner;
  }

  /** @internal For dumps. */
  get label(): string {
    return this.supervising ? 'supervise' : 'scope';
  }

  override poll(cx: Context): Poll<T> {
    return (this.inner ??= this.begin(cx)).poll(cx);
  }

  private begin(cx: Context): ScopeBody<T> {
    const scope = new Scope(cx.runtime as Runtime, this.supervising, cx.waker);
    scope.onFailure = this.options.onFailure;
    return new ScopeBody(() => this.make(scope), scope, false);
  }

  override cancel(cx: Context): Poll<void> {
    return this.inner === null ? undefined : this.inner.cancel(cx);
  }
}

/**
 * Runs a body whose spawned tasks (`scope.spawn`, or a plain `spawn` inside it) all end before it does. When the body or a child
 * fails, everybody else is cancelled and cleaned up, and the first failure is thrown, the others suppressed by it.
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
export function scope<T>(body: Body<[scope: Scope], T>): Future<Flattened<T>> {
  return new ScopeFuture<T>((made) => start(body, made), false, {}) as Future<unknown> as Future<Flattened<T>>;
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
  return new ScopeFuture<T>((made) => start(body, made), true, options) as Future<unknown> as Future<Flattened<T>>;
}
