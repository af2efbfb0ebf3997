/**
 * EventQueue: the public event queue.
 *
 * What must hold: a token comes back as it was given; an event of a waker acknowledges it before anybody looks at the event.
 */
import { PawlError } from '../../error/index.ts';
import { EBADF, check, systemError } from '../errno.ts';
import { Events } from './events.ts';
import { Interest, checkInterest, type Trigger } from './interest.ts';
import { Selector } from './selector.ts';
import { checkTimeout, waitFor } from './timeout.ts';
import { WakerOwner } from './waker.ts';

// A token is a safe integer: 54 bits with its sign, so its upper half lies in [-2^21, 2^21). This one is none of them, and marks wakers.
const WAKER_MARK = -(2 ** 31);
const HALF = 2 ** 32;

const now = performance.now.bind(performance);

/** Makes a queue's buffer larger or smaller. */
export interface EventQueueOptions {
  /** The most events that one wait can bring. Default 1024. */
  readonly capacity?: number;
}

/**
 * The operating system's event queue: tell it which descriptors to watch, then wait for what becomes ready.
 *
 * **Portability.** Any descriptor that the system can poll can be registered, by number: sockets, pipes, terminals, eventfds, other
 * queues. Regular files cannot (they are always ready): EPERM. The queue does not own the descriptor: deregister it, then close it.
 *
 * **Spurious events.** Readiness is a hint. A call may still answer EAGAIN (somebody else has read the bytes; a checksum was wrong): be
 * prepared to go back to waiting. Errors and hang-ups are told whatever the interest.
 *
 * **Draining readiness.** With `edge` an event comes once when the condition arises: read or write until EAGAIN before waiting for the next
 * one, or it never comes. With `level` it comes with every wait until you have drained it. With `oneshot` it comes once, until `reregister`.
 *
 * **Implementation notes.** On Linux: epoll. A registration belongs to the open file, not to its number: a duplicate keeps the registration
 * alive after the number has been closed, which is why `deregister` comes before `close`.
 *
 * @example
 * ```ts
 * import { EventQueue, Events, Interest, socketPair } from 'pawl/queue';
 * using queue = new EventQueue();
 * const [left, right] = socketPair();
 * queue.register(left.fd, 42, Interest.READABLE);
 * right.write(new TextEncoder().encode('hello'));
 * const events = new Events();
 * queue.wait(events);
 * for (const event of events) console.log(event.token, event.readable); // 42 true
 * queue.deregister(left.fd);
 * left.close();
 * right.close();
 * ```
 */
export class EventQueue implements Disposable {
  readonly #selector: Selector;
  readonly #wakers = new Map<number, { readonly owner: WakerOwner; readonly token: number }>();
  #nextWaker = 0;
  #closed = false;

  /** Throws EMFILE and its kin, BAD_ARGUMENT, UNSUPPORTED_PLATFORM, FFI_DENIED. */
  constructor(options: EventQueueOptions = {}) {
    const { capacity = 1024 } = options;
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > 65_536) {
      throw new PawlError('BAD_ARGUMENT', `capacity must be an integer from 1 to 65536, got ${capacity}`);
    }
    this.#selector = new Selector(capacity);
  }

  /** The queue's own descriptor: readable while it has events, so that queues can be nested. Throws CLOSED. */
  get fd(): number {
    return this.#open().fd;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Watches a descriptor. Its events carry `token`, any safe integer. Throws EEXIST when it is registered already, EBADF when it is not
   * open, EPERM for a regular file, BAD_ARGUMENT, CLOSED.
   */
  register(fd: number, token: number, interest: number, trigger: Trigger = 'level'): void {
    const selector = this.#open();
    checkRegistration(fd, token, interest, trigger);
    check(selector.add(fd, lowHalf(token), highHalf(token), interest, trigger), SYSCALL);
  }

  /** Replaces token, interest and trigger, and rearms a one-shot. Throws ENOENT when it is not registered; otherwise as `register`. */
  reregister(fd: number, token: number, interest: number, trigger: Trigger = 'level'): void {
    const selector = this.#open();
    checkRegistration(fd, token, interest, trigger);
    check(selector.modify(fd, lowHalf(token), highHalf(token), interest, trigger), SYSCALL);
  }

  /** Stops watching. No later wait brings its events. Throws ENOENT when it is not registered, EBADF when it is closed already, CLOSED. */
  deregister(fd: number): void {
    const selector = this.#open();
    checkDescriptor(fd);
    check(selector.remove(fd), SYSCALL);
  }

  /**
   * Blocks this thread until there are events, at most `timeoutMs` milliseconds (rounded up to whole ones; 0 only looks; null or undefined
   * waits for ever). Returns how many events it has put into `events`: 0 means that the time is over. A signal does not end it, and like
   * everything of Node's its listeners run only after it. Throws BAD_ARGUMENT and CLOSED.
   */
  wait(events: Events, timeoutMs?: number | null): number {
    const selector = this.#open();
    events.clear();
    const limit = Math.min(events.capacity, selector.capacity);
    const count = waitFor(checkTimeout(timeoutMs), now, (left) => selector.waitRaw(left, limit));
    check(count, 'epoll_wait');
    return this.#collect(selector, events, count);
  }

  #collect(selector: Selector, events: Events, count: number): number {
    for (let i = 0; i < count; i++) {
      const low = selector.tokenLow(i);
      const high = selector.tokenHigh(i);
      if (high !== WAKER_MARK) {
        events.push(high * HALF + (low >>> 0), selector.flags(i));
        continue;
      }
      const waker = this.#wakers.get(low);
      waker?.owner.acknowledge();
      if (waker !== undefined) events.push(waker.token, selector.flags(i));
    }
    return events.length;
  }

  /** A waker whose wake-ups arrive as readable events with `token`. It lives until it, or the queue, is closed. */
  waker(token: number): WakerOwner {
    const selector = this.#open();
    checkToken(token);
    const id = this.#nextWaker++;
    const owner: WakerOwner = new WakerOwner(() => {
      this.#wakers.delete(id);
      selector.remove(owner.handle.fd);
    });
    this.#wakers.set(id, { owner, token });
    check(selector.add(owner.handle.fd, id, WAKER_MARK, Interest.READABLE, 'edge'), SYSCALL);
    return owner;
  }

  /** Idempotent. The wakers are closed with it; the descriptors that were registered are not. */
  close(): void {
    if (this.#closed) return;
    for (const { owner } of this.#wakers.values()) owner.close(); // each takes itself out, which a Map's iteration allows
    this.#closed = true;
    this.#selector.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Selector {
    if (this.#closed) throw new PawlError('CLOSED', 'the event queue has been closed');
    return this.#selector;
  }
}

const SYSCALL = 'epoll_ctl';

// Halves that come back as `high * 2^32 + (low >>> 0)`.
const lowHalf = (token: number): number => token | 0; // modulo 2^32, also for a negative token
const highHalf = (token: number): number => Math.floor(token / HALF);

function checkRegistration(fd: number, token: number, interest: number, trigger: Trigger): void {
  checkDescriptor(fd);
  checkToken(token);
  checkInterest(interest);
  if (trigger === 'level' || trigger === 'edge' || trigger === 'oneshot') return;
  throw new PawlError('BAD_ARGUMENT', `trigger must be level, edge or oneshot, got ${String(trigger)}`);
}

function checkToken(token: number): void {
  if (Number.isSafeInteger(token)) return;
  throw new PawlError('BAD_ARGUMENT', `a token must be a safe integer, got ${token}`);
}

// What is not a descriptor at all is a bad descriptor: 1.5 would reach the kernel as 1.
function checkDescriptor(fd: number): void {
  if (!Number.isInteger(fd) || fd < 0 || fd >= 2 ** 31) throw systemError(EBADF, SYSCALL);
}
