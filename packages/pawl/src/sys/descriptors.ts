/**
 * Descriptors: which file descriptors this thread has open, listed in shared memory. A worker that is terminated runs no cleanup; the
 * thread that started it holds the same table and closes what is left (a dead listener would go on completing handshakes).
 *
 * What must hold: a descriptor is entered right after the call that made it and struck out right before it is closed. Only the owner
 * writes while it lives, and only `closeAll` afterwards, so plain stores suffice.
 */
import { close } from './syscalls/index.ts';

// One bit a descriptor, up to 2^20: the kernel's own default limit (fs.nr_open). The pages are touched, and so cost memory, only as far as
// descriptors are used. A higher one is not listed.
const LIMIT = 1 << 20;

/** A thread's open descriptors: one bit each. Hand it to another thread in a message. */
export type DescriptorTable = Int32Array<SharedArrayBuffer>;

/** A thread of ours is given its table by whoever has started it, before the library is loaded: see threads/boot.ts. */
const given = (globalThis as { [key: symbol]: unknown })[Symbol.for('pawl.descriptors')] as DescriptorTable | undefined;

const table: DescriptorTable = given ?? new Int32Array(new SharedArrayBuffer(LIMIT / 8));

/** The table of this thread. */
export function descriptorTable(): DescriptorTable {
  return table;
}

/** Enters a descriptor that has just been made; passes on a negative result. Returns its argument. */
export function opened(fd: number): number {
  const word = fd >> 5; // negative for a failure, and out of range then as for a number too large: nothing is stored
  const bits = table[word];
  if (bits !== undefined) table[word] = bits | (1 << (fd & 31));
  return fd;
}

/** Strikes the descriptor out and closes it. Whatever Linux answers (EINTR too) the number is free afterwards; see close(2). */
export function closeDescriptor(fd: number): number {
  const word = fd >> 5;
  const bits = table[word];
  if (bits !== undefined) table[word] = bits & ~(1 << (fd & 31));
  return close(fd);
}

/** The descriptors that a table lists. */
export function listDescriptors(from: DescriptorTable): number[] {
  const fds: number[] = [];
  for (const [word, bits] of from.entries()) {
    if (bits === 0) continue;
    for (let bit = 0; bit < 32; bit++) if ((bits & (1 << bit)) !== 0) fds.push(word * 32 + bit);
  }
  return fds;
}

/** Closes everything that a thread left open. Call it after the thread has ended: a live one would go on using the numbers. */
export function closeAll(left: DescriptorTable): number {
  const fds = listDescriptors(left);
  for (const fd of fds) close(fd);
  left.fill(0);
  return fds.length;
}
