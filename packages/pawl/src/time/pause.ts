/**
 * Pause: a sleep between two looks at what no event tells of: a lock that another process holds, a FIFO that nobody reads yet.
 *
 * What must hold: a dump says what is waited for, not that somebody sleeps.
 */
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { Sleep } from './sleep.ts';

/** @internal */
export class Pause extends Sleep {
  private readonly what: string;

  /** `what` as in {@link WaitInfo}. */
  constructor(ms: number, what: string) {
    super(ms);
    this.what = what;
  }

  /** @internal */
  override [waitInfo](): WaitInfo {
    return { what: this.what };
  }
}
