/**
 * A driver for tests of the kernel: no operating system, and a clock that moves only when nothing can run.
 *
 * What must hold: `block` runs ready clients, then jumps to the next timer; with neither, it throws DEADLOCK. So every test of the kernel
 * is deterministic and takes no time.
 */
import { PawlError } from '../../src/error/index.ts';
import type {
  Driver,
  DriverClient,
  DriverMetrics,
  NetDriver,
  RemoteWaker,
  TimerEntry,
  Timers,
} from '../../src/driver/driver.ts';
import type { FileDriver } from '../../src/driver/files.ts';

const NO_FILES = new Proxy({} as FileDriver, {
  get(_target, key): unknown {
    if (key === 'pending') return 0;
    throw new PawlError('UNSUPPORTED_PLATFORM', 'the manual driver has no files');
  },
});

export class ManualDriver implements Driver {
  readonly kind = 'sim';
  readonly reason = 'a manual driver for tests';
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
  readonly attached = new Set<DriverClient>();
  private readonly scheduled = new Set<DriverClient>();
  private entries: { entry: TimerEntry; deadline: number }[] = [];

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

  readonly timers: Timers = {
    insert: (entry, deadline) => {
      entry.timerSlot = 0;
      entry.timerTick = Math.max(Math.ceil(deadline), this.time + 1);
      this.entries.push({ entry, deadline: Math.max(Math.ceil(deadline), this.time + 1) });
    },
    cancel: (entry) => {
      entry.timerSlot = -1;
      this.entries = this.entries.filter((known) => known.entry !== entry);
    },
    get size(): number {
      return 0;
    },
  };

  get background(): Timers {
    return this.timers;
  }

  get timerCount(): number {
    return this.entries.length;
  }

  get net(): NetDriver {
    throw new PawlError('UNSUPPORTED_PLATFORM', 'the manual driver has no network');
  }

  readonly files: FileDriver = NO_FILES;

  get metrics(): DriverMetrics {
    return { descriptors: 0, timers: this.entries.length, turns: this.turns, waiting: 0 };
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

  remoteWaker(): RemoteWaker {
    throw new PawlError('UNSUPPORTED_PLATFORM', 'the manual driver has no other threads');
  }

  /** Runs until nothing is ready; true when anything was. */
  drain(): boolean {
    let ran = false;
    for (;;) {
      const [client] = this.scheduled;
      if (client === undefined) return ran;
      ran = true;
      this.turns++;
      this.scheduled.delete(client);
      if (client.turn(this.polls) > 0) this.scheduled.add(client);
      this.onTurn();
    }
  }

  /** Fires what is due in the next `ms`, in order, running what it wakes. */
  advance(ms: number): void {
    const until = this.time + ms;
    this.drain();
    while (this.fireNext(until)) this.drain();
    this.time = until;
  }

  private fireNext(until: number): boolean {
    let next: { entry: TimerEntry; deadline: number } | undefined;
    for (const known of this.entries) if (next === undefined || known.deadline < next.deadline) next = known;
    if (next === undefined || next.deadline > until) return false;
    this.entries.splice(this.entries.indexOf(next), 1);
    this.time = Math.max(this.time, next.deadline);
    next.entry.timerSlot = -1;
    next.entry.onTimer();
    return true;
  }

  block(client: DriverClient, done: () => boolean): void {
    this.blocking = true;
    try {
      void client;
      while (!done()) {
        if (!this.drain() && !this.fireNext(Infinity)) throw new PawlError('DEADLOCK', 'nothing can wake anything');
      }
    } finally {
      this.blocking = false;
    }
  }
}
