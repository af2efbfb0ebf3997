/**
 * SimSource: a descriptor of a simulated machine, with whoever waits for it. Handles extend it.
 *
 * What must hold: as of the native driver's `Source`: a stored waker is woken at once if another replaces it, and when the source is closed;
 * the counts of the driver are those of what is open and stored. Beyond that it does what a kernel may: it wakes late, so that several events
 * become one wake-up, and for nothing.
 */
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { driverOf } from '../driver.ts';
import type { SimDriver } from './driver.ts';
import { AGAIN, LATE_WAKE, SPURIOUS_WAKE } from './kinds.ts';
import { systemError } from './system-error.ts';

/** The latest that a wake-up can be, in ms. */
const LATEST = 10;

export abstract class SimSource {
  readonly driver: SimDriver;
  closed = false;
  private reader: Waker | null = null;
  private writer: Waker | null = null;
  /** The stored reader is not counted. */
  private unrefReader = false;

  /** Throws EMFILE when the machine has no descriptor left. */
  constructor(driver: SimDriver, call: 'socket' | 'accept' | 'inotify_init') {
    if (driver.sources.size + driver.files.opened.size >= driver.machine.descriptors) throw systemError('EMFILE', call);
    this.driver = driver;
    driver.sources.add(this);
  }

  /** What it is, in a few words. */
  abstract get what(): string;

  protected checkDriver(cx: Context): void {
    if (driverOf(cx).timers === this.driver.timers) return;
    throw new PawlError('WRONG_RUNTIME', 'a handle was polled under another driver than the one that made it');
  }

  /** True when what is ready says EAGAIN this time: whoever asked is woken soon. */
  protected saysAgain(waker: Waker, direction: 'read' | 'write'): boolean {
    const { world } = this.driver;
    const soon = world.pick(LATEST + 1, world.freedoms.again, AGAIN);
    if (soon === 0) return false;
    this.store(waker, direction);
    this.wakeAfter(direction, soon - 1);
    return true;
  }

  protected storeReader(waker: Waker): void {
    this.store(waker, 'read');
    this.maybeWakeForNothing('read');
  }

  protected storeWriter(waker: Waker): void {
    this.store(waker, 'write');
    this.maybeWakeForNothing('write');
  }

  unrefRead(): void {
    if (this.reader === null || this.unrefReader) return;
    this.unrefReader = true;
    this.driver.waiting--;
  }

  /** Something has come for whoever waits: wakes it, now or a little later. */
  wake(direction: 'read' | 'write'): void {
    if ((direction === 'read' ? this.reader : this.writer) === null) return;
    const { world } = this.driver;
    const late = world.pick(LATEST + 1, world.freedoms.lateWake, LATE_WAKE);
    if (late > 0) this.wakeAfter(direction, late);
    else this.take(direction)?.wake();
  }

  /** Takes the stored waker out, to be woken or dropped. */
  protected take(direction: 'read' | 'write'): Waker | null {
    const { driver } = this;
    if (direction === 'write') {
      const waker = this.writer;
      this.writer = null;
      if (waker !== null) driver.waiting--;
      return waker;
    }
    const waker = this.reader;
    this.reader = null;
    if (waker !== null && !this.unrefReader) driver.waiting--;
    this.unrefReader = false;
    return waker;
  }

  /** Idempotent. Wakes whoever waits, so that its next poll finds the source closed. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.driver.sources.delete(this);
    this.release();
    this.take('read')?.wake();
    this.take('write')?.wake();
  }

  /** What the descriptor stood for is given back. */
  protected abstract release(): void;

  private store(waker: Waker, direction: 'read' | 'write'): void {
    const old = direction === 'read' ? this.reader : this.writer;
    if (old === waker) return;
    const { driver } = this;
    if (direction === 'write') this.writer = waker;
    else {
      this.reader = waker;
      if (this.unrefReader) driver.waiting++;
      this.unrefReader = false;
    }
    if (old === null) driver.waiting++;
    else old.wake();
  }

  private maybeWakeForNothing(direction: 'read' | 'write'): void {
    const { world } = this.driver;
    const { spuriousWake } = world.freedoms;
    const soon = world.pick(LATEST + 1, spuriousWake, SPURIOUS_WAKE);
    if (soon > 0) this.wakeAfter(direction, soon - 1);
  }

  private wakeAfter(direction: 'read' | 'write', ms: number): void {
    this.driver.world.after(ms, () => {
      if (!this.driver.halted) this.take(direction)?.wake();
    });
  }
}
