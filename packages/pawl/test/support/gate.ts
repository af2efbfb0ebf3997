/** A leaf future that a test opens by hand and that counts what is done to it, and a context to poll futures without a runtime. */
import type { Context, RuntimeRef, Waker } from '../../src/future/context.ts';
import { alreadyCompleted, Future } from '../../src/future/future.ts';
import { PENDING, type Poll } from '../../src/future/poll.ts';

export class Gate<T> extends Future<T> {
  polls = 0;
  cancels = 0;
  waker: Waker | null = null;
  private outcome: { failed: boolean; value: unknown } | null = null;
  private ended = false;

  /** True while a waker is stored. */
  get waiting(): boolean {
    return this.waker !== null;
  }

  open(value: T): void {
    this.end({ failed: false, value });
  }

  fail(error: unknown): void {
    this.end({ failed: true, value: error });
  }

  /** A wake without a reason. */
  spurious(): void {
    this.waker?.wake();
  }

  private end(outcome: { failed: boolean; value: unknown }): void {
    this.outcome = outcome;
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }

  override poll(cx: Context): Poll<T> {
    this.polls++;
    if (this.ended) throw alreadyCompleted('a gate');
    if (this.outcome === null) {
      this.waker = cx.waker;
      return PENDING;
    }
    this.ended = true;
    if (this.outcome.failed) throw this.outcome.value;
    return this.outcome.value as T;
  }

  override cancel(_cx?: Context): Poll<void> {
    this.cancels++;
    this.waker = null;
    return undefined;
  }
}

/** A context of no runtime: counts wakes and collects errors. */
export class HandContext implements Context, Waker {
  wakes = 0;
  overdue = false;
  readonly errors: unknown[] = [];
  readonly overruns: string[] = [];
  readonly runtime: RuntimeRef = {};
  readonly task: object = this;
  armed = 0;

  get waker(): Waker {
    return this;
  }

  wake(): void {
    this.wakes++;
  }

  nursery(): unknown {
    return undefined;
  }

  collect(error: unknown): void {
    this.errors.push(error);
  }

  armCleanup(): Disposable {
    this.armed++;
    return { [Symbol.dispose]: () => void this.armed-- };
  }

  reportOverrun(code: string): void {
    this.overruns.push(code);
  }
}
