/**
 * `pawl/queue`: the operating system's event queue, in the shape of mio's `Poll`, `Registry`, `Token`, `Interest` and `Events`.
 *
 * ## What a back end exports
 *
 * A back end (epoll now; kqueue, IOCP, io_uring can follow) is one file here, named by its mechanism, plus one for its way of being woken.
 * `selector.ts` chooses; nothing else asks which one it is. It exports
 *
 * - a class that implements {@link EventSelector}, with a constructor that takes the capacity of its event buffer, and
 * - a {@link WakeUp}: how another thread makes it return.
 *
 * What every one of them must keep:
 *
 * 1. Two 32-bit halves of a token come back with each event, unchanged. A selector knows no other state of a registration.
 * 2. `edge` reports a condition again when it arises again (more bytes on a readable socket are a new event), and at the latest when the
 *    descriptor has been drained to EAGAIN; `level` while it lasts; `oneshot` once until `modify`.
 * 3. `add` and `modify` report a condition that holds already.
 * 4. After `remove` has returned, no later wait returns an event of that registration.
 * 5. Errors and hang-ups are reported whatever the interest. Closed bits are never false: their receivers do not take them back.
 * 6. No call throws but the constructor: results are counts, 0 or -errno, and -EINTR is passed on. `waitRaw` takes -1 (for ever) or an int32
 *    of milliseconds; a caller rounds, clamps and recomputes.
 * 7. `waitRaw` allocates nothing, and neither do the accessors of its events. They stay valid until the next `waitRaw`.
 * 8. Memory that the kernel reads or writes is the arena's. Descriptors are CLOEXEC and listed.
 */
import type { Trigger } from './interest.ts';

/** A back end. The reactor uses it as it is; {@link EventQueue} wraps it for the public. */
export interface EventSelector {
  /** The queue's own descriptor (or handle): readable while events are pending, so that it can be nested in another loop. */
  readonly fd: number;
  /** The most events of one wait. */
  readonly capacity: number;
  /** Watches a descriptor. 0 or -errno. */
  add(fd: number, low: number, high: number, interest: number, trigger: Trigger): number;
  /** Replaces a registration. 0 or -errno. */
  modify(fd: number, low: number, high: number, interest: number, trigger: Trigger): number;
  /** Ends a registration. 0 or -errno. */
  remove(fd: number): number;
  /** The number of events, at most `limit` (default: the capacity), or -errno. */
  waitRaw(timeoutMs: number, limit?: number): number;
  /** The token's halves, as int32. */
  tokenLow(i: number): number;
  tokenHigh(i: number): number;
  /** The bits of `readiness.ts`. */
  flags(i: number): number;
  close(): void;
}

/** How another thread makes a selector's wait return. */
export interface WakeUp {
  /** A new source's descriptor, to be added with READABLE and `edge`. */
  open(): number;
  /** Makes an event. Callable from every thread of the process. */
  signal(fd: number): void;
  close(fd: number): void;
}

export { EventQueue, type EventQueueOptions } from './event-queue.ts';
export { Events, QueueEvent } from './events.ts';
export { Interest, type Trigger } from './interest.ts';
export { Waker, type WakerHandle, type WakerOwner } from './waker.ts';
export { PairedSocket, socketPair } from './socket-pair.ts';
