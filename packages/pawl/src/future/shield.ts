/** Shield: a section that finishes although it is cancelled. */
import { PawlError } from '../error/index.ts';
import type { Context } from './context.ts';
import { alreadyCompleted, Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';

class Shield<T> extends Future<T> {
  private inner: Future<T> | null;
  private started = false;
  private asked = false;
  private overran = false;

  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.started ? this.inner : null;
  }

  override poll(cx: Context): Poll<T> {
    const { inner } = this;
    if (inner === null) throw alreadyCompleted('shield');
    this.started = true;
    let value: Poll<T> = PENDING;
    let failed = true;
    try {
      value = inner.poll(cx);
      failed = false;
      return value;
    } finally {
      if (failed || value !== PENDING) this.inner = null;
    }
  }

  override cancel(cx: Context): Poll<void> {
    const { inner } = this;
    if (inner === null || !this.started) return undefined;
    if (!cx.overdue) {
      this.asked = true;
      try {
        return this.poll(cx) === PENDING ? PENDING : undefined;
      } catch (error) {
        cx.collect(error);
        return undefined;
      }
    }
    // Whoever cancels a cleanup because its time is over reports that; here it was a cancellation that has waited.
    if (this.asked && !this.overran) cx.reportOverrun('CLEANUP_TIMEOUT');
    this.overran = true;
    if (inner.cancel(cx) === PENDING) return PENDING;
    this.inner = null;
    return undefined;
  }
}

/**
 * A future that, once it has begun, finishes although it is cancelled: the cancellation waits for it and then goes on. For the few steps
 * that must not stop half-way: to write a file and rename it, to commit and to note that it was committed.
 *
 * Its value is lost then; its error belongs to whoever cancelled, as that of a cleanup. The cleanup deadline bounds it too: when that
 * passes it is cancelled after all, which is reported. A section that needs longer than 5 s asks for it by `cleanupTimeout`, of `run` or of
 * the scope that its task was spawned into. Tasks that it spawns into a scope around it are not shielded: let it open a `scope`.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, shield, sleep, timeout } from 'pawl';
 * const steps: string[] = [];
 * const commit = coroutine(function* () {
 *   steps.push('written');
 *   yield* sleep(5);
 *   steps.push('renamed');
 * });
 * const main = coroutine(function* () {
 *   try {
 *     yield* timeout(1, shield(commit()));
 *   } catch {
 *     steps.push('timed out');
 *   }
 * });
 * blockOn(main());
 * console.log(steps); // [ 'written', 'renamed', 'timed out' ]
 * ```
 */
export function shield<T>(future: Future<T>): Future<T> {
  if (!(future instanceof Future)) throw new PawlError('NOT_A_FUTURE', `shield takes a future, got ${typeof future}`);
  return new Shield(future);
}
