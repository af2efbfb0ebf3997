/** Sleep: a future that is its own timer entry. */
import { PawlError } from '../error/index.ts';
import { driverOf, type TimerEntry } from '../driver/driver.ts';
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';

/** Values of `timerSlot` beside the wheel's own. */
export const NEW = -2;
const FIRED = -3;
export const DONE = -4;

/** @internal */
export class Sleep extends Future<void> implements TimerEntry, Waiting {
  timerTick: number;
  timerSlot = NEW;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  /** @internal */
  protected waker: Waker | null = null;

  constructor(ms: number) {
    super();
    // Until the first poll this holds the duration: a sleeping task's size is a bound of the project.
    this.timerTick = ms;
    if (creations !== null) creations.leaf(this, 'sleep(…)');
  }

  /** @internal */
  get untouched(): boolean {
    return this.timerSlot === NEW;
  }

  override poll(cx: Context): Poll<void> {
    if (this.timerSlot >= 0) {
      this.waker = cx.waker;
      return PENDING;
    }
    if (this.timerSlot === NEW) {
      this.waker = cx.waker;
      const driver = driverOf(cx);
      // Not the batch's clock: a poll that has computed for 50 ms before it sleeps must not wake 50 ms early.
      const deadline = driver.refresh() + this.timerTick;
      this.timerSlot = -1;
      driver.timers.insert(this, deadline);
      return PENDING;
    }
    if (this.timerSlot === DONE) throw alreadyCompleted('sleep');
    this.timerSlot = DONE;
    return undefined;
  }

  onTimer(): void {
    const { waker } = this;
    this.timerSlot = FIRED;
    this.waker = null;
    waker?.wake();
  }

  override cancel(cx: Context): Poll<void> {
    if (this.timerSlot >= 0) driverOf(cx).timers.cancel(this);
    this.timerSlot = DONE;
    this.waker = null;
    return undefined;
  }

  [waitInfo](): WaitInfo {
    const { timerSlot, timerTick } = this;
    if (timerTick === Infinity) return { what: 'sleep without end' };
    return timerSlot >= 0 ? { what: 'sleep', deadline: timerTick } : { what: 'sleep' };
  }
}

/** Sleeps without keeping the process alive. A class of its own: an ordinary sleep is not larger by a flag, nor slower by its test. */
class BackgroundSleep extends Sleep {
  override poll(cx: Context): Poll<void> {
    if (this.timerSlot !== NEW) return super.poll(cx);
    this.waker = cx.waker;
    const driver = driverOf(cx);
    const deadline = driver.refresh() + this.timerTick;
    this.timerSlot = -1;
    driver.background.insert(this, deadline);
    return PENDING;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.timerSlot >= 0) driverOf(cx).background.cancel(this);
    this.timerSlot = -1;
    return super.cancel(cx);
  }
}

/** What a sleep does to the life of the process. */
export interface SleepOptions {
  /** The sleep does not keep the process alive: when nothing else does, it ends, and the sleep never does. Default false. */
  readonly unref?: boolean;
}

/**
 * Waits for `ms` milliseconds from its first poll, at least; fractions count. It is rounded up to the next whole millisecond of the clock,
 * never early. Zero waits for the next tick. `Infinity` waits for ever.
 *
 * Cancelling it is *safe*: the timer is removed. Errors: BAD_ARGUMENT when `ms` is negative or no number.
 *
 * @example
 * ```ts
 * import { blockOn, sleep } from 'pawl';
 * blockOn(sleep(3));
 * console.log('three milliseconds later');
 * ```
 */
export function sleep(ms: number, options?: SleepOptions): Future<void> {
  if (typeof ms !== 'number' || !(ms >= 0)) {
    throw new PawlError('BAD_ARGUMENT', `sleep takes a number of milliseconds, zero or more, got ${String(ms)}`);
  }
  return options?.unref === true ? new BackgroundSleep(ms) : new Sleep(ms);
}
