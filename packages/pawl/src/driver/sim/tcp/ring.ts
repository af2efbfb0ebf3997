/**
 * Ring: a bounded buffer of bytes, first in, first out. Its memory grows with what is in it, up to the bound.
 *
 * What must hold: it holds at most `capacity` bytes, and they come out in the order in which they went in.
 */
export class Ring {
  readonly capacity: number;
  length = 0;
  private memory = EMPTY;
  private head = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get room(): number {
    return this.capacity - this.length;
  }

  /** Puts in what there is room for, and says how much. */
  write(source: Uint8Array): number {
    const count = Math.min(source.length, this.room);
    if (this.length + count > this.memory.length) this.grow(this.length + count);
    const { memory } = this;
    const at = (this.head + this.length) % memory.length;
    const first = Math.min(count, memory.length - at);
    memory.set(first === source.length ? source : source.subarray(0, first), at);
    if (first < count) memory.set(source.subarray(first, count), 0);
    this.length += count;
    return count;
  }

  /** A copy of `count` bytes from the one at `at`, counted from the oldest. They stay. */
  copy(at: number, count: number): Uint8Array {
    const target = new Uint8Array(count);
    this.peek(target, at, count);
    return target;
  }

  /** Moves up to `count` of the oldest bytes into `target`, and says how many. */
  read(target: Uint8Array, count: number): number {
    const moved = Math.min(count, this.length);
    this.peek(target, 0, moved);
    this.drop(moved);
    return moved;
  }

  drop(count: number): void {
    this.length -= count;
    this.head = this.length === 0 ? 0 : (this.head + count) % this.memory.length;
  }

  /** Drops everything, and the memory. */
  clear(): void {
    this.length = 0;
    this.head = 0;
    this.memory = EMPTY;
  }

  private peek(target: Uint8Array, from: number, count: number): void {
    if (count === 0) return;
    const { memory } = this;
    const at = (this.head + from) % memory.length;
    const first = Math.min(count, memory.length - at);
    target.set(memory.subarray(at, at + first), 0);
    if (first < count) target.set(memory.subarray(0, count - first), first);
  }

  private grow(needed: number): void {
    let size = Math.max(this.memory.length, 256);
    while (size < needed) size *= 2;
    const memory = new Uint8Array(Math.min(size, this.capacity));
    this.peek(memory, 0, this.length);
    this.memory = memory;
    this.head = 0;
  }
}

const EMPTY = new Uint8Array(0);
