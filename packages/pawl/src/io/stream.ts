/**
 * Reader, Writer, Duplex: what a stream of bytes is, so that everything here works on any of them, not only on TCP.
 *
 * What must hold: cancelling a `read` or a `write` is *safe*. Bytes that have come stay for the next read, and a cancelled write has
 * written nothing. Everything built on them relies on it.
 */
import { PawlError } from '../error/index.ts';
import type { Future } from '../future/future.ts';

/** Memory that a read asks for when it has something to put there. */
export interface Lease {
  /** Where the next bytes go; not empty. The same until `giveBack`, or another if what it is part of has moved. */
  take(): Uint8Array;
  /** Nothing has been put there, and it is not needed for now. */
  giveBack(): void;
}

/** Where bytes come from. */
export interface Reader {
  /** Waits for bytes and copies them into `target`: how many, at least 1; 0 at the end of the stream, or for an empty target. Cancelling it is *safe*. */
  read(target: Uint8Array): Future<number>;
  /**
   * As `read`, with memory that is taken at each poll and given back while it waits, so that an idle stream needs none. A reader that
   * cannot do so has no such method.
   */
  readLeased?(lease: Lease): Future<number>;
}

/** Where bytes go. */
export interface Writer {
  /** Takes bytes of `source`, waiting until it can take any: how many, at least 1 unless `source` is empty. Cancelling it is *safe*. */
  write(source: Uint8Array): Future<number>;
  /** Passes on what it holds back. A writer without a buffer has none. */
  flush?(): Future<void>;
  /** Ends the stream, after what has been written: the reader at the other side comes to its end. Cancelling it is *safe*. */
  shutdown(): Future<void>;
}

/** A stream in both directions, which are independent of each other: two tasks may use one each. */
export interface Duplex extends Reader, Writer {
  /** Ends both directions at once. */
  close(): void;
}

/** Throws BAD_ARGUMENT unless it is a Uint8Array, of whatever realm, that still has its memory. */
export function checkBytes(bytes: Uint8Array): void {
  if (bytes instanceof Uint8Array || Object.prototype.toString.call(bytes) === '[object Uint8Array]') {
    // Nothing can be read into it, which would look like the end of the stream. (Shared memory has no `detached`.)
    if (bytes.length === 0 && (bytes.buffer as ArrayBuffer).detached) throw resized();
    return;
  }
  throw new PawlError('BAD_ARGUMENT', `bytes are given as a Uint8Array, got ${Object.prototype.toString.call(bytes)}`);
}

/** The memory of an operation has been transferred or resized under it. */
export function resized(): PawlError {
  return new PawlError(
    'BAD_ARGUMENT',
    'the buffer of these bytes was transferred or resized: they are not there any more',
  );
}

/** What a second operation throws while the first one waits. */
export function busy(what: string): PawlError {
  return new PawlError('BUSY', `another task ${what}: one at a time may`);
}

/** The stream has ended before what was asked for had come. */
export function unexpectedEnd(got: number, wanted: string): PawlError {
  return new PawlError('UNEXPECTED_EOF', `the stream ended after ${got} bytes, before ${wanted}`);
}
