/**
 * Arena: memory outside of JavaScript's heap, for what the kernel reads and writes.
 *
 * What must hold: memory that the kernel holds a pointer to is never garbage collected and never moves. It is mapped once and kept for the
 * life of the thread; a released piece goes back to the arena, not to the system. An address is a plain number. No view of a piece
 * leaves `sys`: whoever transferred or detached it would take the arena with it, so reads are copied out.
 */
import { viewMemory } from './ffi/index.ts';
import { check } from './errno.ts';
import { mmap } from './syscalls/index.ts';

/** A fixed piece of an arena. */
export interface Piece {
  /** For system calls. */
  readonly address: number;
  /** For JavaScript: the same memory. Views of other types start at `bytes.byteOffset` in `bytes.buffer`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const CHUNK = 256 * 1024;
const ALIGNMENT = 64; // a cache line, and enough for every struct

/** Hands out pieces by moving a mark through mapped chunks; released pieces are kept by size and handed out again. */
export class Arena {
  #address = 0;
  #buffer: ArrayBuffer = new ArrayBuffer(0);
  #used = 0;
  #mapped = 0;
  readonly #released = new Map<number, Piece[]>();

  /** Bytes mapped so far. */
  get mapped(): number {
    return this.#mapped;
  }

  /** A piece of at least `length` bytes, zeroed unless it was used before. */
  take(length: number): Piece {
    const size = Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    const again = this.#released.get(size)?.pop();
    if (again !== undefined) return again;
    if (this.#used + size > this.#buffer.byteLength) this.#grow(size);
    const at = this.#used;
    this.#used += size;
    return { address: this.#address + at, bytes: new Uint8Array(this.#buffer, at, size) };
  }

  /** Gives a piece back. The kernel must have let go of it. */
  release(piece: Piece): void {
    const size = piece.bytes.length;
    const pieces = this.#released.get(size);
    if (pieces === undefined) this.#released.set(size, [piece]);
    else pieces.push(piece);
  }

  #grow(atLeast: number): void {
    const length = Math.ceil(atLeast / CHUNK) * CHUNK;
    this.#address = check(mmap(length), 'mmap');
    this.#buffer = viewMemory(this.#address, length);
    this.#used = 0;
    this.#mapped += length;
  }
}

/** This thread's arena. */
export const arena: Arena = new Arena();
