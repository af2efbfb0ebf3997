/**
 * TaskLocal: a value that is known in a future and in everything that it awaits and spawns, without being handed on.
 *
 * What must hold: bindings are a list in a register, set while a future that was given one is polled and restored before that poll returns.
 * A task that is spawned meanwhile is given the list. Tasks without bindings know nothing of it, and hold nothing for it.
 */
import { toFuture, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { Wrapping } from '../future/wrapping.ts';

interface Binding {
  readonly local: object;
  readonly value: unknown;
  readonly outer: Binding | null;
}

/** The innermost binding of the poll that is under way. */
export let bindings: Binding | null = null;

/** Calls `step` with these bindings instead of those that are in force. */
export function withBindings<R>(those: Binding | null, step: () => R): R {
  const before = bindings;
  bindings = those;
  try {
    return step();
  } finally {
    bindings = before;
  }
}

/**
 * A value that is known in a future and in everything that it awaits and spawns: a request's identity, a logger, a deadline. It costs
 * nothing where it is not used. (An `AsyncLocalStorage` of Node's is kept across suspensions by `run`'s option `asyncContext`.)
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, spawn, TaskLocal, yieldNow } from 'pawl';
 * const requestId = new TaskLocal('none');
 * const log = coroutine(function* (text: string) {
 *   yield* yieldNow();
 *   return `${requestId.get()}: ${text}`;
 * });
 * const main = coroutine(function* () {
 *   return [yield* log('before'), yield* requestId.with('r-7', function* () {
 *     return yield* spawn(log('in a child'));
 *   })];
 * });
 * console.log(blockOn(main())); // [ 'none: before', 'r-7: in a child' ]
 * ```
 */
export class TaskLocal<T> {
  /** What `get` gives where nothing else was set. */
  readonly initial: T;

  constructor(initial: T) {
    this.initial = initial;
  }

  /** The value of the innermost {@link with} around the call; outside of any, and outside of a poll, the initial one. */
  get(): T {
    for (let binding = bindings; binding !== null; binding = binding.outer) {
      if (binding.local === this) return binding.value as T;
    }
    return this.initial;
  }

  /**
   * The future, or a function that makes one, with the value known in it, in everything it awaits and in the tasks that it spawns.
   * Cancelling it cancels the future. Errors: what the future throws; NOT_A_FUTURE.
   */
  with<R>(value: T, body: Future<R> | Body<[], R>): Future<Flattened<R>> {
    const future: Future<unknown> = toFuture<unknown>(body);
    return new Bound(this, value, future) as Future<unknown> as Future<Flattened<R>>;
  }
}

/** A future with one binding more than whoever polls it first. */
class Bound extends Wrapping<unknown> {
  private readonly local: object;
  private readonly value: unknown;
  private own: Binding | null = null;

  constructor(local: object, value: unknown, inner: Future<unknown>) {
    super(inner);
    this.local = local;
    this.value = value;
  }

  protected override within<R>(step: () => R): R {
    this.own ??= { local: this.local, value: this.value, outer: bindings };
    return withBindings(this.own, step);
  }
}

/** The body of a task with the bindings of whoever has spawned it. */
class Inherited<T> extends Wrapping<T> {
  private readonly own: Binding;

  constructor(own: Binding, inner: Future<T>) {
    super(inner);
    this.own = own;
  }

  protected override within<R>(step: () => R): R {
    return withBindings(this.own, step);
  }
}

/** A body that keeps the bindings that are in force now; itself when there are none. */
export function inherit<T>(body: Future<T>): Future<T> {
  return bindings === null ? body : new Inherited(bindings, body);
}
