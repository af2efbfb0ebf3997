/**
 * Clock: what a test moves time with.
 *
 * What must hold: every way of moving it is a future, so that it can be awaited in an async function and in a coroutine; several under way
 * at once take their turns. Time moves in order, from timer to timer, and what a timer has set in motion comes to rest before the
 * next one fires, also if both are due at the same time. Cancelling leaves the time where it is.
 */
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import type { ClockDriver, Goal } from './clock-driver.ts';

/** Timers that `runUntilIdle` fires at most: a program with more of them has an interval that never ends. */
const MOST = 100_000;

abstract class Movement<T> extends Future<T> implements Goal, Waiting {
  protected readonly driver: ClockDriver;
  private waker: Waker | null = null;
  private state: 'new' | 'moving' | 'reached' | 'failed' | 'done' = 'new';
  private error: unknown = undefined;

  constructor(driver: ClockDriver) {
    super();
    this.driver = driver;
    if (creations !== null) creations.leaf(this, 'a movement of the clock');
  }

  /** @internal */
  get untouched(): boolean {
    return this.state === 'new';
  }

  abstract step(): boolean;
  protected abstract get value(): T;

  override poll(cx: Context): Poll<T> {
    const { state } = this;
    if (state === 'new') {
      this.state = 'moving';
      this.driver.pursue(this);
    }
    if (state === 'new' || state === 'moving') {
      this.waker = cx.waker;
      return PENDING;
    }
    this.state = 'done';
    if (state === 'failed') throw this.error;
    if (state === 'done') throw alreadyCompleted('a movement of the clock');
    return this.value;
  }

  override cancel(_cx: Context): Poll<void> {
    this.driver.abandon(this);
    this.state = 'done';
    this.waker = null;
    return undefined;
  }

  reached(): void {
    this.end('reached');
  }

  failed(error: unknown): void {
    this.error = error;
    this.end('failed');
  }

  [waitInfo](): WaitInfo {
    return { what: 'the clock of the test to move' };
  }

  private end(state: 'reached' | 'failed'): void {
    this.state = state;
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }
}

class Advance extends Movement<void> {
  private readonly ms: number;
  private until = -1;

  constructor(driver: ClockDriver, ms: number) {
    super(driver);
    this.ms = ms;
  }

  override step(): boolean {
    const { driver } = this;
    if (this.until < 0) this.until = driver.time + this.ms;
    if (driver.fireNext(this.until)) return false;
    driver.time = this.until;
    return true;
  }

  protected override get value(): void {
    return undefined;
  }
}

class UntilIdle extends Movement<number> {
  private began = -1;
  private fired = 0;

  override step(): boolean {
    const { driver } = this;
    if (this.began < 0) this.began = driver.time;
    const { referenced } = driver.timers;
    if (referenced === 0) return true;
    if (this.fired === MOST)
      throw new PawlError(
        'LIMIT_EXCEEDED',
        `runUntilIdle has fired ${MOST} timers and ${referenced} are left: is there an interval that nobody clears?`,
      );
    if (driver.timers.firstIsReferenced) this.fired++;
    driver.fireNext(Infinity);
    return false;
  }

  protected override get value(): number {
    return this.driver.time - this.began;
  }
}

class ToNext extends Movement<boolean> {
  private until = -1;

  override step(): boolean {
    const { driver } = this;
    if (this.until < 0) this.until = driver.timers.next;
    return this.until === Infinity || !driver.fireNext(this.until);
  }

  protected override get value(): boolean {
    return this.until !== Infinity;
  }
}

/**
 * A clock that stands still until a test moves it: Pawl's time and the platform's at once. {@link withClock} makes one.
 *
 * Its movements are futures: `await` them in an async function, `yield*` them in a coroutine; until then nothing moves. Between any two
 * timers all that is ready runs: tasks, promises' reactions, ticks and immediates. What waits for the real world (a socket, a file) is
 * not waited for.
 *
 * Errors: a movement throws what a timer's callback throws, LIMIT_EXCEEDED when the program never comes to rest, CLOSED after the end of
 * `withClock`. A movement is *safe* to cancel: time stays where it is.
 *
 * @example
 * ```ts
 * import { withClock } from 'pawl/testing';
 * await withClock(async (clock) => {
 *   const seen: string[] = [];
 *   setTimeout(() => seen.push('a minute'), 60_000);
 *   await clock.advance(59_999);
 *   console.log(seen); // []
 *   await clock.advance(1);
 *   console.log(seen); // [ 'a minute' ]
 * });
 * ```
 */
export class Clock {
  private readonly driver: ClockDriver;
  private readonly began: number;

  /** @internal */
  constructor(driver: ClockDriver) {
    this.driver = driver;
    this.began = driver.time;
  }

  /** Milliseconds by which it has moved in all. */
  get elapsed(): number {
    return this.driver.time - this.began;
  }

  /** Timers that wait for it, Pawl's and the platform's. */
  get pending(): number {
    return this.driver.timers.size;
  }

  /** Moves time by so many milliseconds; 0 only lets run what is ready. Errors besides: BAD_ARGUMENT when it is negative or no number. */
  advance(ms: number): Future<void> {
    if (typeof ms !== 'number' || !(ms >= 0) || ms === Infinity)
      throw new PawlError('BAD_ARGUMENT', `advance takes a number of milliseconds, zero or more, got ${String(ms)}`);
    return new Advance(this.driver, ms);
  }

  /**
   * Moves time from timer to timer until none is left that somebody waits for (those that are `unref` do not count), and gives the
   * milliseconds that it took. LIMIT_EXCEEDED after 100,000 timers: an interval has to be cleared first.
   */
  runUntilIdle(): Future<number> {
    return new UntilIdle(this.driver);
  }

  /** Moves time to the next timer and fires all that are due then; false, and time stays, when there is none. */
  runToNext(): Future<boolean> {
    return new ToNext(this.driver);
  }
}
