/**
 * A child process over the reactor: its pidfd becomes readable when it has ended.
 *
 * What must hold: it is reaped right then (unless it is held), by this object, whether or not anybody waits; so it stays registered until then, and
 * keeps the process alive only while a task waits. While our loop rests and only Node's runs, SIGCHLD tells of it.
 */
import { isMainThread } from 'node:worker_threads';
import type { Context, Waker } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { errnoNumber, systemError } from '../../../sys/errno.ts';
import * as sys from '../../../sys/child.ts';
import type { ChildExit, ChildHandle } from '../../process.ts';
import type { Reactor } from '../reactor.ts';
import { Source } from '../source.ts';

const SIGKILL = 9;
const ESRCH = errnoNumber('ESRCH')!;

/** The children of this thread that have not been reaped. */
export const running: Set<NativeChild> = new Set();

const look = (): void => {
  for (const child of running) child.look();
};

export class NativeChild extends Source implements ChildHandle {
  readonly pid: number;
  readonly what: string;
  #exit: ChildExit | null = null;
  readonly #leads: boolean;
  readonly #waiters: Map<object, Waker> = new Map();
  #sweeps = false;
  #held = false;
  /** Somebody else has reaped it: how it has ended, nobody knows. */
  #lost: unknown = null;

  constructor(reactor: Reactor, pid: number, program: string, leads: boolean) {
    super(reactor, sys.openPidfd(pid), 0);
    this.pid = pid;
    this.what = `process ${pid} (${program})`;
    this.#leads = leads;
    try {
      reactor.register(this, false);
    } catch (error) {
      super.close();
      throw error;
    }
    this.#listen();
    if (running.size === 0 && isMainThread) process.on('SIGCHLD', look);
    running.add(this);
  }

  /** The reader of the pidfd is this object itself. */
  readonly #onEnd: Waker = { wake: () => this.look() };

  #listen(): void {
    this.storeReader(this.#onEnd);
    this.unrefRead();
  }

  /** Reaps it if it has ended. */
  look(): void {
    if (!this.running) return;
    try {
      // Before its number can be another group's.
      if (this.#sweeps && sys.hasEnded(this.pid)) sys.sendSignal(-this.pid, SIGKILL);
      if (!this.#held) this.#exit = sys.reap(this.pid);
    } catch (error) {
      this.#lost = error;
    }
    if (this.#exit === null && this.#lost === null) {
      this.#listen();
      return;
    }
    running.delete(this);
    if (running.size === 0) process.off('SIGCHLD', look);
    this.takeReader();
    this.close();
    const waiters = [...this.#waiters];
    for (const [waiter] of waiters) this.forget(waiter);
    for (const [, waker] of waiters) waker.wake();
  }

  get running(): boolean {
    return this.fd >= 0;
  }

  pollExit(cx: Context, waiter: object): Poll<ChildExit> {
    this.checkDriver(cx);
    if (this.#lost !== null) throw this.#lost;
    if (this.#exit !== null) return this.#exit;
    if (!this.#waiters.has(waiter)) this.reactor.addWaiting();
    this.#waiters.set(waiter, cx.waker);
    return PENDING;
  }

  forget(waiter: object): void {
    if (this.#waiters.delete(waiter)) this.reactor.dropWaiting();
  }

  kill(signal: number): boolean {
    if (!this.running) return false;
    const result = sys.sendSignal(this.#leads ? -this.pid : this.pid, signal);
    if (result === -ESRCH) return false;
    if (result < 0) throw systemError(result, 'kill');
    return true;
  }

  sweep(): void {
    this.#sweeps = this.#leads;
  }

  hold(held: boolean): void {
    this.#held = held && this.#leads;
    if (!held) this.look();
  }
}

/** A child of a thread that has ended, which nobody else would reap. Where no descriptor is left for it, nobody does before this process ends. */
export function adoptChild(reactor: Reactor, pid: number): void {
  try {
    // It may have ended long ago.
    new NativeChild(reactor, pid, 'of a thread that has ended', false).look();
  } catch {
    // There is nobody to tell: whoever has started it is gone.
  }
}
