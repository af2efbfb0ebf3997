/**
 * ReadBuffer: what a buffered reader has read ahead, and the memory for it.
 *
 * What must hold: a reader that waits with nothing buffered holds no memory, when its stream can do without: ten thousand idle connections
 * would hold 80 MB. Buffers of the usual size are given back to a pool of the thread, and their bytes are never cleared: views of the
 * buffer must not outlive the next operation.
 */
import type { Future } from '../future/future.ts';
import type { Lease, Reader } from './stream.ts';

export const CAPACITY: number = 8 * 1024;

/** More than this many unused buffers are left to the garbage collector. */
const POOLED = 64;
const pool: Uint8Array[] = [];

export class ReadBuffer implements Lease {
  readonly reader: Reader;
  readonly capacity: number;
  /** `start` to `end` has been read ahead. Null only if that is nothing. */
  bytes: Uint8Array | null = null;
  start = 0;
  end = 0;
  /** The pending operation. */
  user: Future<unknown> | null = null;

  constructor(reader: Reader, capacity: number) {
    this.reader = reader;
    this.capacity = capacity;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** A read that appends: the number of bytes, which the caller adds to `end`. */
  read(): Future<number> {
    const { reader } = this;
    return reader.readLeased === undefined ? reader.read(this.take()) : reader.readLeased(this);
  }

  /** Where the next bytes go: behind what is buffered, which is moved to the front, or to a larger buffer, when there is no room. */
  take(): Uint8Array {
    const { start, end, bytes, capacity } = this;
    if (start === end) {
      this.start = 0;
      this.end = 0;
      // One long item does not make the buffer large for ever.
      if (bytes !== null && bytes.length === capacity) return bytes;
      return (this.bytes = (capacity === CAPACITY ? pool.pop() : undefined) ?? new Uint8Array(capacity));
    }
    const full = bytes as Uint8Array;
    if (end < full.length) return full.subarray(end);
    let target = full;
    if (start < full.length / 2) {
      target = new Uint8Array(full.length * 2);
      target.set(full.subarray(start, end));
      this.bytes = target;
    } else {
      full.copyWithin(0, start, end);
    }
    this.start = 0;
    this.end = end - start;
    return target.subarray(this.end);
  }

  giveBack(): void {
    const { bytes } = this;
    if (bytes === null || this.start !== this.end) return;
    this.bytes = null;
    if (bytes.length === CAPACITY && this.capacity === CAPACITY && pool.length < POOLED) pool.push(bytes);
  }
}
