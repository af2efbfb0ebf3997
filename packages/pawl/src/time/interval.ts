/**
 * Interval: ticks at a fixed period, and what becomes of those that came too late.
 *
 * What must hold: the first tick is there at once; no tick is early; a tick that is cancelled has not been taken. The interval itself holds
 * no timer: only a `tick` that waits does, so there is nothing to dispose of.
 */
import { PawlError } from '../error/index.ts';
import { type Driver, driverOf, type Timers } from '../driver/driver.ts';
import { Instant } from '../driver/instant.ts';
import type { Context } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { CallbackTimer } from '../task/callback-timer.ts';

/** What becomes of ticks that nobody took in time: all at once, then in step again; none, and the period starts anew; or none, in step. */
export type MissedTicks = 'burst' | 'delay' | 'skip';

/** How an interval ticks. */
export interface IntervalOptions {
  /** Default `burst`. */
  readonly missed?: MissedTicks;
  /** A tick that is waited for does not keep the process alive, as in {@link SleepOptions}. Default false. */
  readonly unref?: boolean;
}

/** Made by {@link interval}. */
export class Interval {
  /** Milliseconds between two ticks. */
  readonly period: number;
  readonly missed: MissedTicks;
  /** Whether a tick that is waited for lets the process end. */
  readonly unref: boolean;
  /** @internal When the next tick is due; before the first one it is due at once. */
  due = -Infinity;

  /** @internal */
  constructor(period: number, missed: MissedTicks, unref: boolean) {
    this.period = period;
    this.missed = missed;
    this.unref = unref;
  }

  /** Waits for the next tick and gives the instant at which it was due. Cancelling it is *safe*: the tick is still to come. */
  tick(): Future<Instant> {
    return new Tick(this);
  }

  /** The next tick comes one period from now. */
  reset(): void {
    this.due = Instant.now().plus(this.period).ms;
  }

  /** @internal A tick has been taken: when the next one is due. */
  advance(due: number, now: number): void {
    const { period, missed } = this;
    const regular = due + period;
    if (regular > now || missed === 'burst') this.due = regular;
    else if (missed === 'delay') this.due = now + period;
    else this.due = due + period * (Math.floor((now - due) / period) + 1);
  }
}

class Tick extends Future<Instant> implements Waiting {
  private readonly interval: Interval;
  private timer: CallbackTimer | null = null;
  private ended = false;

  constructor(interval: Interval) {
    super();
    this.interval = interval;
    if (creations !== null) creations.leaf(this, 'interval.tick()');
  }

  /** @internal */
  get untouched(): boolean {
    return this.timer === null && !this.ended;
  }

  override poll(cx: Context): Poll<Instant> {
    if (this.ended) throw alreadyCompleted('tick of an interval');
    const { interval } = this;
    const driver = driverOf(cx);
    this.disarm(cx);
    const now = driver.now();
    const due = interval.due === -Infinity ? now : interval.due;
    if (due > now) {
      const { waker } = cx;
      this.timer = new CallbackTimer(() => waker.wake());
      this.timersOf(driver).insert(this.timer, due);
      return PENDING;
    }
    if (!spend(cx)) return PENDING;
    this.ended = true;
    interval.advance(due, now);
    return new Instant(due);
  }

  override cancel(cx: Context): Poll<void> {
    this.ended = true;
    this.disarm(cx);
    return undefined;
  }

  [waitInfo](): WaitInfo {
    const { period, due } = this.interval;
    return { what: `tick of an interval of ${period} ms`, resource: this.interval, deadline: due };
  }

  private disarm(cx: Context): void {
    if (this.timer === null) return;
    this.timersOf(driverOf(cx)).cancel(this.timer);
    this.timer = null;
  }

  private timersOf(driver: Driver): Timers {
    return this.interval.unref ? driver.background : driver.timers;
  }
}

/**
 * Ticks every `ms` milliseconds from its first tick, which is there at once. It keeps in step: a tick is due at a multiple of the period,
 * however long the work between two ticks takes. When that takes longer than a period, `missed` says what becomes of the ticks that were
 * missed: `burst` (the default) gives all of them at once, `delay` none, and the next one a period later, `skip` none, and the next one
 * when it would have come anyway.
 *
 * Errors: BAD_ARGUMENT when `ms` is no finite number above zero.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, interval } from 'pawl';
 * const main = coroutine(function* () {
 *   const every = interval(2, { missed: 'skip' });
 *   const first = yield* every.tick(); // at once
 *   const second = yield* every.tick();
 *   return second.since(first);
 * });
 * console.log(blockOn(main()) % 2 < 1e-6); // true: a multiple of the period
 * ```
 */
export function interval(ms: number, options: IntervalOptions = {}): Interval {
  if (typeof ms !== 'number' || !(ms > 0 && ms < Infinity))
    throw new PawlError('BAD_ARGUMENT', `interval takes a number of milliseconds above zero, got ${String(ms)}`);
  const { missed = 'burst', unref = false } = options;
  if (missed !== 'burst' && missed !== 'delay' && missed !== 'skip')
    throw new PawlError('BAD_ARGUMENT', `interval: missed is 'burst', 'delay' or 'skip', got ${String(missed)}`);
  return new Interval(ms, missed, unref);
}
