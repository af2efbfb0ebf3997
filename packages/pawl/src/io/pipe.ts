/**
 * Pipe: one direction of a stream in memory, a ring of bytes between a writer and a reader.
 *
 * What must hold: whatever makes the ring less full wakes the writer, whatever makes it less empty or ends it wakes the reader. The ring is
 * allocated at the first write.
 */
import { PawlError } from '../error/index.ts';
import type { Waker } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';

/** One side's use of a pipe. */
export class Lane {
  /** The pending operation. */
  user: Future<unknown> | null = null;
  waker: Waker | null = null;

  wake(): void {
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }
}

export class Pipe {
  private readonly size: number;
  private ring: Uint8Array | null = null;
  private first = 0;
  private length = 0;
  private ended = false;
  private broken = false;
  readonly reading: Lane = new Lane();
  readonly writing: Lane = new Lane();

  constructor(size: number) {
    this.size = size;
  }

  pollRead(waker: Waker, target: Uint8Array): Poll<number> {
    const { ring, length, first, size } = this;
    if (length === 0 || ring === null) {
      if (this.ended) return 0;
      this.reading.waker = waker;
      return PENDING;
    }
    const count = Math.min(target.length, length);
    const straight = Math.min(count, size - first);
    target.set(ring.subarray(first, first + straight));
    target.set(ring.subarray(0, count - straight), straight);
    this.first = (first + count) % size;
    this.length = length - count;
    this.writing.wake();
    return count;
  }

  pollWrite(waker: Waker, source: Uint8Array): Poll<number> {
    if (this.ended || this.broken) throw new PawlError('EPIPE', 'write EPIPE', { syscall: 'write' });
    const { length, first, size } = this;
    if (length === size) {
      this.writing.waker = waker;
      return PENDING;
    }
    const ring = (this.ring ??= new Uint8Array(size));
    const count = Math.min(source.length, size - length);
    const at = (first + length) % size;
    const straight = Math.min(count, size - at);
    ring.set(source.subarray(0, straight), at);
    ring.set(source.subarray(straight, count), 0);
    this.length = length + count;
    this.reading.wake();
    return count;
  }

  /** No more is written: the reader comes to the end after what is left. */
  end(): void {
    this.ended = true;
    this.reading.wake();
    this.writing.wake();
  }

  /** Nobody reads any more. */
  break(): void {
    this.broken = true;
    this.ring = null;
    this.length = 0;
    this.reading.wake();
    this.writing.wake();
  }
}
