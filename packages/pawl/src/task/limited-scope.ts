/**
 * LimitedScope: a scope with deadlines of its own.
 *
 * What must hold: at its deadline body and children are cancelled, and TIMEOUT is thrown after their cleanup; a scope that has failed, or
 * is being cancelled, by then is left alone. A deadline later than the one around it holds too: in a cleanup or a shield the scope around it
 * has passed its own and cancels nobody any more. Its cleanup timeout bounds its cleanup also when it is cancelled from outside.
 */
import { PawlError } from '../error/index.ts';
import { driverOf, type Driver } from '../driver/driver.ts';
import { Instant } from '../driver/instant.ts';
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { CallbackTimer } from './callback-timer.ts';
import type { Scope } from './scope.ts';
import { ScopeFuture, type FailureHook } from './scope-future.ts';
import { termsOf, type Terms } from './terms.ts';

/** Limits of a scope. */
export interface ScopeOptions {
  /** Body and children are cancelled so many ms after the scope's first poll, and it throws TIMEOUT. */
  readonly timeout?: number;
  /** Body and children are cancelled at this instant, and it throws TIMEOUT. With both, the earlier counts. */
  readonly deadline?: Instant;
  /** How long a cleanup in the scope may take, in ms. Default: as around it. Where several count, the earliest deadline does. */
  readonly cleanupTimeout?: number;
}

class LimitedScope<T> extends ScopeFuture<T> {
  private readonly options: ScopeOptions;
  private driver: Driver | null = null;
  /** The deadline that a timer of its own has to keep. */
  private due = Infinity;
  private timer: CallbackTimer | null = null;
  private cleanup: Disposable | null = null;
  /** What it throws at its deadline. */
  private expired: PawlError | null = null;
  private cancelled = false;

  constructor(
    make: (scope: Scope) => Future<T>,
    supervising: boolean,
    onFailure: FailureHook | undefined,
    options: ScopeOptions,
  ) {
    super(make, supervising, onFailure);
    this.options = options;
  }

  protected override terms(cx: Context): Terms {
    const around = termsOf(cx);
    const { timeout = Infinity, deadline, cleanupTimeout = around.cleanupTimeout } = this.options;
    const driver = driverOf(cx);
    const now = driver.refresh();
    const own = Math.min(now + timeout, deadline === undefined ? Infinity : deadline.ms);
    this.driver = driver;
    // At the same instant the scope around it is the one that throws, if its time is still to come.
    if (own !== around.deadline || own <= now) this.due = own;
    return { deadline: Math.min(own, around.deadline), cleanupTimeout };
  }

  override poll(cx: Context): Poll<T> {
    let value: Poll<T> = PENDING;
    let failed = true;
    try {
      value = super.poll(cx);
      failed = false;
    } finally {
      if (failed || value !== PENDING) this.disarm();
    }
    if (value === PENDING && this.timer === null && this.due < Infinity) {
      this.timer = new CallbackTimer(() => this.expire());
      (this.driver as Driver).timers.insert(this.timer, this.due);
    }
    return value;
  }

  private expire(): void {
    const scope = this.inner?.scope;
    if (scope === undefined || scope.failed) return;
    const { timeout } = this.options;
    const error = (this.expired = new PawlError(
      'TIMEOUT',
      timeout === undefined ? 'the deadline of the scope has passed' : `the scope timed out after ${timeout} ms`,
    ));
    scope.abortAll(error);
    scope.fail(error);
  }

  override cancel(cx: Context): Poll<void> {
    if (!this.cancelled) {
      this.cancelled = true;
      this.disarm();
      this.inner?.scope.withdraw(this.expired);
    }
    const done = super.cancel(cx);
    const { inner, options } = this;
    if (done !== PENDING) this.disarm();
    else if (options.cleanupTimeout !== undefined && inner !== null)
      this.cleanup ??= inner.scope.runtime.armCleanup(() => inner.expire(), options.cleanupTimeout);
    return done;
  }

  private disarm(): void {
    if (this.timer !== null) (this.driver as Driver).timers.cancel(this.timer);
    this.cleanup?.[Symbol.dispose]();
    this.due = Infinity;
  }
}

/** A scope whose body `make` makes; with options it is limited. BAD_ARGUMENT when one of them is none. */
export function openScope<T>(
  make: (scope: Scope) => Future<T>,
  supervising: boolean,
  options: ScopeOptions & { readonly onFailure?: FailureHook },
): Future<T> {
  const { timeout, deadline, cleanupTimeout, onFailure } = options;
  if (timeout === undefined && deadline === undefined && cleanupTimeout === undefined)
    return new ScopeFuture(make, supervising, onFailure);
  for (const [name, ms] of Object.entries({ timeout, cleanupTimeout })) {
    if (ms !== undefined && (typeof ms !== 'number' || !(ms >= 0)))
      throw new PawlError('BAD_ARGUMENT', `${name} is a number of milliseconds, zero or more, got ${String(ms)}`);
  }
  if (deadline !== undefined && !(deadline instanceof Instant))
    throw new PawlError('BAD_ARGUMENT', `deadline is an Instant, got ${typeof deadline}: Instant.now().plus(ms)`);
  return new LimitedScope(make, supervising, onFailure, options);
}
