/**
 * Signal dispositions, as far as Node's own interface does not reach: a handler that serves once, and a signal that is ignored.
 *
 * What must hold: of a handler only flags change; it stays libuv's. The C library's struct is used, not the kernel's, because
 * its sigaction adds the return trampoline that the kernel wants.
 */
import { arena } from './arena.ts';
import { check } from './errno.ts';
import { openLibrary } from './ffi/index.ts';

// struct sigaction of glibc and musl (bits/sigaction.h), alike on x86-64 and aarch64: handler 8, mask 128, flags 4, padding 4, restorer 8.
const SIZE = 152;
const FLAGS = 136;
const SA_RESETHAND = 0x80000000; // asm-generic/signal-defs.h

/**
 * The next signal of this number still reaches its handler, but the kernel restores the default action at that moment: one
 * more ends the process, even while JavaScript is busy and the handler has not had its turn. Does nothing without a handler.
 */
export function handleOnce(signal: number): void {
  const { sigaction } = openLibrary(null, { sigaction: { return: 'int32', arguments: ['int32', 'uint64', 'uint64'] } });
  const piece = arena.take(SIZE);
  const address = BigInt(piece.address);
  check(sigaction(signal, 0n, address), 'sigaction');
  const fields = new DataView(piece.bytes.buffer, piece.bytes.byteOffset, SIZE);
  if (fields.getBigUint64(0, true) > 1n) {
    // neither SIG_DFL nor SIG_IGN
    fields.setUint32(FLAGS, fields.getUint32(FLAGS, true) | SA_RESETHAND, true);
    check(sigaction(signal, address, 0n), 'sigaction');
  }
  arena.release(piece);
}

/**
 * The signal is ignored, as SIGPIPE is from Node's start. libuv restores the default action when the last listener has gone, which for that one
 * would be the process's end at the next write to a pipe without a reader.
 */
export function ignoreSignal(signal: number): void {
  const { sigaction } = openLibrary(null, { sigaction: { return: 'int32', arguments: ['int32', 'uint64', 'uint64'] } });
  const piece = arena.take(SIZE);
  piece.bytes.fill(0);
  piece.bytes[0] = 1; // SIG_IGN
  check(sigaction(signal, BigInt(piece.address), 0n), 'sigaction');
  arena.release(piece);
}
