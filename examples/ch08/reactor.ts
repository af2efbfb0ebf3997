/**
 * The reactor: knows the operating system's events and whose waker each of them calls. It knows no task.
 *
 * What must hold: a waker is called once for each registration that has fired.
 *
 * The library's is `packages/pawl/src/driver/native/reactor.ts`, with one registration for a socket's whole life.
 */
import { EventQueue, Events, Interest } from 'pawl/queue';
import type { Waker } from './waker.ts';

// #region reactor
export class Reactor implements Disposable {
  readonly #queue = new EventQueue();
  readonly #events = new Events(64);
  readonly #wakers = new Map<number, Waker>();

  /** Calls `waker` once when `fd` can be read. */
  whenReadable(fd: number, waker: Waker): void {
    if (this.#wakers.has(fd)) this.#queue.reregister(fd, fd, Interest.READABLE, 'oneshot');
    else this.#queue.register(fd, fd, Interest.READABLE, 'oneshot');
    this.#wakers.set(fd, waker);
  }

  /** Before `fd` is closed. */
  forget(fd: number): void {
    if (this.#wakers.delete(fd)) this.#queue.deregister(fd);
  }

  /** Sleeps until something has happened, and calls the wakers of all that has. */
  wait(): void {
    this.#queue.wait(this.#events);
    for (const { token } of this.#events) this.#wakers.get(token)?.wake();
  }

  [Symbol.dispose](): void {
    this.#queue.close();
  }
}
// #endregion
