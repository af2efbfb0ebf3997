/**
 * withClock: a body under a clock of its own.
 *
 * What must hold: after the end, also of a body that fails, the platform and this thread's driver are what they were, and no task of
 * the body's is left that nothing could ever wake: that is an error, unless the body has failed itself.
 */
import { substituteDriver } from '../driver/default.ts';
import { nativeDriver } from '../driver/native/index.ts';
import { clock as realClock, dropImmediate, nextImmediate } from '../driver/native/platform.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { futureOf, type Steps } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { CallbackTimer } from '../task/callback-timer.ts';
import { run } from '../task/run.ts';
import { Runtime } from '../task/runtime.ts';
import { Clock } from './clock.ts';
import { ClockDriver } from './clock-driver.ts';
import { installPlatform } from './platform/install.ts';
import type { PlatformSource, TimerTerms } from './platform/source.ts';

/** How often tasks that are told to stop are looked after. */
const ROUNDS = 1000;

/** How {@link withClock} sets its clock. */
export interface ClockOptions {
  /** What `Date.now()` begins with: a Date, or milliseconds since the epoch. Default: the present moment. */
  readonly now?: Date | number;
}

/** An async function, a generator function, or one that returns a future. */
export type ClockBody<T> = ((clock: Clock) => PromiseLike<T>) | ((clock: Clock) => Steps<T>);

/**
 * Runs a body with time standing still, for Pawl and for the platform: `sleep`, `timeout` and `Instant`; `Date`, `Temporal.Now`,
 * `performance.now`, `setTimeout` and all that {@link installPlatform} names, but randomness and the real world, which stay as they are. Time
 * moves when the body moves it by its {@link Clock}. `run` and `await future` in the body use this clock. Sockets work, in real time.
 *
 * It concerns the whole thread, so tests that use it must not run at the same time as others in one process.
 *
 * Gives what the body gives. Errors: the body's; BUSY inside another `withClock` or a simulated world; BAD_ARGUMENT for a `now` that is no
 * time, or an option that there is not; LEAK, with a dump, when tasks are left that wait for a clock which will never move again.
 *
 * @example
 * ```ts
 * import { sleep, timeout, type PawlError } from 'pawl';
 * import { withClock } from 'pawl/testing';
 * await withClock(async (clock) => {
 *   const slow = timeout(30_000, sleep(60_000)).then(
 *     () => 'in time',
 *     (error: unknown) => (error as PawlError).code,
 *   );
 *   await clock.advance(30_000);
 *   console.log(await slow, clock.elapsed); // TIMEOUT 30000
 * });
 * ```
 */
export async function withClock<T>(body: ClockBody<T>, options: ClockOptions = {}): Promise<T> {
  if (typeof body !== 'function')
    throw new PawlError('BAD_ARGUMENT', `withClock takes a function, got ${String(body)}`);
  knownOptions('withClock', options, { now: true });
  const wall = wallTime(options.now);
  // What it loads must take its functions from the real platform.
  nativeDriver();
  // Whole milliseconds, so that a sleep of 5 is over after 5.
  const driver = new ClockDriver(Math.floor(realClock()));
  const clock = new Clock(driver);
  using platform = installPlatform(sourceOf(driver, wall - driver.time));
  using standIn = substituteDriver(() => driver);
  try {
    const made: unknown = body(clock);
    const value = await (isThenable(made) && !(made instanceof Future)
      ? (made as PromiseLike<T>)
      : (run(futureOf<T>(made, body.name), { name: body.name || 'withClock' }) as Promise<unknown> as Promise<T>));
    await clock.advance(0);
    await turns(driver, 3);
    const left = runtimesOf(driver).map((runtime) => runtime.dump());
    if (left.length > 0) {
      throw new PawlError(
        'LEAK',
        `withClock has ended, and nothing will ever move the clock that these tasks wait for:\n${left.join('\n')}`,
      );
    }
    return value;
  } finally {
    await stop(driver);
    driver.close();
    standIn[Symbol.dispose]();
    platform[Symbol.dispose]();
  }
}

/** Ends every task that is left, with its cleanup, for which time runs freely; what does not end then is forgotten. */
async function stop(driver: ClockDriver): Promise<void> {
  for (const runtime of runtimesOf(driver)) runtime.stop('withClock has ended');
  for (let round = 0; round < ROUNDS && driver.attached.size > 0; round++) {
    await turns(driver, 2);
    if (driver.attached.size > 0) driver.fireNext(Infinity);
  }
  for (const runtime of runtimesOf(driver)) runtime.drop();
}

/** Macrotasks, in each of which the driver has its turn. */
async function turns(driver: ClockDriver, count: number): Promise<void> {
  for (let turn = 0; turn < count || (driver.isReady && turn < ROUNDS); turn++)
    await new Promise((resolve) => nextImmediate(resolve));
}

function runtimesOf(driver: ClockDriver): Runtime[] {
  return [...driver.attached].filter((client) => client instanceof Runtime);
}

function wallTime(now: Date | number | undefined): number {
  const ms = Number(now ?? Date.now());
  if (Number.isFinite(ms)) return ms;
  throw new PawlError('BAD_ARGUMENT', `now must be a date or a number of milliseconds, got ${String(now)}`);
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** A timer of the platform's in the line of Pawl's. */
class PlatformTimer extends CallbackTimer {
  private readonly driver: ClockDriver;
  private readonly delay: number;
  referenced: boolean;

  constructor(driver: ClockDriver, callback: () => void, delay: number, { repeat, unref }: TimerTerms) {
    super(() => {
      // Before the callback, which may clear it.
      if (repeat) this.arm();
      callback();
    });
    this.driver = driver;
    this.delay = delay;
    this.referenced = unref !== true;
    this.arm();
  }

  refer(on: boolean): void {
    this.referenced = on;
    this.driver.timers.refer(this, on);
  }

  private arm(): void {
    const { delay, driver } = this;
    (this.referenced ? driver.timers : driver.background).insert(this, driver.time + delay);
  }
}

function sourceOf(driver: ClockDriver, offset: number): PlatformSource {
  return {
    active: () => true,
    wallTime: () => driver.time + offset,
    monotonic: () => driver.time,
    setTimer: (callback, delay, terms) => new PlatformTimer(driver, callback, delay, terms),
    clearTimer(token) {
      if (token instanceof PlatformTimer) driver.timers.cancel(token);
      else (token as Disposable)[Symbol.dispose]();
    },
    refTimer: (token, on) => (token as PlatformTimer).refer(on),
    immediate(callback) {
      driver.immediates++;
      let waiting = true;
      const settled = (): void => {
        if (waiting) driver.immediates--;
        waiting = false;
      };
      const immediate = nextImmediate(() => {
        settled();
        callback();
      });
      return {
        [Symbol.dispose]() {
          settled();
          dropImmediate(immediate);
        },
      };
    },
  };
}
