/**
 * Deque: values in a ring, first in, first out, and back to the front for what could not be delivered.
 *
 * What must hold: each operation costs O(1) on average; what was taken is no longer referenced; a ring that a burst has made large is
 * given up once it is empty.
 */
const LEAST = 16;
/** A ring of at most so many places is kept: steady bursts need not make it anew each time. */
const KEPT = 1024;

export class Deque<T> {
  private ring: (T | undefined)[] = [];
  private head = 0;
  length = 0;

  push(value: T): void {
    if (this.length === this.ring.length) this.grow();
    this.ring[(this.head + this.length) & (this.ring.length - 1)] = value;
    this.length++;
  }

  unshift(value: T): void {
    if (this.length === this.ring.length) this.grow();
    this.head = (this.head - 1) & (this.ring.length - 1);
    this.ring[this.head] = value;
    this.length++;
  }

  /** Only when `length` says that there is one. */
  shift(): T {
    const { ring, head } = this;
    const value = ring[head] as T;
    ring[head] = undefined;
    this.head = (head + 1) & (ring.length - 1);
    if (--this.length === 0 && ring.length > KEPT) this.clear();
    return value;
  }

  clear(): void {
    this.ring = [];
    this.head = 0;
    this.length = 0;
  }

  /** To the next power of two, so that an index wraps by a mask. */
  private grow(): void {
    const { ring, head, length } = this;
    const larger = ring.slice(head).concat(ring.slice(0, head));
    larger.length = Math.max(LEAST, length * 2);
    this.ring = larger;
    this.head = 0;
  }
}
