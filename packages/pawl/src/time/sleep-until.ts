/** SleepUntil: a sleep until an instant instead of for a duration. */
import { PawlError } from '../error/index.ts';
import { type Driver, driverOf, type Timers } from '../driver/driver.ts';
import { Instant } from '../driver/instant.ts';
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { DONE, NEW, Sleep, type SleepOptions } from './sleep.ts';

class SleepUntil extends Sleep {
  override poll(cx: Context): Poll<void> {
    if (this.timerSlot !== NEW) return super.poll(cx);
    const driver = driverOf(cx);
    const deadline = this.timerTick;
    if (driver.now() >= deadline) {
      this.timerSlot = DONE;
      return undefined;
    }
    this.waker = cx.waker;
    this.timerSlot = -1;
    this.timersOf(driver).insert(this, deadline);
    return PENDING;
  }

  protected timersOf(driver: Driver): Timers {
    return driver.timers;
  }
}

/** The same without keeping the process alive. */
class BackgroundSleepUntil extends SleepUntil {
  protected override timersOf(driver: Driver): Timers {
    return driver.background;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.timerSlot >= 0) driverOf(cx).background.cancel(this);
    this.timerSlot = -1;
    return super.cancel(cx);
  }
}

/**
 * Waits until an instant, rounded up to the next whole millisecond of the clock, never early. One that has passed is ready at once.
 *
 * Cancelling it is *safe*: the timer is removed. Errors: BAD_ARGUMENT when it is given no {@link Instant}.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, Instant, sleepUntil } from 'pawl';
 * const main = coroutine(function* () {
 *   const start = Instant.now();
 *   yield* sleepUntil(start.plus(2.5));
 *   return start.elapsed() >= 2.5;
 * });
 * console.log(blockOn(main())); // true
 * ```
 */
export function sleepUntil(instant: Instant, options?: SleepOptions): Future<void> {
  const reading = readingOf(instant, 'sleepUntil');
  return options?.unref === true ? new BackgroundSleepUntil(reading) : new SleepUntil(reading);
}

/** An instant's reading of the clock, or BAD_ARGUMENT. */
export function readingOf(instant: Instant, what: string): number {
  if (instant instanceof Instant) return instant.ms;
  throw new PawlError('BAD_ARGUMENT', `${what} takes an Instant, got ${typeof instant}: Instant.now().plus(ms)`);
}
