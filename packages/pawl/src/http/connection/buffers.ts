/**
 * The thread's buffers for bytes on their way between sockets and messages.
 *
 * What must hold: whoever takes a buffer is its only user until it gives it back. A connection holds one only during a poll: what must
 * outlast the poll is copied into memory of its own, so that ten thousand idle connections hold none.
 */
import { Buffer } from 'node:buffer';

/** As much as one read or write of a socket moves. */
export const BUFFER_SIZE: number = 64 * 1024;

/** More than this many unused buffers are left to the garbage collector: they are only ever needed at once by nested polls. */
const KEPT = 8;
const pool: Buffer[] = [];

export function takeBuffer(): Buffer {
  return pool.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
}

/** `buffer` may be of any size: only those of the usual one are kept. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer.length === BUFFER_SIZE && pool.length < KEPT) pool.push(buffer);
}
