/** Instant: a point in time on a driver's clock. */
import { PawlError } from '../error/index.ts';
import { currentDriver } from './default.ts';

/**
 * A point in time on the monotonic clock of the runtime that made it: it never goes back and knows no time of day. Durations are numbers
 * of milliseconds with fractions, as fine as the clock (Node's: a nanosecond). In a simulated world it is that world's time.
 *
 * Instants can be compared by `<` and `>`. Those of different clocks (another thread, a simulated world) have nothing to do with each other.
 *
 * @example
 * ```ts
 * import { Instant } from 'pawl';
 * const start = Instant.now();
 * let sum = 0;
 * for (let i = 0; i < 1000; i++) sum += i;
 * console.log(start.elapsed() >= 0, start.plus(5).since(start)); // true 5
 * ```
 */
export class Instant {
  /** Its reading of the clock: comparable with others of the same clock, and otherwise without meaning. */
  readonly ms: number;

  /** @internal */
  constructor(ms: number) {
    this.ms = ms;
  }

  /** Now, on the clock of the runtime that polls; outside a poll, on this thread's own. */
  static now(): Instant {
    return new Instant(currentDriver().refresh());
  }

  /** Milliseconds that have passed since then; negative while it lies ahead. */
  elapsed(): number {
    return currentDriver().refresh() - this.ms;
  }

  /** Milliseconds from `earlier` to this one. */
  since(earlier: Instant): number {
    return this.ms - earlier.ms;
  }

  /** So many milliseconds later; earlier when negative. BAD_ARGUMENT when it is no number. */
  plus(ms: number): Instant {
    if (typeof ms !== 'number' || Number.isNaN(ms))
      throw new PawlError('BAD_ARGUMENT', `an instant is moved by a number of milliseconds, got ${String(ms)}`);
    return new Instant(this.ms + ms);
  }

  /** Its reading, so that instants are compared by `<` and subtracted by `-`. */
  valueOf(): number {
    return this.ms;
  }
}
