/**
 * Reader, Writer, Duplex: what a stream of bytes is, so that everything here works on any of them, not only on TCP.
 *
 * What must hold: cancelling a `read` or a `write` is *safe*. Bytes that have come stay for the next read, and a cancelled write has
 * written nothing. Everything built on them relies on it.
 */
import type { Future } from '../future/future.ts';

/** Where bytes come from. */
export interface Reader {
  /** Waits for bytes and copies them into `target`: how many, at least 1; 0 at the end of the stream, or for an empty target. */
  read(target: Uint8Array): Future<number>;
}

/** Where bytes go. */
export interface Writer {
  /** Takes bytes of `source`, waiting until it can take any: how many, at least 1 unless `source` is empty. */
  write(source: Uint8Array): Future<number>;
  /** Passes on what it holds back. A writer without a buffer has none. */
  flush?(): Future<void>;
  /** Ends the stream, after what has been written: the reader at the other side comes to its end. */
  shutdown(): Future<void>;
}

/** A stream in both directions, which are independent of each other: two tasks may use one each. */
export interface Duplex extends Reader, Writer {
  /** Ends both directions at once. */
  close(): void;
}
