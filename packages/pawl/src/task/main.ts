/**
 * The life of a runtime's main task, the same for `run`, `blockOn` and every driver: it starts, it ends, what it detached is cancelled
 * and cleaned up, and then the outcome is delivered.
 */
import type { Waker } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { combine } from '../future/suppressed.ts';
import type { Runtime } from './runtime.ts';
import type { Task } from './task.ts';

export class MainTask<T> implements Waker {
  private readonly runtime: Runtime;
  private readonly task: Task<T>;
  private readonly onEnd: (() => void) | undefined;
  /** True once main and everything detached have ended. */
  ended = false;
  private shutting = false;
  private failures: readonly unknown[] = [];

  constructor(runtime: Runtime, main: Future<T>, name: string | undefined, onEnd?: () => void) {
    this.runtime = runtime;
    this.onEnd = onEnd;
    runtime.root.ownerWaker = this;
    runtime.root.waiting = true;
    this.task = runtime.root.adopt(main, name === undefined ? undefined : { name });
    this.task.addWaiter(this);
  }

  abort(reason: unknown): void {
    this.task.abort(reason);
  }

  /** Called when main has ended, and when the last of what it left has. */
  wake(): void {
    const { root } = this.runtime;
    if (this.ended || !this.task.finished) return;
    if (!this.shutting) {
      this.shutting = true;
      this.task.observe();
      root.abortAll('main has ended');
    }
    if (root.size > 0) return;
    this.ended = true;
    this.failures = root.close();
    this.onEnd?.();
  }

  /** Main's value, or throws its failure with those of the detached tasks suppressed by it. */
  take(): T {
    const failed = this.task.state !== 'done';
    const failures = failed ? [this.task.outcome, ...this.failures] : this.failures;
    if (failures.length > 0) throw combine(failures);
    return this.task.outcome as T;
  }
}
