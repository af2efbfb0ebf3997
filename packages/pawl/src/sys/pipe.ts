/**
 * Pipes, FIFOs, and whatever else is read and written as they are: descriptors that somebody else may share.
 *
 * What must hold: pipes of ours are CLOEXEC and listed from birth, and NONBLOCK at the ends that are ours. The mode of a description that
 * others share is not changed: a terminal or a pipe is opened anew instead. Calls of the hot path return -errno.
 *
 * A write to a pipe without a reader is EPIPE, not SIGPIPE: Node ignores that signal from its start (see `signal.ts` for what may change that).
 */
import { Buffer } from 'node:buffer';
import { arena } from './arena.ts';
import { closeDescriptor, opened } from './descriptors.ts';
import { check, errnoNumber, systemError } from './errno.ts';
import { requirePath } from './ffi/index.ts';
import {
  AT_FDCWD,
  F_DUPFD_CLOEXEC,
  F_GETFL,
  F_SETFL,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  O_CLOEXEC,
  O_NONBLOCK,
  S_IFIFO,
} from './linux.ts';
import * as sys from './syscalls/index.ts';

/** The most that one call moves: what a pipe holds. */
export const PIECE: number = 64 * 1024;
const LONGEST_PATH = 4096;

const input = arena.take(PIECE);
const inputBytes = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, PIECE);
const output = arena.take(PIECE);
const outputBytes = output.bytes;
const pair = arena.take(8);
const pairValues = new Int32Array(pair.bytes.buffer, pair.bytes.byteOffset, 2);

/** The two ends, both blocking: see {@link setNonBlocking}. Neither is 0, 1 or 2, even where those are closed. Throws EMFILE and ENFILE. */
export function openPipe(): [reader: number, writer: number] {
  check(sys.pipe2(pair.address, O_CLOEXEC), 'pipe2');
  const [reader = -1, writer = -1] = pairValues;
  const ends: [number, number] = [opened(reader), opened(writer)];
  if (reader > 2 && writer > 2) return ends;
  // A child that inherits a closed standard stream would get it, and what the process prints would go there.
  try {
    const reading = duplicate(reader);
    try {
      return [reading, duplicate(writer)];
    } catch (error) {
      closeDescriptor(reading);
      throw error;
    }
  } finally {
    for (const end of ends) closeDescriptor(end);
  }
}

/** Of the description, and so for all that share it. */
export function setNonBlocking(fd: number, on = true): void {
  const flags = check(sys.fcntl(fd, F_GETFL, 0), 'fcntl');
  check(sys.fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), 'fcntl');
}

/** Whether its calls do not wait. Throws EBADF for what is no open descriptor. */
export function isNonBlocking(fd: number): boolean {
  return (check(sys.fcntl(fd, F_GETFL, 0), 'fcntl') & O_NONBLOCK) !== 0;
}

/** Another descriptor, `lowest` or above, of the same description. */
export function duplicate(fd: number, lowest = 3): number {
  return opened(check(sys.fcntl(fd, F_DUPFD_CLOEXEC, lowest), 'fcntl'));
}

/** Bytes copied into `target` (at most {@link PIECE}), 0 at the end, or -errno. */
export function readPiece(fd: number, target: Uint8Array): number {
  const room = target.length;
  const count = sys.read(fd, input.address, room < PIECE ? room : PIECE);
  if (count > 0) inputBytes.copy(target, 0, 0, count);
  return count;
}

/** As {@link readPiece}, of a socket, whatever its mode. */
export function receivePiece(fd: number, target: Uint8Array): number {
  const room = target.length;
  const count = sys.recv(fd, input.address, room < PIECE ? room : PIECE, MSG_DONTWAIT);
  if (count > 0) inputBytes.copy(target, 0, 0, count);
  return count;
}

/** Bytes taken from the sources (at most {@link PIECE}), or -errno. */
export function writePieces(fd: number, sources: readonly Uint8Array[]): number {
  return sys.write(fd, output.address, gather(sources));
}

/** As {@link writePieces}, to a socket, whatever its mode. */
export function sendPieces(fd: number, sources: readonly Uint8Array[]): number {
  return sys.send(fd, output.address, gather(sources), MSG_DONTWAIT | MSG_NOSIGNAL);
}

function gather(sources: readonly Uint8Array[]): number {
  let length = 0;
  for (const source of sources) {
    const room = PIECE - length;
    outputBytes.set(source.length > room ? source.subarray(0, room) : source, length);
    length = Math.min(length + source.length, PIECE);
    if (length === PIECE) break;
  }
  return length;
}

/** A new FIFO. Throws FFI_DENIED under a permission model without that path, EEXIST, ENOENT, EACCES, with the path. */
export function makeFifo(path: string, permissions: number): void {
  const bytes = Buffer.from(path);
  requirePath('fs.write', path);
  if (bytes.length >= LONGEST_PATH) throw systemError(errnoNumber('ENAMETOOLONG')!, 'mkfifo', { path });
  const name = arena.take(LONGEST_PATH);
  name.bytes.set(bytes);
  name.bytes[bytes.length] = 0;
  const result = sys.mknodat(AT_FDCWD, name.address, S_IFIFO | permissions);
  arena.release(name);
  if (result < 0) throw systemError(result, 'mkfifo', { path });
}

/** Closes what was opened, duplicated or adopted here. */
export function closePipe(fd: number): void {
  closeDescriptor(fd);
}

/** Enters a descriptor that Node has opened, or a child's end that nobody has closed. */
export function adoptPipe(fd: number): number {
  return opened(fd);
}
