/**
 * An event queue in small: the three system calls of epoll(7), and the struct that they share with the kernel.
 *
 * The library's is `packages/pawl/src/sys/queue`, which also has edges and one-shots, wakers, readiness that is the same on every
 * system, and an answer for every error.
 */
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { closeDescriptor, opened } from '../../packages/pawl/src/sys/descriptors.ts';
import { check } from '../../packages/pawl/src/sys/errno.ts';
import {
  currentArch,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_EVENT,
  EPOLLIN,
  EPOLLRDHUP,
} from '../../packages/pawl/src/sys/linux.ts';
import { epollCreate1, epollCtl, epollWait } from '../../packages/pawl/src/sys/syscalls/index.ts';
import type { Happened, Queue } from './five-requests.ts';

// #region struct
// struct epoll_event { uint32_t events; uint64_t data; }: without a gap on x86-64, with one elsewhere.
const { size: SIZE, data: DATA } = EPOLL_EVENT[currentArch()];
const CAPACITY = 16;
// #endregion

export class MiniQueue implements Queue {
  readonly #fd = opened(check(epollCreate1(EPOLL_CLOEXEC), 'epoll_create1'));
  readonly #memory = arena.take(CAPACITY * SIZE);
  readonly #view = new DataView(this.#memory.bytes.buffer, this.#memory.bytes.byteOffset, CAPACITY * SIZE);

  // #region register
  /** From now on the kernel notes when `fd` can be read. The token is ours: the kernel hands it back and makes nothing of it. */
  register(fd: number, token: number): void {
    this.#view.setUint32(0, EPOLLIN | EPOLLRDHUP, true);
    this.#view.setBigUint64(DATA, BigInt(token), true);
    check(epollCtl(this.#fd, EPOLL_CTL_ADD, fd, this.#memory.address), 'epoll_ctl');
  }
  // #endregion

  deregister(fd: number): void {
    check(epollCtl(this.#fd, EPOLL_CTL_DEL, fd, this.#memory.address), 'epoll_ctl');
  }

  // #region wait
  /** Sleeps, however long it takes, until something that was registered has happened. */
  wait(): Happened[] {
    const count = check(epollWait(this.#fd, this.#memory.address, CAPACITY, -1), 'epoll_wait');
    return Array.from({ length: count }, (_, i) => ({
      token: Number(this.#view.getBigUint64(i * SIZE + DATA, true)),
      flags: names(this.#view.getUint32(i * SIZE, true)),
    }));
  }
  // #endregion

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
    arena.release(this.#memory);
  }
}

/** The bits that the kernel has set, by their names in linux/eventpoll.h. */
function names(events: number): string {
  const bits: [string, number][] = [
    ['EPOLLIN', EPOLLIN],
    ['EPOLLRDHUP', EPOLLRDHUP],
  ];
  return bits.flatMap(([name, bit]) => ((events & bit) === 0 ? [] : [name])).join(' | ');
}
