/** The context of a poll that no task makes: it has a waker, and the runtime of the task that polled before. */
import type { Context, RuntimeRef, Waker } from '../../future/context.ts';

export class Detached implements Context {
  readonly waker: Waker;
  runtime: RuntimeRef;
  readonly overdue = false;

  constructor(waker: Waker, runtime: RuntimeRef) {
    this.waker = waker;
    this.runtime = runtime;
  }

  get task(): object {
    return this;
  }

  // What follows is for coroutines and combinators: a transport's poll asks for none of it.
  nursery(): null {
    return null;
  }

  collect(error: unknown): never {
    throw error;
  }

  armCleanup(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }

  reportOverrun(): void {}
}
