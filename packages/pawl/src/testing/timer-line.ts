/**
 * TimerLine: timers in the order in which they will fire, for drivers whose clock is moved by hand.
 *
 * What must hold: a deadline is rounded up to a whole millisecond that lies ahead, as on the wheel of the native driver. Timers that are due
 * at the same time fire in the order of their insertion. One that is `unref` waits in the same line and is only counted apart.
 */
import type { TimerEntry, Timers } from '../driver/driver.ts';

/** See `TimerLine.background`. */
class Unreferenced implements Timers {
  private readonly line: TimerLine;

  constructor(line: TimerLine) {
    this.line = line;
  }

  get size(): number {
    return this.line.unreferenced.size;
  }

  insert(entry: TimerEntry, deadline: number): void {
    this.line.insert(entry, deadline);
    this.line.refer(entry, false);
  }

  cancel(entry: TimerEntry): void {
    this.line.cancel(entry);
  }
}

export class TimerLine implements Timers {
  /** Sorted by `timerTick`. */
  private entries: TimerEntry[] = [];
  readonly unreferenced: Set<TimerEntry> = new Set<TimerEntry>();
  private readonly now: () => number;
  /** The same line for timers that nobody waits for. */
  readonly background: Timers;

  /** `now` reads the clock of the deadlines. */
  constructor(now: () => number) {
    this.now = now;
    this.background = new Unreferenced(this);
  }

  get size(): number {
    return this.entries.length;
  }

  /** Those that somebody waits for. */
  get referenced(): number {
    return this.entries.length - this.unreferenced.size;
  }

  get firstIsReferenced(): boolean {
    const [first] = this.entries;
    return first !== undefined && !this.unreferenced.has(first);
  }

  /** When the first one is due; Infinity when there is none. */
  get next(): number {
    return this.entries[0]?.timerTick ?? Infinity;
  }

  insert(entry: TimerEntry, deadline: number): void {
    const tick = Math.max(Math.ceil(deadline), Math.floor(this.now()) + 1);
    entry.timerTick = tick;
    entry.timerSlot = 0;
    this.entries.splice(this.place(tick + 1), 0, entry);
  }

  cancel(entry: TimerEntry): void {
    if (entry.timerSlot < 0) return;
    const at = this.entries.indexOf(entry, this.place(entry.timerTick));
    if (at >= 0) this.remove(at);
  }

  /** Says whether somebody waits for an entry that is in the line. */
  refer(entry: TimerEntry, on: boolean): void {
    if (on) this.unreferenced.delete(entry);
    else if (entry.timerSlot >= 0) this.unreferenced.add(entry);
  }

  /** Takes out the first one. */
  shift(): TimerEntry | undefined {
    return this.entries.length === 0 ? undefined : this.remove(0);
  }

  [Symbol.iterator](): IterableIterator<TimerEntry> {
    return this.entries.values();
  }

  private remove(at: number): TimerEntry {
    const [entry] = this.entries.splice(at, 1) as [TimerEntry];
    this.unreferenced.delete(entry);
    entry.timerSlot = -1;
    return entry;
  }

  /** The first place whose entry is due at `tick` or later. */
  private place(tick: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle] as TimerEntry).timerTick < tick) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
