/**
 * The wake source over eventfd(2).
 *
 * What must hold: it is NONBLOCK and CLOEXEC, watched in edge mode, and never read to be rearmed: each write makes a new edge, even on a
 * counter that is not zero.
 */
import { arena } from '../arena.ts';
import { closeDescriptor, opened } from '../descriptors.ts';
import { EAGAIN, check, systemError } from '../errno.ts';
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../linux.ts';
import { eventfd, read, write } from '../syscalls/index.ts';
import type { WakeUp } from './index.ts';

// The number that a signal adds, and room for the counter when it has to be emptied.
const scratch = arena.take(16);
const counters = new BigUint64Array(scratch.bytes.buffer, scratch.bytes.byteOffset, 2);
counters[0] = 1n;

/** What another thread writes to, to wake this one's queue. */
export const Eventfd: WakeUp = {
  /** A new one's descriptor. */
  open(): number {
    return opened(check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), 'eventfd'));
  },

  /** Makes an edge. From any thread. */
  signal(fd: number): void {
    let result = write(fd, scratch.address, 8);
    while (result === -EAGAIN) {
      // The counter is at its limit, 2^64 - 2 (or somebody else's writes have brought it there): empty it and write again.
      read(fd, scratch.address + 8, 8);
      result = write(fd, scratch.address, 8);
    }
    if (result < 0) throw systemError(result, 'write');
  },

  close(fd: number): void {
    closeDescriptor(fd);
  },
};
