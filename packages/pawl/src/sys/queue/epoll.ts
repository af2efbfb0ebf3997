/**
 * The back end over epoll(7).
 *
 * What must hold: a registration's 64 bits of data are two 32-bit halves that come back with its events unchanged; `struct epoll_event`
 * is laid out as the architecture has it (packed on x86-64 only). The events of a wait stay readable until the next.
 */
import { arena, type Piece } from '../arena.ts';
import { closeDescriptor, opened } from '../descriptors.ts';
import { check } from '../errno.ts';
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT,
  currentArch,
} from '../linux.ts';
import { epollCreate1, epollCtl, epollWait } from '../syscalls/index.ts';
import { Interest, type Trigger } from './interest.ts';
import type { EventSelector } from './index.ts';
import { ERROR, PRIORITY, READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from './readiness.ts';

const LAYOUT = EPOLL_EVENT[currentArch()];
// In 32-bit words, as the event buffer is read.
const STRIDE = LAYOUT.size / 4;
const DATA = LAYOUT.data / 4;

/** What epoll_ctl is told to watch. */
export function epollEvents(interest: number, trigger: Trigger): number {
  let events = trigger === 'edge' ? EPOLLET : trigger === 'oneshot' ? EPOLLONESHOT : 0;
  if ((interest & Interest.READABLE) !== 0) events |= EPOLLIN | EPOLLRDHUP;
  if ((interest & Interest.WRITABLE) !== 0) events |= EPOLLOUT;
  if ((interest & Interest.PRIORITY) !== 0) events |= EPOLLPRI;
  return events;
}

/**
 * What epoll_wait's bits mean. The closed bits are sticky for their receivers, so a false one would spin for ever: RDHUP counts only beside
 * IN (alone it may belong to a socket that has never been connected), and ERR closes the write side beside OUT, or quite alone (the
 * read end of a pipe has gone). Source: mio's src/sys/unix/selector/epoll.rs, where each of these was a bug report.
 */
export function epollReadiness(events: number): number {
  let flags = 0;
  if ((events & (EPOLLIN | EPOLLPRI)) !== 0) flags |= READABLE;
  if ((events & EPOLLOUT) !== 0) flags |= WRITABLE;
  if ((events & ~(EPOLLIN | EPOLLOUT)) === 0) return flags; // nearly always
  if ((events & EPOLLPRI) !== 0) flags |= PRIORITY;
  if ((events & EPOLLERR) !== 0) {
    flags |= ERROR;
    if ((events & EPOLLOUT) !== 0 || events === EPOLLERR) flags |= WRITE_CLOSED;
  }
  if ((events & EPOLLHUP) !== 0) return flags | READ_CLOSED | WRITE_CLOSED;
  if ((events & EPOLLIN) !== 0 && (events & EPOLLRDHUP) !== 0) flags |= READ_CLOSED;
  return flags;
}

/** An epoll instance and its buffer of events. */
export class Epoll implements EventSelector {
  readonly fd: number;
  readonly capacity: number;
  readonly #buffer: Piece;
  readonly #bufferAddress: number;
  readonly #words: Int32Array;
  readonly #change: Piece;
  readonly #changeAddress: number;
  readonly #changeWords: Int32Array;

  constructor(capacity: number) {
    this.fd = opened(check(epollCreate1(EPOLL_CLOEXEC), 'epoll_create1'));
    this.capacity = capacity;
    this.#buffer = arena.take(capacity * LAYOUT.size);
    this.#bufferAddress = this.#buffer.address;
    this.#words = new Int32Array(this.#buffer.bytes.buffer, this.#buffer.bytes.byteOffset, capacity * STRIDE);
    this.#change = arena.take(LAYOUT.size);
    this.#changeAddress = this.#change.address;
    this.#changeWords = new Int32Array(this.#change.bytes.buffer, this.#change.bytes.byteOffset, STRIDE);
  }

  add(fd: number, low: number, high: number, interest: number, trigger: Trigger): number {
    return this.#control(EPOLL_CTL_ADD, fd, low, high, epollEvents(interest, trigger));
  }

  modify(fd: number, low: number, high: number, interest: number, trigger: Trigger): number {
    return this.#control(EPOLL_CTL_MOD, fd, low, high, epollEvents(interest, trigger));
  }

  remove(fd: number): number {
    return this.#control(EPOLL_CTL_DEL, fd, 0, 0, 0);
  }

  #control(operation: number, fd: number, low: number, high: number, events: number): number {
    const words = this.#changeWords;
    words[0] = events;
    words[DATA] = low;
    words[DATA + 1] = high;
    return epollCtl(this.fd, operation, fd, this.#changeAddress);
  }

  waitRaw(timeoutMs: number, limit: number = this.capacity): number {
    return epollWait(this.fd, this.#bufferAddress, limit, timeoutMs);
  }

  tokenLow(i: number): number {
    return this.#words[i * STRIDE + DATA] as number;
  }

  tokenHigh(i: number): number {
    return this.#words[i * STRIDE + DATA + 1] as number;
  }

  flags(i: number): number {
    return epollReadiness(this.#words[i * STRIDE] as number);
  }

  close(): void {
    closeDescriptor(this.fd);
    arena.release(this.#buffer);
    arena.release(this.#change);
  }
}
