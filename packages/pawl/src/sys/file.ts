/**
 * Files, where Node has no function for it: reads that never wait for a disk, locks, and files as memory.
 *
 * What must hold: descriptors are those that Node has opened, and that Node closes. The calls of the hot path return -errno.
 */
import { Buffer } from 'node:buffer';
import { arena } from './arena.ts';
import { viewMemory } from './ffi/index.ts';
import { EAGAIN, EINTR, ENOSYS, EPERM, systemError } from './errno.ts';
import { IOVEC, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, RWF_NOWAIT } from './linux.ts';
import * as sys from './syscalls/index.ts';

/** The most that one {@link readCached} reads. */
export const CACHED_SIZE: number = 64 * 1024;

const input = arena.take(CACHED_SIZE);
const inputBytes = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, CACHED_SIZE);
const vector = arena.take(IOVEC.size);
const vectorAddress = vector.address;
const vectorWords = new Uint32Array(vector.bytes.buffer, vector.bytes.byteOffset, IOVEC.size / 4);
vectorWords[0] = input.address % 2 ** 32;
vectorWords[1] = Math.floor(input.address / 2 ** 32);

/** Bytes at `position` that are in memory already, copied into `target`; -EAGAIN where the disk would have to be waited for; -errno. */
export function readCached(fd: number, target: Uint8Array, position: number): number {
  const room = target.length;
  vectorWords[IOVEC.length / 4] = room < CACHED_SIZE ? room : CACHED_SIZE;
  const count = sys.preadv2(fd, vectorAddress, 1, position, RWF_NOWAIT);
  if (count > 0) inputBytes.copy(target, 0, 0, count);
  return count;
}

/** True when the open file has the lock, false when another's excludes it. */
export function tryLock(fd: number, exclusive: boolean, path: string): boolean {
  for (;;) {
    const result = sys.flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
    if (result === 0) return true;
    if (result === -EAGAIN) return false;
    if (result !== -EINTR) throw systemError(result, 'flock', { path });
  }
}

export function unlock(fd: number, path: string): void {
  const result = sys.flock(fd, LOCK_UN);
  if (result < 0) throw systemError(result, 'flock', { path });
}

/** A file's bytes as memory. `offset` is a multiple of the page size. */
export interface FileMemory {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function mapFile(fd: number, offset: number, length: number, path: string): FileMemory {
  const address = sys.mmapFile(length, fd, offset);
  if (address < 0) throw systemError(address, 'mmap', { path });
  return { address, bytes: new Uint8Array(viewMemory(address, length)) };
}

const remote = arena.take(IOVEC.size);
const remoteAddress = remote.address;
const remoteWords = new Uint32Array(remote.bytes.buffer, remote.bytes.byteOffset, IOVEC.size / 4);

/** A filter of system calls may forbid it. */
let copies = true;

/**
 * Copies mapped bytes from `at` on into `target`, which has room for no more than there are: false where the file does not have them any
 * more, or the disk has failed. The kernel copies them, from this process to this process, because it tells with an errno what looking at them
 * would end the process with (SIGBUS). That takes 1.2 µs for a few bytes instead of 0.1, and four times as long for megabytes: still without an
 * operation. Where the call is forbidden they are looked at.
 */
export function readMapped({ address, bytes }: FileMemory, at: number, target: Uint8Array): boolean {
  for (let done = 0; done < target.length;) {
    const size = Math.min(target.length - done, CACHED_SIZE);
    const from = address + at + done;
    vectorWords[IOVEC.length / 4] = size;
    remoteWords[0] = from % 2 ** 32;
    remoteWords[1] = Math.floor(from / 2 ** 32);
    remoteWords[IOVEC.length / 4] = size;
    const count = copies ? sys.processVmReadv(process.pid, vectorAddress, remoteAddress) : -EPERM;
    if (count === -EPERM || count === -ENOSYS) {
      copies = false;
      target.set(bytes.subarray(at + done, at + target.length), done);
      return true;
    }
    if (count !== size) return false;
    inputBytes.copy(target, done, 0, size);
    done += size;
  }
  return true;
}

/** The bytes must not be looked at afterwards: that would end the process. */
export function unmapFile({ address, bytes }: FileMemory): void {
  sys.munmap(address, bytes.length);
}
