/**
 * Source: a descriptor registered with the event queue, with what is known about its readiness. Handles extend it, so that a
 * connection is one object.
 *
 * What must hold:
 * - Readiness is a cache of the queue's edges: set by an event, cleared only by a call that found nothing more to do, and only if no event
 *   has come since (the generation read before the call is still the current one). Each direction counts for itself, in a whole
 *   number: counters that were packed or shared have hung or livelocked others (tokio#6133, #8331, #8054).
 * - What HUP, RDHUP and ERR close stays closed: no further edge will tell of it.
 * - A stored waker is woken at once if another replaces it, and when the source is closed.
 */
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { READABLE, WRITABLE } from '../../sys/queue/readiness.ts';
import { close } from '../../sys/socket.ts';
import { driverOf } from '../driver.ts';
import type { Reactor } from './reactor.ts';

/** A bit of `state` above those of the readiness: the stored reader does not keep the process alive. */
const UNREF_READER = 512;

export abstract class Source {
  /** -1 once closed. */
  fd: number;
  /** Index and generation in the reactor's slab: what its events carry. */
  slot = -1;
  generation = 0;
  /** Bits of sys/queue/readiness.ts, and of the handle's own above them. */
  state: number;
  readGeneration = 0;
  writeGeneration = 0;
  readWaker: Waker | null = null;
  writeWaker: Waker | null = null;
  readonly reactor: Reactor;

  constructor(reactor: Reactor, fd: number, state: number) {
    this.reactor = reactor;
    this.fd = fd;
    this.state = state;
  }

  get closed(): boolean {
    return this.fd < 0;
  }

  /** A few words, for people. */
  abstract get what(): string;

  /**
   * Throws WRONG_RUNTIME when another driver polls than the one whose events wake us: it might be asleep then, for ever. What wraps a driver
   * shares its timers, so they tell whose loop it is; what has timers of its own says what lies beneath it.
   */
  protected checkDriver(cx: Context): void {
    const driver = driverOf(cx);
    const { timers } = this.reactor;
    if (driver.timers === timers || driver.beneath?.timers === timers) return;
    throw new PawlError('WRONG_RUNTIME', 'a handle was polled under another driver than the one that made it');
  }

  /** Clears the readiness to read, unless an event has come since `generation` was read. */
  clearReadable(generation: number): void {
    if (generation === this.readGeneration) this.state &= ~READABLE;
  }

  clearWritable(generation: number): void {
    if (generation === this.writeGeneration) this.state &= ~WRITABLE;
  }

  storeReader(waker: Waker): void {
    const old = this.readWaker;
    if (old === waker) return;
    this.readWaker = waker;
    if (old === null) this.reactor.addWaiting();
    else {
      if ((this.state & UNREF_READER) !== 0) {
        this.state &= ~UNREF_READER;
        this.reactor.addWaiting();
      }
      old.wake();
    }
  }

  unrefRead(): void {
    if (this.readWaker === null || (this.state & UNREF_READER) !== 0) return;
    this.state |= UNREF_READER;
    this.reactor.dropWaiting();
  }

  storeWriter(waker: Waker): void {
    const old = this.writeWaker;
    if (old === waker) return;
    this.writeWaker = waker;
    if (old === null) this.reactor.addWaiting();
    else old.wake();
  }

  /** Takes the stored waker out, to be woken or dropped. */
  takeReader(): Waker | null {
    const waker = this.readWaker;
    if (waker !== null) {
      this.readWaker = null;
      if ((this.state & UNREF_READER) === 0) this.reactor.dropWaiting();
      else this.state &= ~UNREF_READER;
    }
    return waker;
  }

  takeWriter(): Waker | null {
    const waker = this.writeWaker;
    if (waker !== null) {
      this.writeWaker = null;
      this.reactor.dropWaiting();
    }
    return waker;
  }

  /** Idempotent: deregisters, closes the descriptor, and wakes whoever waits, so that its next poll finds the source closed. */
  close(): void {
    const { fd } = this;
    if (fd < 0) return;
    this.reactor.deregister(this);
    this.fd = -1;
    this.closeDescriptor(fd);
    this.takeReader()?.wake();
    this.takeWriter()?.wake();
  }

  /** Somebody else has closed its descriptor, whose number is another's now: as {@link close}, but that stays open. */
  lose(): void {
    this.reactor.deregister(this);
    this.fd = -1;
    this.takeReader()?.wake();
    this.takeWriter()?.wake();
  }

  /** How the descriptor is given back, once it is deregistered. */
  protected closeDescriptor(fd: number): void {
    close(fd);
  }
}
