/**
 * DiskOperation: a call to a simulated disk, which takes a moment.
 *
 * What must hold: it begins at its first poll, and has its effect, all of it, at the moment at which it is done. Inside `block` that is the first poll.
 * Once begun it is not stopped: a cancellation waits for its end, and what it has opened for nobody is closed.
 */
import { PawlError } from '../../../error/index.ts';
import type { Context, Waker } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { driverOf } from '../../driver.ts';
import type { Operation } from '../../files.ts';
import type { SimDriver } from '../driver.ts';
import { DISK } from '../kinds.ts';

/** What operations of one boot share. */
export interface Pool {
  readonly driver: SimDriver;
  /** Under way. */
  pending: number;
}

/** An open file, which is not closed under an operation. */
export interface Subject {
  /** Throws CLOSED. */
  enter(): void;
  leave(): void;
}

/** What an operation does. */
export interface Act<T> {
  /** How long it takes on an idle disk, in ms. */
  readonly takes: number;
  readonly act: () => T;
  /** Takes back what was opened. */
  readonly undo?: (value: T) => void;
  readonly subject?: Subject;
}

/** A busy disk takes up to so many times as long. */
const BUSY = 50;

const NEW = 0;
const RUNNING = 1;
const ENDED = 2;
const DONE = 3;

export class DiskOperation<T> implements Operation<T> {
  private readonly pool: Pool;
  private readonly call: Act<T>;
  private state = NEW;
  private outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  private waker: Waker | null = null;
  private cancelled = false;

  constructor(pool: Pool, call: Act<T>) {
    this.pool = pool;
    this.call = call;
  }

  poll(cx: Context): Poll<T> {
    const { driver } = this.pool;
    if (driverOf(cx).timers !== driver.timers)
      throw new PawlError('WRONG_RUNTIME', 'a file was used under another driver than the one that opened it');
    if (this.state === DONE)
      throw new PawlError('ALREADY_COMPLETED', 'an operation on a file was polled after it had completed');
    if (this.state === NEW) this.begin(driver);
    if (this.state === RUNNING) return this.wait(cx);
    this.state = DONE;
    const outcome = this.outcome!;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  cancel(cx: Context): Poll<void> {
    if (this.state === RUNNING) {
      this.cancelled = true;
      return this.wait(cx);
    }
    if (this.state === ENDED) this.takeBack();
    this.state = DONE;
    return undefined;
  }

  private begin(driver: SimDriver): void {
    const { call, pool } = this;
    const { world } = driver;
    call.subject?.enter();
    pool.pending++;
    this.state = RUNNING;
    if (driver.blocking) {
      this.finish();
      return;
    }
    const factor = 1 + world.pick(BUSY, world.freedoms.latency, DISK);
    world.after(call.takes * factor, () => {
      if (!driver.halted) this.finish();
    });
  }

  private finish(): void {
    const { call, pool } = this;
    pool.pending--;
    try {
      this.outcome = { value: call.act() };
    } catch (error) {
      this.outcome = { error };
    }
    call.subject?.leave();
    this.state = ENDED;
    if (this.cancelled) this.takeBack();
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }

  private takeBack(): void {
    const { outcome } = this;
    if (outcome !== null && 'value' in outcome) this.call.undo?.(outcome.value);
    this.outcome = null;
  }

  private wait(cx: Context): typeof PENDING {
    const old = this.waker;
    this.waker = cx.waker;
    if (old !== null && old !== cx.waker) old.wake();
    return PENDING;
  }
}
