/**
 * Signals, through Node's own listeners.
 *
 * What must hold: several handles of one signal share one listener of the process; the last one's close takes it away, and the signal does again
 * what it did before. Node, and whoever else listens there, is not disturbed. A stored waker keeps the process alive; the listener does not.
 *
 * Not signalfd: a signal that is to come there must be blocked on every thread of the process, those of V8 and libuv among them, and nobody else's
 * listener would hear of it. libuv's handler writes to a pipe in its own loop, which our queue watches. Inside `block` that loop stands still: to
 * wait for a signal there fails.
 */
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { PawlError } from '../../../error/index.ts';
import type { Context, Waker } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { ignoreSignal } from '../../../sys/signal.ts';
import { driverOf } from '../../driver.ts';
import type { SignalHandle } from '../../process.ts';
import type { Reactor } from '../reactor.ts';

/** The open handles of this thread, by signal. */
const listening: Map<string, Set<NativeSignal>> = new Map();

const tell = (name: string): void => {
  for (const handle of listening.get(name) ?? []) handle.came();
};

export function* openSignals(): Iterable<NativeSignal> {
  for (const handles of listening.values()) yield* handles;
}

export function signalCount(): number {
  let count = 0;
  for (const handles of listening.values()) count += handles.size;
  return count;
}

export class NativeSignal implements SignalHandle {
  readonly name: string;
  readonly #reactor: Reactor;
  readonly #isBlocking: () => boolean;
  #pending = false;
  #closed = false;
  #waker: Waker | null = null;

  constructor(reactor: Reactor, name: string, isBlocking: () => boolean) {
    if (!isMainThread)
      throw new PawlError('UNSUPPORTED_PLATFORM', `signals reach the main thread only: ${name} cannot be listened to`);
    this.#reactor = reactor;
    this.#isBlocking = isBlocking;
    this.name = name;
    let handles = listening.get(name);
    if (handles === undefined) {
      handles = new Set();
      process.on(name, tell);
      listening.set(name, handles);
    }
    handles.add(this);
  }

  get what(): string {
    return `signal ${this.name}`;
  }

  get closed(): boolean {
    return this.#closed;
  }

  came(): void {
    this.#pending = true;
    this.#take()?.wake();
  }

  pollSignal(cx: Context): Poll<void> {
    const driver = driverOf(cx);
    const { timers } = this.#reactor;
    if (driver.timers !== timers && driver.beneath?.timers !== timers)
      throw new PawlError('WRONG_RUNTIME', 'a handle was polled under another driver than the one that made it');
    if (this.#closed) throw new PawlError('CLOSED', `${this.name} is not listened to any more`);
    if (this.#pending) {
      this.#pending = false;
      return undefined;
    }
    if (this.#isBlocking())
      throw new PawlError('BLOCKING_NODE', `${this.name} comes through Node's loop, which blockOn keeps from running`);
    const old = this.#waker;
    this.#waker = cx.waker;
    if (old === null) this.#reactor.addWaiting();
    else if (old !== cx.waker) old.wake();
    return PENDING;
  }

  forget(): void {
    this.#take();
  }

  #take(): Waker | null {
    const waker = this.#waker;
    if (waker !== null) {
      this.#waker = null;
      this.#reactor.dropWaiting();
    }
    return waker;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { name } = this;
    const handles = listening.get(name);
    handles?.delete(this);
    if (handles?.size === 0) {
      listening.delete(name);
      process.off(name, tell);
      // Node ignores it from its start, and libuv does not know that.
      if (name === 'SIGPIPE' && process.listenerCount(name) === 0) ignoreSignal(constants.signals.SIGPIPE);
    }
    this.#take()?.wake();
  }
}
