/**
 * The reactor: sleeps in the operating system's event queue, and turns its events into readiness and wake-ups.
 *
 * What must hold:
 * - A registration's token is an index into the slab and a generation. An event that was fetched before its descriptor was closed, and
 *   the number and the slot were used again, carries an old generation and reaches nobody.
 * - A source is deregistered with the operating system first, then closed; its slot is given out again after the current batch.
 * - All events of a batch are recorded before the first waker is woken: a waker may close, register, or poll anything.
 * - A waker that throws takes nobody else's wake-up with it.
 */
import type { Waker } from '../../future/context.ts';
import { EINTR, check, systemError } from '../../sys/errno.ts';
import type { EventSelector } from '../../sys/queue/index.ts';
import { Interest, type Trigger } from '../../sys/queue/interest.ts';
import { ERROR, READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../sys/queue/readiness.ts';
import { Selector } from '../../sys/queue/selector.ts';
import type { Timers } from '../driver.ts';
import { emitWarning } from './platform.ts';
import type { Source } from './source.ts';

/** Events fetched by one wait. What does not fit comes with the next. */
const CAPACITY = 1024;

/** The index in the token of the foreign loop's descriptor. */
const FOREIGN = -1;

const TO_READ = READABLE | READ_CLOSED | ERROR;
const TO_WRITE = WRITABLE | WRITE_CLOSED | ERROR;
const KEPT = READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED;

export class Reactor {
  /** The timers of the driver whose reactor it is. */
  timers: Timers | null = null;
  /** Stored wakers. */
  waiting = 0;
  /** Registered sources. */
  sources = 0;
  /** Set by `poll` when the foreign loop has something to do; whoever looks at it clears it. */
  foreignReady = false;
  /** Called when the first waker is stored. */
  onLive: () => void = () => {};
  /** Called when no waker is stored any more. */
  onQuiet: () => void = () => {};
  readonly #selector: EventSelector;
  readonly #slots: (Source | null)[] = [];
  /** By descriptor, whose registration it is. A source that another has taken the number from was closed by somebody else, and watched no longer. */
  readonly #owners: (Source | null)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  /** Slots given back during the batch. */
  readonly #retired: number[] = [];
  #inBatch = false;
  readonly #woken: Waker[] = [];

  constructor(selector: EventSelector = new Selector(CAPACITY)) {
    this.#selector = selector;
  }

  /** The descriptor of the queue, for a loop that watches ours. */
  get fd(): number {
    return this.#selector.fd;
  }

  /** The registered sources. */
  open(): Source[] {
    return this.#slots.filter((source) => source !== null);
  }

  addWaiting(): void {
    if (this.waiting++ === 0) this.onLive();
  }

  dropWaiting(): void {
    if (--this.waiting === 0) this.onQuiet();
  }

  /** Watches the source's descriptor, edge-triggered, for as long as it is open. Throws the system's error (ENOMEM, ENOSPC). */
  register(source: Source, writable: boolean): void {
    const slot = this.#free.pop() ?? this.#slots.length;
    const generation = this.#generations[slot] ?? 0;
    const interest = writable ? Interest.READABLE | Interest.WRITABLE : Interest.READABLE;
    const result = this.#selector.add(source.fd, slot, generation, interest, 'edge');
    if (result < 0) {
      this.#generations[slot] = generation;
      this.#slots[slot] = null;
      this.#free.push(slot);
      throw systemError(result, 'epoll_ctl');
    }
    this.#generations[slot] = generation;
    this.#slots[slot] = source;
    source.slot = slot;
    source.generation = generation;
    this.sources++;
    const stale = this.#owners[source.fd];
    this.#owners[source.fd] = source;
    stale?.lose();
  }

  /** Stops watching the source, whose descriptor is still open. Harmless when it is not registered. */
  deregister(source: Source): void {
    const { slot } = source;
    if (slot < 0) return;
    if (this.#owners[source.fd] === source) {
      this.#owners[source.fd] = null;
      // Not left to close: a duplicate of the description, in a child process, would keep the registration and its events.
      this.#selector.remove(source.fd);
    }
    source.slot = -1;
    this.#slots[slot] = null;
    this.#generations[slot] = (source.generation + 1) | 0;
    this.sources--;
    if (this.#inBatch) this.#retired.push(slot);
    else this.#free.push(slot);
  }

  /** Nests a foreign loop's queue in ours; `poll` then reports it through `foreignReady`. */
  nest(fd: number): void {
    check(this.#selector.add(fd, FOREIGN, 0, Interest.READABLE, 'level'), 'epoll_ctl');
  }

  /** `level`: each poll reports the foreign loop until it has done its work. `edge`: only what is new to it. */
  retrigger(fd: number, trigger: Trigger): void {
    check(this.#selector.modify(fd, FOREIGN, 0, Interest.READABLE, trigger), 'epoll_ctl');
  }

  /** Waits at most so many milliseconds (-1: for ever, 0: not at all), records what has come, wakes, and returns the number of events. */
  poll(timeout: number): number {
    const count = this.#selector.waitRaw(timeout);
    if (count <= 0) {
      // A signal: the caller looks at its deadlines again.
      if (count === 0 || count === -EINTR) return 0;
      throw systemError(count, 'epoll_wait');
    }
    const selector = this.#selector;
    const woken = this.#woken;
    this.#inBatch = true;
    for (let i = 0; i < count; i++) {
      const index = selector.tokenLow(i);
      if (index === FOREIGN) {
        this.foreignReady = true;
        continue;
      }
      const source = this.#slots[index];
      if (source === null || source === undefined || source.generation !== selector.tokenHigh(i)) continue;
      const flags = selector.flags(i);
      source.state |= flags & KEPT;
      if ((flags & TO_READ) !== 0) {
        source.state |= READABLE;
        source.readGeneration++;
        const waker = source.takeReader();
        if (waker !== null) woken.push(waker);
      }
      if ((flags & TO_WRITE) !== 0) {
        source.state |= WRITABLE;
        source.writeGeneration++;
        const waker = source.takeWriter();
        if (waker !== null) woken.push(waker);
      }
    }
    this.#wake(woken);
    this.#inBatch = false;
    const retired = this.#retired;
    while (retired.length > 0) this.#free.push(retired.pop()!);
    return count;
  }

  #wake(woken: Waker[]): void {
    for (let i = 0; i < woken.length; i++) {
      try {
        woken[i]!.wake();
      } catch (error) {
        emitWarning(error instanceof Error ? error : new Error(`a waker threw ${String(error)}`));
      }
    }
    woken.length = 0;
  }
}
