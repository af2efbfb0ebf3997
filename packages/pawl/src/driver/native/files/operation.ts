/**
 * PoolOperation: one call of Node's file functions, which libuv makes on a thread of its pool.
 *
 * What must hold: it begins at its first poll. Inside `block`, where no callback of Node's can come, it makes the call on this thread, which
 * waits in any case. Once begun it owns the memory that it was given until the callback: a cancellation waits for that, and what has
 * been opened for nobody is closed.
 */
import { PawlError } from '../../../error/index.ts';
import type { Context, Waker } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { systemError } from '../../../sys/errno.ts';
import { driverOf, type Timers } from '../../driver.ts';
import type { Operation } from '../../files.ts';

/** What the operations of a driver share. */
export interface Pool {
  readonly timers: Timers;
  readonly blocking: boolean;
  /** Operations under way. */
  pending: number;
  /** Files, directories and mappings that are open. */
  readonly opened: Set<Open>;
}

/** Something open. */
export interface Open {
  /** A few words, for people. */
  readonly what: string;
}

/** What an operation is about: an open file, which must not be closed under it. */
export interface Subject {
  /** Throws CLOSED. */
  enter(): void;
  leave(): void;
}

export type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

export interface Call<T> {
  /** Starts it on a thread of the pool. */
  start(done: Callback<T>): void;
  /** Does it here and now. */
  now(): T;
  /** Takes back what was opened. */
  undo?(value: T): void;
  readonly subject?: Subject;
  /** For errors of calls that know only a descriptor. */
  readonly path?: string;
}

const NEW = 0;
const RUNNING = 1;
const FULFILLED = 2;
const REJECTED = 3;
const DONE = 4;

export class PoolOperation<T> implements Operation<T> {
  readonly #pool: Pool;
  readonly #call: Call<T>;
  #state = NEW;
  #outcome: unknown = undefined;
  #waker: Waker | null = null;
  #cancelled = false;

  constructor(pool: Pool, call: Call<T>) {
    this.#pool = pool;
    this.#call = call;
  }

  poll(cx: Context): Poll<T> {
    const pool = this.#pool;
    const driver = driverOf(cx);
    // What has timers of its own says what lies beneath it.
    if (driver.timers !== pool.timers && driver.beneath?.timers !== pool.timers) {
      throw new PawlError('WRONG_RUNTIME', 'a file was used under another driver than the one that opened it');
    }
    switch (this.#state) {
      case NEW:
        this.#call.subject?.enter();
        return pool.blocking ? this.#doNow() : this.#start(cx);
      case RUNNING:
        if (pool.blocking) throw this.#blocked();
        return this.#wait(cx);
      case FULFILLED:
        this.#state = DONE;
        return this.#outcome as T;
      case REJECTED:
        this.#state = DONE;
        throw this.#outcome;
      default:
        throw new PawlError('ALREADY_COMPLETED', 'an operation on a file was polled after it had completed');
    }
  }

  cancel(cx: Context): Poll<void> {
    const state = this.#state;
    if (state === RUNNING) {
      this.#cancelled = true;
      // Whatever it opens is closed when it comes: nobody can wait for it in here.
      return this.#pool.blocking ? undefined : this.#wait(cx);
    }
    if (state === FULFILLED && !this.#cancelled) this.#call.undo?.(this.#outcome as T);
    this.#state = DONE;
    this.#outcome = undefined;
    return undefined;
  }

  #doNow(): T {
    this.#state = DONE;
    try {
      return this.#call.now();
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#call.subject?.leave();
    }
  }

  #start(cx: Context): Poll<T> {
    const call = this.#call;
    this.#state = RUNNING;
    this.#pool.pending++;
    try {
      call.start((error, value) => this.#finish(error, value));
    } catch (error) {
      // An argument that Node refuses: nothing has begun.
      this.#state = DONE;
      this.#pool.pending--;
      call.subject?.leave();
      throw this.#failure(error);
    }
    return this.#wait(cx);
  }

  #wait(cx: Context): typeof PENDING {
    const old = this.#waker;
    this.#waker = cx.waker;
    if (old !== null && old !== cx.waker) old.wake();
    return PENDING;
  }

  #finish(error: NodeJS.ErrnoException | null, value: T): void {
    const call = this.#call;
    this.#pool.pending--;
    call.subject?.leave();
    // Node gives undefined instead of null here and there.
    if (error !== null && error !== undefined) {
      this.#state = REJECTED;
      this.#outcome = this.#failure(error);
    } else {
      this.#state = FULFILLED;
      if (this.#cancelled) call.undo?.(value);
      else this.#outcome = value;
    }
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
  }

  /** The system's error as ours; what is not one (Node's permission model refuses) as it is. */
  #failure(error: unknown): unknown {
    const {
      errno,
      syscall,
      path = this.#call.path,
      dest,
    } = error as NodeJS.ErrnoException & { readonly dest?: string };
    if (errno === undefined || syscall === undefined) return error;
    return systemError(errno, syscall, {
      ...(path === undefined ? {} : { path }),
      ...(dest === undefined ? {} : { dest }),
    });
  }

  /** Nobody will ask again: what it opens is closed when it comes. */
  #blocked(): PawlError {
    this.#cancelled = true;
    return new PawlError(
      'BLOCKING_NODE',
      "an operation on a file was begun outside blockOn, which keeps Node's event loop from running and ending it",
    );
  }
}
