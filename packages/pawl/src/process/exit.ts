/** The end of a child, as a leaf future. */
import type { ChildHandle } from '../driver/process.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { ExitStatus } from './exit-status.ts';

export class Exit extends Future<ExitStatus> {
  private readonly handle: ChildHandle;
  private readonly program: string;
  private done = false;

  constructor(handle: ChildHandle, program: string) {
    super();
    this.handle = handle;
    this.program = program;
  }

  override poll(cx: Context): Poll<ExitStatus> {
    if (this.done) throw alreadyCompleted('the wait for a child');
    if (!spend(cx)) return PENDING;
    this.done = true;
    const exit = this.handle.pollExit(cx, this);
    if (exit !== PENDING) return new ExitStatus(exit);
    this.done = false;
    return PENDING;
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    this.handle.forget(this);
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `end of ${this.program} (${this.handle.pid})`, resource: this.handle };
  }
}
