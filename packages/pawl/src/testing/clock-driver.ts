/**
 * ClockDriver: the driver of a paused clock. Tasks run as ever, time stands; the network is the native driver's.
 *
 * What must hold:
 * - Each turn is a macrotask of Node's, so that microtasks, ticks and immediates run between any two of them. Outside of turns nothing of
 *   ours runs.
 * - Time is moved only by the first goal of `goals`, one step a turn, and only in a turn in which nothing else was ready: what a timer has
 *   set in motion comes to rest before the next one fires.
 */
import type { DriverClient, DriverMetrics, NetDriver, Opened, RemoteWaker } from '../driver/driver.ts';
import type { FileDriver } from '../driver/files.ts';
import type { ProcessDriver } from '../driver/process.ts';
import { nativeDriver } from '../driver/native/index.ts';
import { nextImmediate, outside, random } from '../driver/native/platform.ts';
import { PawlError } from '../error/index.ts';
import { ManualDriver } from './manual-driver.ts';

/** What moves the time. */
export interface Goal {
  /** Goes on; true when it is reached. */
  step(): boolean;
  reached(): void;
  failed(error: unknown): void;
}

/** Turns in which time could not be moved because something was ready each time. */
const RESTLESS = 10_000;

export class ClockDriver extends ManualDriver {
  override readonly reason = 'a paused clock; the network is the native driver';
  /** Immediates of the platform that have not run. */
  immediates = 0;
  private readonly goals: Goal[] = [];
  private armed = false;
  private restless = 0;
  private closed = false;

  constructor(time: number) {
    super();
    this.time = time;
    this.roll = random;
  }

  get beneath(): ReturnType<typeof nativeDriver> {
    return nativeDriver();
  }

  override get net(): NetDriver {
    return this.beneath.net;
  }

  override get files(): FileDriver {
    return this.beneath.files;
  }

  get processes(): ProcessDriver {
    return this.beneath.processes;
  }

  override get metrics(): DriverMetrics {
    return { ...this.beneath.metrics, timers: this.timers.size, turns: this.turns };
  }

  override *opened(): Iterable<Opened> {
    yield* super.opened();
    yield* this.beneath.opened();
  }

  override schedule(client: DriverClient): void {
    super.schedule(client);
    this.arm();
  }

  /** When Node has nothing more to do, whoever waits for the clock waits for ever. */
  override attach(client: DriverClient): void {
    super.attach(client);
    this.beneath.attach(client);
  }

  override detach(client: DriverClient): void {
    super.detach(client);
    this.beneath.detach(client);
  }

  override remoteWaker(onWake: () => void): RemoteWaker {
    return this.beneath.remoteWaker(onWake);
  }

  /** Time stands, and nobody else can move it meanwhile. */
  override block(_client: DriverClient, done: () => boolean): void {
    this.blocking = true;
    try {
      while (!done()) {
        if (!this.turn())
          throw new PawlError('DEADLOCK', 'the clock is paused, and blockOn stops the test that could advance it');
      }
    } finally {
      this.blocking = false;
    }
  }

  /** Time is moved towards it when those before it have been reached. */
  pursue(goal: Goal): void {
    if (this.closed) throw new PawlError('CLOSED', 'the clock was used after the end of withClock');
    this.goals.push(goal);
    this.arm();
  }

  abandon(goal: Goal): void {
    const at = this.goals.indexOf(goal);
    if (at >= 0) this.goals.splice(at, 1);
  }

  /** Something can run without the clock's moving. */
  get isReady(): boolean {
    return this.scheduled.size > 0 || this.immediates > 0;
  }

  /** Fires the first timer if it is due by then. */
  override fireNext(until: number): boolean {
    return super.fireNext(until);
  }

  /** Nothing is ever run again. */
  close(): void {
    this.closed = true;
    this.scheduled.clear();
    this.goals.length = 0;
    for (const client of this.attached) this.beneath.detach(client);
  }

  private arm(): void {
    if (this.armed || this.closed) return;
    this.armed = true;
    outside(() => nextImmediate(this.onImmediate));
  }

  private readonly onImmediate = (): void => {
    this.armed = false;
    if (this.closed) return;
    try {
      if (this.turn() || this.immediates > 0) this.rush();
      else this.pursueFirst();
    } finally {
      if (this.scheduled.size > 0 || this.goals.length > 0) this.arm();
    }
  };

  /** Something was ready; it must not be so for ever while somebody waits for the clock. */
  private rush(): void {
    const [goal] = this.goals;
    if (goal === undefined || ++this.restless < RESTLESS) return;
    this.finish(goal, () =>
      goal.failed(
        new PawlError(
          'LIMIT_EXCEEDED',
          `time cannot move on: in ${RESTLESS} turns some task or immediate was ready each time, so the program never waits`,
        ),
      ),
    );
  }

  private pursueFirst(): void {
    this.restless = 0;
    const [goal] = this.goals;
    if (goal === undefined) return;
    try {
      if (goal.step()) this.finish(goal, () => goal.reached());
    } catch (error) {
      this.finish(goal, () => goal.failed(error));
    }
  }

  private finish(goal: Goal, tell: () => void): void {
    this.restless = 0;
    this.abandon(goal);
    tell();
  }
}
