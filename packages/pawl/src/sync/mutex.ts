/**
 * Mutex: one holder at a time, in the order of asking.
 *
 * What must hold: while anybody waits, the mutex is held: a release hands it over to the first in the queue, and nobody overtakes. A
 * holder is remembered by its strand, so that a deadlock can be named.
 */
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, Waiter } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { suspect } from './deadlock.ts';
import { type Named, title } from './named.ts';
import { currentStrand, forget, note, strandOf, tasksOf } from './strand.ts';

/** Possession of a {@link Mutex}. Disposing of it releases the mutex; doing so again does nothing. */
export class MutexGuard implements Disposable {
  private readonly mutex: Mutex;
  /** @internal */
  readonly strand: Waker | null;

  /** @internal */
  constructor(mutex: Mutex, strand: Waker | null) {
    this.mutex = mutex;
    this.strand = strand;
    note(strand, this, 'mutex', mutex.name);
  }

  /** Hands the mutex to the next in the queue. */
  release(): void {
    this.mutex.release(this);
  }

  [Symbol.dispose](): void {
    this.mutex.release(this);
  }
}

/**
 * A lock that one holder has at a time. In JavaScript only an await can let another task in: it protects what must not change across one.
 *
 * `using guard = yield* mutex.lock()` releases it at the end of the block, however that is left. It is not reentrant: a holder that asks
 * again waits for itself, which is reported as DEADLOCK. Keep a guard in the task that took it.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join, Mutex, sleep } from 'pawl';
 * const mutex = new Mutex();
 * let balance = 100;
 * const withdraw = coroutine(function* (amount: number) {
 *   using _guard = yield* mutex.lock();
 *   const before = balance;
 *   yield* sleep(1); // nobody else gets in here
 *   balance = before - amount;
 * });
 * blockOn(join([withdraw(10), withdraw(20)]));
 * console.log(balance); // 70
 * ```
 */
export class Mutex {
  readonly name: string | undefined;
  /** @internal Who has it, by the guard; handed over before the next in the queue is polled. */
  owner: MutexGuard | null = null;
  /** @internal */
  readonly waiters = new WaitList<Lock>();

  constructor(options: Named = {}) {
    this.name = options.name;
  }

  get locked(): boolean {
    return this.owner !== null;
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.waiters.size;
  }

  /**
   * Waits for its turn, first come, first served. Cancelling it *loses its place* in the queue, never the lock: one that was handed over
   * and not yet taken goes to the next.
   *
   * @example
   * ```ts
   * import { blockOn, coroutine, Mutex } from 'pawl';
   * const mutex = new Mutex({ name: 'users' });
   * const main = coroutine(function* () {
   *   {
   *     using _guard = yield* mutex.lock();
   *     console.log(mutex.locked); // true
   *   }
   *   console.log(mutex.locked); // false
   * });
   * blockOn(main());
   * ```
   */
  lock(): Future<MutexGuard> {
    return new Lock(this);
  }

  /** Takes the mutex if it is free now, else gives null. */
  tryLock(): MutexGuard | null {
    if (this.owner !== null) return null;
    return (this.owner = new MutexGuard(this, currentStrand()));
  }

  /** @internal */
  release(guard: MutexGuard): void {
    if (this.owner !== guard) return;
    forget(guard.strand, guard);
    const next = this.waiters.shift();
    if (next === null) this.owner = null;
    else {
      this.owner = new MutexGuard(this, next.waker);
      next.grant();
    }
  }
}

class Lock extends Waiter<MutexGuard> {
  readonly mutex: Mutex;

  constructor(mutex: Mutex) {
    super();
    this.mutex = mutex;
    if (creations !== null) creations.leaf(this, 'mutex.lock()');
  }

  protected override get list(): WaitList<Lock> {
    return this.mutex.waiters;
  }

  protected override begin(cx: Context): Poll<MutexGuard> {
    const { mutex } = this;
    if (mutex.owner !== null) {
      this.wait(cx);
      suspect(this, cx);
      return PENDING;
    }
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return (mutex.owner = new MutexGuard(mutex, strandOf(cx)));
  }

  protected override take(): MutexGuard {
    return this.mutex.owner as MutexGuard;
  }

  protected override giveBack(): void {
    this.mutex.release(this.mutex.owner as MutexGuard);
  }

  override holders(): Waker[] {
    const strand = this.mutex.owner?.strand ?? null;
    return strand === null ? [] : [strand];
  }

  override clearlyFree(isFree: (holder: Waker | null, start: Waker) => boolean, start: Waker): boolean {
    return isFree((this.mutex.owner as MutexGuard).strand, start);
  }

  protected override tell(): WaitInfo {
    const { mutex } = this;
    return { what: `lock of ${title('mutex', mutex.name)}`, resource: mutex, holders: tasksOf(this.holders()) };
  }
}
