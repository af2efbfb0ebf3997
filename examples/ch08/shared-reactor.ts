/**
 * One reactor for executors on many threads.
 *
 * A waker is an object of its own thread: the reactor cannot call it. What threads of JavaScript share is memory and descriptors. So an executor
 * registers with the reactor's queue itself, and the reactor writes into the executor's **mailbox** which descriptor has become ready.
 *
 * What must hold: the count is raised after the descriptor is written and read before it is; an executor sleeps only while the count is the one
 * that it has seen, so a letter that comes just before it falls asleep is not lost.
 */
import { EventQueue, Events, type WakerHandle } from 'pawl/queue';
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { check } from '../../packages/pawl/src/sys/errno.ts';
import {
  currentArch,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT,
  EPOLLIN,
  EPOLLONESHOT,
} from '../../packages/pawl/src/sys/linux.ts';
import { epollCtl } from '../../packages/pawl/src/sys/syscalls/index.ts';
import type { Waker } from './waker.ts';
import type { Registry } from './woken-get.ts';

const COUNT = 0;
const LETTERS = 1;
const CAPACITY = 63;
/** What tells the reactor to stop: no executor has this number. */
const STOP = -1;

/** Shared by an executor and the reactor. */
export type Mailbox = Int32Array<SharedArrayBuffer>;

export function mailbox(): Mailbox {
  return new Int32Array(new SharedArrayBuffer(4 * (LETTERS + CAPACITY)));
}

// #region reactor
export class SharedReactor implements Disposable {
  readonly #queue = new EventQueue();
  readonly #events = new Events(64);
  readonly #mailboxes: readonly Mailbox[];
  /** For the executors' threads. */
  readonly queueFd: number = this.#queue.fd;
  readonly stop: WakerHandle = this.#queue.waker(STOP).handle;

  constructor(mailboxes: readonly Mailbox[]) {
    this.#mailboxes = mailboxes;
  }

  /** Sleeps in the queue and delivers, until somebody calls the stopping waker. */
  run(): void {
    for (;;) {
      this.#queue.wait(this.#events);
      for (const { token } of this.#events) {
        if (token === STOP) return;
        deliver(this.#mailboxes[Math.floor(token / 2 ** 32)] as Mailbox, token % 2 ** 32);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#queue.close();
  }
}

function deliver(box: Mailbox, fd: number): void {
  box[LETTERS + (Atomics.load(box, COUNT) % CAPACITY)] = fd;
  Atomics.add(box, COUNT, 1);
  Atomics.notify(box, COUNT);
}
// #endregion

// #region registry
/** An executor's side: registers with a queue of another thread, and sleeps on its own mailbox. */
export class RemoteRegistry implements Registry {
  readonly #queueFd: number;
  readonly #index: number;
  readonly #box: Mailbox;
  readonly #wakers = new Map<number, Waker>();
  readonly #event = arena.take(16);
  #seen = 0;

  constructor(queueFd: number, index: number, box: Mailbox) {
    this.#queueFd = queueFd;
    this.#index = index;
    this.#box = box;
  }

  whenReadable(fd: number, waker: Waker): void {
    const operation = this.#wakers.has(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    this.#wakers.set(fd, waker);
    const { bytes, address } = this.#event;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const { data } = EPOLL_EVENT[currentArch()];
    view.setUint32(0, EPOLLIN | EPOLLONESHOT, true);
    view.setInt32(data, fd, true); // the token: whose descriptor it is, and which
    view.setInt32(data + 4, this.#index, true);
    check(epollCtl(this.#queueFd, operation, fd, address), 'epoll_ctl');
  }

  forget(fd: number): void {
    if (this.#wakers.delete(fd)) check(epollCtl(this.#queueFd, EPOLL_CTL_DEL, fd, 0), 'epoll_ctl');
  }

  /** Sleeps until there is a letter, and calls the wakers that the letters name. */
  wait(): void {
    Atomics.wait(this.#box, COUNT, this.#seen);
    for (const count = Atomics.load(this.#box, COUNT); this.#seen < count; this.#seen++) {
      this.#wakers.get(this.#box[LETTERS + (this.#seen % CAPACITY)] as number)?.wake();
    }
  }
}
// #endregion
