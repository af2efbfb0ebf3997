/**
 * A driver for tests of the kernel: no operating system, and a clock that moves only when it is told to, or when nothing can run.
 *
 * What must hold: `block` runs ready clients, then jumps to the next timer; with neither, it throws DEADLOCK. So every test of the kernel
 * is deterministic and takes no time.
 */
import type { Driver, DriverClient, DriverMetrics, NetDriver, Opened, RemoteWaker, Timers } from '../driver/driver.ts';
import type { FileDriver } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { TimerLine } from './timer-line.ts';

/**
 * A driver without an operating system, for tests of executors and futures: `blockOn(main, { driver })` runs main in no time, and `advance` moves
 * the clock by hand. It has no network and no files (UNSUPPORTED_PLATFORM).
 *
 * @example
 * ```ts
 * import { blockOn, sleep } from 'pawl';
 * import { ManualDriver } from 'pawl/testing';
 * const driver = new ManualDriver();
 * blockOn(sleep(3_600_000), { driver });
 * console.log(driver.time); // 3600000
 * ```
 */
export class ManualDriver implements Driver {
  readonly kind = 'sim';
  readonly reason: string = 'a manual driver for tests';
  time = 0;
  turns = 0;
  blocking = false;
  /** Chooses among ready tasks; first in, first out unless a test says otherwise. */
  pick: (n: number) => number = () => 0;
  /** What `random` gives. */
  roll: () => number = () => 0.5;
  /** Polls of a turn. */
  polls = 61;
  /** Called after each turn. */
  onTurn: () => void = () => {};
  readonly attached: Set<DriverClient> = new Set();
  readonly timers: TimerLine = new TimerLine(() => this.time);
  protected readonly scheduled: Set<DriverClient> = new Set();

  now(): number {
    return this.time;
  }

  refresh(): number {
    return this.time;
  }

  random(): number {
    return this.roll();
  }

  choose(n: number): number {
    return this.pick(n);
  }

  begin(n: number): number {
    return Math.floor(this.roll() * n);
  }

  get background(): Timers {
    return this.timers.background;
  }

  get timerCount(): number {
    return this.timers.size;
  }

  get net(): NetDriver {
    throw new PawlError('UNSUPPORTED_PLATFORM', 'the manual driver has no network');
  }

  get files(): FileDriver {
    throw new PawlError('UNSUPPORTED_PLATFORM', 'the manual driver has no files');
  }

  get metrics(): DriverMetrics {
    return { descriptors: 0, timers: this.timers.size, turns: this.turns, waiting: 0 };
  }

  *opened(): Iterable<Opened> {
    for (const object of this.timers) yield { object, what: 'timer' };
  }

  schedule(client: DriverClient): void {
    this.scheduled.add(client);
  }

  attach(client: DriverClient): void {
    this.attached.add(client);
  }

  detach(client: DriverClient): void {
    this.attached.delete(client);
  }

  remoteWaker(_onWake: () => void): RemoteWaker {
    throw new PawlError('UNSUPPORTED_PLATFORM', 'the manual driver has no other threads');
  }

  /** Runs until nothing is ready; true when anything was. */
  drain(): boolean {
    let ran = false;
    while (this.turn()) ran = true;
    return ran;
  }

  /** Fires what is due in the next `ms`, in order, running what it wakes. */
  advance(ms: number): void {
    const until = this.time + ms;
    this.drain();
    while (this.fireNext(until)) this.drain();
    this.time = until;
  }

  block(_client: DriverClient, done: () => boolean): void {
    this.blocking = true;
    try {
      while (!done()) {
        if (!this.drain() && !this.fireNext(Infinity)) throw new PawlError('DEADLOCK', 'nothing can wake anything');
      }
    } finally {
      this.blocking = false;
    }
  }

  /** One turn of the client that has waited longest; false when none is ready. */
  protected turn(): boolean {
    const [client] = this.scheduled;
    if (client === undefined) return false;
    this.turns++;
    this.scheduled.delete(client);
    if (client.turn(this.polls) > 0) this.scheduled.add(client);
    this.onTurn();
    return true;
  }

  /** Moves the clock to the first timer and fires it, unless that is due after `until`. */
  protected fireNext(until: number): boolean {
    if (this.timers.next > until) return false;
    const entry = this.timers.shift();
    if (entry === undefined) return false;
    this.time = Math.max(this.time, entry.timerTick);
    entry.onTimer();
    return true;
  }
}
