/** What needs the driver of the poll, and is ready at once: it makes, opens or starts something. */
import { type ProcessDriver, processesOf } from '../driver/process.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from '../task/budget.ts';

export class Make<T> extends Future<T> {
  private readonly what: string;
  private make: ((processes: ProcessDriver) => T) | null;

  /** `what` is refused where there are no processes. */
  constructor(what: string, make: (processes: ProcessDriver) => T) {
    super();
    this.what = what;
    this.make = make;
  }

  override poll(cx: Context): Poll<T> {
    const { make } = this;
    if (make === null) throw alreadyCompleted(this.what);
    // A loop of attempts that fail at once lets others run, too.
    if (!spend(cx)) return PENDING;
    this.make = null;
    return make(processesOf(cx, this.what));
  }

  override cancel(_cx: Context): Poll<void> {
    this.make = null;
    return undefined;
  }
}
