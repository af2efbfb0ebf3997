/**
 * The timer wheel: six wheels of 64 slots over ticks of 1 ms. The lowest holds the next 64 ms, each further one 64 times more.
 *
 * What must hold:
 * - An entry's tick is its deadline rounded up, so that it never fires early; a deadline in the past fires at the next `advance`.
 * - Entries fire in the order of their ticks, and in the order of their insertion within a tick.
 * - The wheel a tick belongs to is the highest base-64 digit in which it differs from `elapsed`. So an occupied slot always lies
 *   ahead of the wheel's hand, and the lowest occupied wheel holds the earliest entry: the next expiry is one bit scan away.
 * - `advance` first collects all that is due and then fires it: an entry inserted by `onTimer` waits for the next `advance`,
 *   and one cancelled by `onTimer` does not fire even if it was due in the same batch.
 *
 * Nothing is allocated by an insert: the entry is the list node. Insert and cancel together cost about a twentieth of
 * `setTimeout` and `clearTimeout` (bench/kernel).
 */
import type { TimerEntry, Timers } from './driver.ts';

const SLOTS = 384;
/** Entries more than 64^6 ms (over two years) ahead, by the digits of their tick: sorted in when the sixth wheel is through. */
const FAR = 384;
/** Entries that are due and about to fire. */
const DUE = 385;

/** Bits of a tick that the lower five wheels cover. Bit operations see 32 bits only, so the rest of a tick is split off. */
const LOW_BITS = 0x3fffffff;
const LOW_SPAN = 0x40000000;

/** The wheel of the highest bit in which two ticks differ: `31 - clz32(x)` to bits / 6, with 0 for no difference. */
const wheelOfClz = Uint8Array.from({ length: 33 }, (_, clz) => (clz === 32 ? 0 : Math.floor((31 - clz) / 6)));

/** See the head of this file. */
export class TimerWheel implements Timers {
  /** `insert` calls `onEarlier` for a tick before this one: how a sleeping driver learns that it must sleep less. */
  alarm = -1;
  onEarlier: (tick: number) => void = () => {};
  /** Called by the `cancel` of the last entry. */
  onEmpty: () => void = () => {};
  #size = 0;
  /** All ticks up to and including this one have been looked at. */
  #elapsed: number;
  /** `#elapsed` above the lower five wheels: digits of the sixth wheel and beyond. */
  #high: number;
  /** The head of each slot's circular list; its `timerPrev` is the tail. */
  readonly #heads: (TimerEntry | null)[] = Array.from({ length: DUE + 1 }, () => null);
  /** One bit a slot, two words a wheel. */
  readonly #occupied = new Int32Array(SLOTS / 32);

  /** `now` on the clock of the deadlines. */
  constructor(now = 0) {
    this.#elapsed = Math.floor(now);
    this.#high = Math.floor(this.#elapsed / LOW_SPAN);
  }

  get size(): number {
    return this.#size;
  }

  /** The live entries, in no particular order. For tests and dumps: it looks at every slot. */
  *[Symbol.iterator](): IterableIterator<TimerEntry> {
    for (const head of this.#heads) {
      if (head === null) continue;
      let entry = head;
      do {
        const next = entry.timerNext!;
        yield entry;
        entry = next;
      } while (entry !== head);
    }
  }

  insert(entry: TimerEntry, deadline: number): void {
    const rounded = Math.ceil(deadline);
    // Also for NaN: an entry that never fires would be harder to find than one that fires at once.
    const tick = rounded > this.#elapsed ? rounded : this.#elapsed;
    entry.timerTick = tick;
    this.#size++;
    this.#place(entry, tick);
    if (tick < this.alarm) this.onEarlier(tick);
  }

  cancel(entry: TimerEntry): void {
    if (entry.timerSlot < 0) return;
    this.#unlink(entry);
    if (--this.#size === 0) this.onEmpty();
  }

  /**
   * No entry is due before this tick; at this tick `advance` has something to do: to fire, or to sort a slot of a higher wheel
   * into the lower ones. `Infinity` when there are no entries.
   */
  next(): number {
    if (this.#size === 0) return Infinity;
    if (this.#heads[DUE] !== null) return this.#elapsed;
    const slot = this.#firstSlot();
    return slot === FAR ? (Math.floor(this.#high / 64) + 1) * 64 * LOW_SPAN : this.#startOf(slot);
  }

  /** Fires all entries due at `now` and returns how many it fired. */
  advance(now: number): number {
    const target = Math.max(Math.floor(now), this.#elapsed);
    if (this.#size > 0) {
      for (;;) {
        const slot = this.#firstSlot();
        if (slot < 0) break;
        const start = slot === FAR ? (Math.floor(this.#high / 64) + 1) * 64 * LOW_SPAN : this.#startOf(slot);
        if (start > target) break;
        this.#moveHand(start);
        this.#empty(slot);
      }
    }
    this.#moveHand(target);
    return this.#fire();
  }

  #moveHand(tick: number): void {
    this.#elapsed = tick;
    this.#high = Math.floor(tick / LOW_SPAN);
  }

  #place(entry: TimerEntry, tick: number): void {
    const high = tick < LOW_SPAN ? 0 : Math.floor(tick / LOW_SPAN);
    let slot: number;
    if (high === this.#high) {
      // ToInt32 keeps the low 32 bits of any integer below 2^53.
      const wheel = wheelOfClz[Math.clz32((tick ^ this.#elapsed) & LOW_BITS)]!;
      slot = (wheel << 6) | (((tick & LOW_BITS) >>> (wheel * 6)) & 63);
    } else if (Math.floor(high / 64) === Math.floor(this.#high / 64)) {
      slot = (5 << 6) | (high & 63);
    } else {
      slot = FAR;
    }
    this.#append(entry, slot);
    if (slot < SLOTS) this.#occupied[slot >>> 5]! |= 1 << (slot & 31);
  }

  #append(entry: TimerEntry, slot: number): void {
    entry.timerSlot = slot;
    const head = this.#heads[slot]!;
    if (head === null) {
      entry.timerNext = entry;
      entry.timerPrev = entry;
      this.#heads[slot] = entry;
    } else {
      const tail = head.timerPrev!;
      entry.timerNext = head;
      entry.timerPrev = tail;
      tail.timerNext = entry;
      head.timerPrev = entry;
    }
  }

  #unlink(entry: TimerEntry): void {
    const slot = entry.timerSlot;
    const next = entry.timerNext!;
    if (next === entry) {
      this.#heads[slot] = null;
      if (slot < SLOTS) this.#occupied[slot >>> 5]! &= ~(1 << (slot & 31));
    } else {
      const prev = entry.timerPrev!;
      prev.timerNext = next;
      next.timerPrev = prev;
      if (this.#heads[slot] === entry) this.#heads[slot] = next;
    }
    entry.timerSlot = -1;
    entry.timerNext = null;
    entry.timerPrev = null;
  }

  /** The slot that comes up first, FAR when only that one is occupied, -1 when none is. */
  #firstSlot(): number {
    const occupied = this.#occupied;
    for (let word = 0; word < occupied.length; word++) {
      const bits = occupied[word]!;
      // `x & -x` leaves the lowest bit.
      if (bits !== 0) return (word << 5) | (31 - Math.clz32(bits & -bits));
    }
    return this.#heads[FAR] === null ? -1 : FAR;
  }

  /** The first tick of a slot of the six wheels. */
  #startOf(slot: number): number {
    const wheel = slot >>> 6;
    const digit = slot & 63;
    if (wheel === 5) return (Math.floor(this.#high / 64) * 64 + digit) * LOW_SPAN;
    const low = this.#elapsed & LOW_BITS;
    const above = low & ~((1 << ((wheel + 1) * 6)) - 1);
    return this.#high * LOW_SPAN + above + digit * (1 << (wheel * 6));
  }

  /** Moves the entries of a slot whose time has come: those of the lowest wheel are due, others go to lower wheels. */
  #empty(slot: number): void {
    const head = this.#heads[slot]!;
    if (head === null) return;
    this.#heads[slot] = null;
    if (slot < SLOTS) this.#occupied[slot >>> 5]! &= ~(1 << (slot & 31));
    const due = slot < 64;
    let entry = head;
    do {
      const next = entry.timerNext!;
      if (due) this.#append(entry, DUE);
      else this.#place(entry, entry.timerTick);
      entry = next;
    } while (entry !== head);
  }

  #fire(): number {
    let fired = 0;
    for (let entry = this.#heads[DUE]!; entry !== null; entry = this.#heads[DUE]!) {
      this.#unlink(entry);
      this.#size--;
      fired++;
      entry.onTimer();
    }
    return fired;
  }
}
