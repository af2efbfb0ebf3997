/**
 * Settled: a promise as a future, for tests. The bridge that programs use, `fromPromise`, is a layer above.
 *
 * What must hold: cancelling it only stops waiting. Where Node's loop cannot run it fails instead of hanging.
 */
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';

class Settled<T> extends Future<T> implements Waiting {
  private outcome: { readonly failed: boolean; readonly value: unknown } | null = null;
  private waker: Waker | null = null;

  constructor(promise: PromiseLike<T>) {
    super();
    const settle = (failed: boolean, value: unknown): void => {
      this.outcome = { failed, value };
      this.waker?.wake();
    };
    promise.then(
      (value) => settle(false, value),
      (error: unknown) => settle(true, error),
    );
  }

  override poll(cx: Context): Poll<T> {
    const { outcome } = this;
    if (outcome === null) {
      if (driverOf(cx).blocking)
        throw new PawlError('BLOCKING_NODE', "a test's promise was awaited where Node's event loop cannot run");
      this.waker = cx.waker;
      return PENDING;
    }
    if (outcome.failed) throw outcome.value;
    return outcome.value as T;
  }

  override cancel(_cx: Context): Poll<void> {
    this.waker = null;
    return undefined;
  }

  [waitInfo](): WaitInfo {
    return { what: 'a promise' };
  }
}

/** Waits for a promise: its value, or throws what it rejects with. */
export function settled<T>(promise: PromiseLike<T>): Future<T> {
  return new Settled(promise);
}
