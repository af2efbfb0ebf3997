/**
 * Events: what a wait has brought, copied out of the kernel's buffer.
 *
 * What must hold: it is overwritten by the next wait that is given it, and by nothing else.
 */
import { PawlError } from '../../error/index.ts';
import { ERROR, PRIORITY, READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from './readiness.ts';

/** One event: the token that its descriptor was registered with, and what it is ready for. Readiness is a hint: the call may still say EAGAIN. */
export class QueueEvent {
  readonly token: number;
  /** All of the below as bits. */
  readonly flags: number;

  constructor(token: number, flags: number) {
    this.token = token;
    this.flags = flags;
  }

  /** A read will not block: there are bytes, a connection, an error, or the end of the stream. */
  get readable(): boolean {
    return (this.flags & READABLE) !== 0;
  }
  /** A write will not block. */
  get writable(): boolean {
    return (this.flags & WRITABLE) !== 0;
  }
  /** Out-of-band data. */
  get priority(): boolean {
    return (this.flags & PRIORITY) !== 0;
  }
  /** The descriptor has a pending error (`SO_ERROR`). */
  get error(): boolean {
    return (this.flags & ERROR) !== 0;
  }
  /** The peer has finished writing, or the connection is gone: after the bytes that are buffered comes the end. Final. */
  get readClosed(): boolean {
    return (this.flags & READ_CLOSED) !== 0;
  }
  /** Every further write fails. Final. */
  get writeClosed(): boolean {
    return (this.flags & WRITE_CLOSED) !== 0;
  }
}

/**
 * A container for the events of a wait, made once and reused. Iterating it makes an object for each event; `token(i)` and `flags(i)`
 * make none.
 *
 * @example
 * ```ts
 * import { EventQueue, Events } from 'pawl/queue';
 * using queue = new EventQueue();
 * queue.waker(1).wake();
 * const events = new Events(64);
 * queue.wait(events);
 * for (const event of events) console.log(event.token, event.readable); // 1 true
 * ```
 */
export class Events implements Iterable<QueueEvent> {
  /** The most that one wait brings; what is over stays in the queue for the next. */
  readonly capacity: number;
  readonly #tokens: Float64Array;
  readonly #flags: Uint8Array;
  #length = 0;

  /** Throws BAD_ARGUMENT unless `capacity` is an integer from 1 to 65536. */
  constructor(capacity: number = 1024) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > 65_536) {
      throw new PawlError('BAD_ARGUMENT', `capacity must be an integer from 1 to 65536, got ${capacity}`);
    }
    this.capacity = capacity;
    this.#tokens = new Float64Array(capacity);
    this.#flags = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The token of event `i`; `i` must be below `length`. */
  token(i: number): number {
    return this.#tokens[this.#checked(i)] as number;
  }

  /** The readiness bits of event `i`; see {@link QueueEvent}. */
  flags(i: number): number {
    return this.#flags[this.#checked(i)] as number;
  }

  *[Symbol.iterator](): Iterator<QueueEvent> {
    for (let i = 0; i < this.#length; i++) yield new QueueEvent(this.token(i), this.flags(i));
  }

  /** @internal For the queue. */
  clear(): void {
    this.#length = 0;
  }

  /** @internal For the queue, which brings no more than `capacity`. */
  push(token: number, flags: number): void {
    this.#tokens[this.#length] = token;
    this.#flags[this.#length] = flags;
    this.#length += 1;
  }

  #checked(i: number): number {
    if (i >= 0 && i < this.#length) return i;
    throw new PawlError('BAD_ARGUMENT', `there are ${this.#length} events, no event ${i}`);
  }
}
