/**
 * An operation on files as a leaf future.
 *
 * What must hold: it begins at its first poll. Its cancellation is done when the driver has let go of its memory, and what it has opened for
 * nobody has been closed.
 */
import { driverOf } from '../driver/driver.ts';
import type { FileDriver, Operation } from '../driver/files.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';

/** Begins an operation. */
export type Begin<T> = (files: FileDriver) => Operation<T>;

export class FileFuture<T> extends Future<T> {
  private readonly what: string;
  private begin: Begin<T> | null;
  private operation: Operation<T> | null = null;

  /** `what` says in a dump what it waits for. */
  constructor(what: string, begin: Begin<T>) {
    super();
    this.what = what;
    this.begin = begin;
  }

  override poll(cx: Context): Poll<T> {
    let { operation } = this;
    if (operation === null) {
      const { begin } = this;
      if (begin === null) throw alreadyCompleted('an operation on a file');
      if (!spend(cx)) return PENDING;
      this.begin = null;
      operation = begin(driverOf(cx).files);
    }
    // Until it says that it waits, there is nothing to be cancelled.
    this.operation = null;
    const result = operation.poll(cx);
    if (result === PENDING) this.operation = operation;
    return result;
  }

  override cancel(cx: Context): Poll<void> {
    this.begin = null;
    const { operation } = this;
    if (operation !== null && operation.cancel(cx) === PENDING) return PENDING;
    this.operation = null;
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: this.what };
  }
}
