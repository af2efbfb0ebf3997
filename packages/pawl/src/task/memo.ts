/**
 * Memo: concurrent callers share one run, and later ones its value.
 *
 * What must hold: for a key at most one run is wanted at any time. It runs in a task of the runtime, in nobody's scope: no caller's
 * deadline or cancellation is the others' affair. When the last caller leaves it is cancelled, and that caller's cancellation waits for
 * its cleanup; whoever calls meanwhile starts anew. A failure goes to those who wait for it and is not kept.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { start, type Body, type Flattened } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { Runtime } from './runtime.ts';
import type { Task } from './task.ts';

export interface MemoOptions<A extends readonly unknown[]> {
  /** Calls with the same key share a run; compared as a Map compares keys. Default: the first argument. */
  readonly key?: (...args: A) => unknown;
  /** Keep values for later calls. With `false` only concurrent calls share a run. Default true. */
  readonly keep?: boolean;
}

/** A function made by {@link memo}. */
export interface Memo<A extends readonly unknown[], T> {
  (...args: A): Future<T>;
  /** Forgets the value of a key, so that the next call runs anew; a run under way goes on for those who wait for it. */
  delete(key: unknown): void;
  /** Forgets everything. */
  clear(): void;
  /** Keys with a value or a run. */
  readonly size: number;
}

/** One key's run, then its value. */
interface Entry<T> {
  /** Null once the value is there. */
  task: Task<T> | null;
  waiters: number;
  value: T | undefined;
}

type Entries<T> = Map<unknown, Entry<T>>;

class MemoCall<T> extends Future<T> {
  private readonly entries: Entries<T>;
  private readonly key: unknown;
  private readonly make: () => Future<T>;
  private readonly keep: boolean;
  private readonly name: string;
  private entry: Entry<T> | null = null;
  /** It has started the run of `entry` itself. */
  private own = false;
  /** The run that this call was the last to wait for, until it has cleaned up. */
  private leaving: Task<T> | null = null;
  private ended = false;

  constructor(entries: Entries<T>, key: unknown, make: () => Future<T>, keep: boolean, name: string) {
    super();
    this.entries = entries;
    this.key = key;
    this.make = make;
    this.keep = keep;
    this.name = name;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.entry?.task ?? this.leaving;
  }

  /** @internal For dumps. */
  get label(): string {
    return 'memo';
  }

  override poll(cx: Context): Poll<T> {
    if (this.ended) throw alreadyCompleted('a call of a memo');
    for (;;) {
      const entry = (this.entry ??= this.enter(cx));
      const { task } = entry;
      if (task === null) {
        this.ended = true;
        return entry.value as T;
      }
      if (!task.finished) return task.poll(cx);
      this.entry = null;
      entry.waiters--;
      if (this.isOver(entry)) this.forget(entry);
      // Aborted, with the runtime of another call that it belonged to: this call still wants its value.
      if (task.state === 'cancelled' && !this.own) continue;
      this.ended = true;
      const value = task.poll(cx) as T;
      if (this.keep) {
        entry.task = null;
        entry.value = value;
      }
      return value;
    }
  }

  /** Finds the run or the value of the key, or starts a run. */
  private enter(cx: Context): Entry<T> {
    let entry = this.entries.get(this.key);
    if (entry === undefined || this.isOver(entry)) {
      const task = (cx.runtime as Runtime).root.adopt(this.make(), { name: this.name });
      entry = { task, waiters: 0, value: undefined };
      this.own = true;
      this.entries.set(this.key, entry);
    }
    entry.waiters++;
    return entry;
  }

  /** Its run has ended and is not kept: what is left of it belongs to those who wait and have not been polled since. */
  private isOver({ task }: Entry<T>): boolean {
    return task !== null && task.finished && (task.state !== 'done' || !this.keep);
  }

  private forget(entry: Entry<T>): void {
    if (this.entries.get(this.key) === entry) this.entries.delete(this.key);
  }

  override cancel(cx: Context): Poll<void> {
    const { entry } = this;
    this.ended = true;
    if (entry !== null) {
      this.entry = null;
      const { task } = entry;
      if (task === null) return undefined;
      entry.waiters--;
      if (task.finished) {
        if (this.isOver(entry)) this.forget(entry);
        // A failure that came together with the cancellation is lost like that of a loser of a race.
        task.observe();
        return undefined;
      }
      if (entry.waiters > 0) return task.cancel(cx);
      this.forget(entry);
      task.abort('nobody waits for it any more');
      this.leaving = task;
    }
    return this.leave(cx);
  }

  /** Waits for the cleanup of a run that nobody wants. */
  private leave(cx: Context): Poll<void> {
    const { leaving } = this;
    if (leaving === null) return undefined;
    // Not polled when it has ended: a thrown CANCELLED has its stack written out, which costs ten runs.
    if (!leaving.finished) return leaving.poll(cx) === PENDING ? PENDING : undefined;
    if (leaving.state === 'failed') {
      leaving.observe();
      cx.collect(leaving.outcome);
    }
    this.leaving = null;
    return undefined;
  }
}

/**
 * Makes a function whose concurrent calls with the same key share one run, and whose later calls are given that run's value: a cache that
 * does not stampede. A run that fails is thrown to everybody who waits for it and not kept: the next call tries anew. Values are kept
 * until `delete` or `clear`; with `keep: false` they are not.
 *
 * The run is a task of its own in the runtime of the call that starts it, outside of every scope. Cancelling a call is *safe*: the others
 * go on. When the last one is cancelled the run is too, and that cancellation is done when its cleanup is.
 *
 * Errors: BAD_ARGUMENT when it is given no function; what the run throws.
 *
 * @example
 * ```ts
 * import { blockOn, join, memo, sleep } from 'pawl';
 * let runs = 0;
 * const user = memo(function* (id: number) {
 *   runs++;
 *   yield* sleep(1);
 *   return `user ${id}`;
 * });
 * console.log(blockOn(join([user(1), user(1), user(2)])), runs); // [ 'user 1', 'user 1', 'user 2' ] 2
 * ```
 */
export function memo<A extends readonly unknown[], T>(
  fn: Body<A, T>,
  options: MemoOptions<A> = {},
): Memo<A, Flattened<T>> {
  const { key = (...args: A) => args[0], keep = true } = options;
  if (typeof fn !== 'function') throw new PawlError('BAD_ARGUMENT', `memo takes a function, got ${typeof fn}`);
  const entries: Entries<T> = new Map();
  const call = (...args: A): Future<T> =>
    new MemoCall(entries, key(...args), () => start(fn, ...args), keep, fn.name || 'memo');
  const extras: PropertyDescriptorMap & ThisType<unknown> = {
    delete: { value: (of: unknown) => void entries.delete(of) },
    clear: { value: () => entries.clear() },
    size: { get: () => entries.size },
  };
  return Object.defineProperties(call, extras) as unknown as Memo<A, Flattened<T>>;
}
