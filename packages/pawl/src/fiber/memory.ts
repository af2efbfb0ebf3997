/**
 * Memory: pieces of C's memory that JavaScript owns.
 *
 * What must hold: a piece that a call of C's uses is kept until that has returned, also if its owner disposes of it meanwhile. No view of
 * a piece leaves this file, and every access is checked against the piece's size.
 */
import { PawlError } from '../error/index.ts';
import { arena, type Piece } from '../sys/arena.ts';
import { readView, sizeOf, type Stored, writeView } from './stored.ts';
import { type Addressable, checkBytes, checkValue, type FromC, type Pointer, type ToC } from './types.ts';

const NOTHING = new DataView(new ArrayBuffer(0));

/** Takes memory of the arena in sizes of powers of two, so that what is released fits another's wish. @internal */
export function takePiece(size: number): Piece {
  return arena.take(2 ** Math.ceil(Math.log2(Math.max(size, 64))));
}

/**
 * A piece of memory that C may use: zeroed, at an address that is a multiple of 64, until it is disposed of.
 *
 * @example
 * ```ts
 * import { Memory } from 'pawl/fiber';
 * using memory = new Memory(16);
 * memory.write('int32', 8, -5);
 * console.log(memory.read('int32', 8), memory.size); // -5 16
 * ```
 */
export class Memory implements Addressable, Disposable {
  /** Bytes. */
  readonly size: number;
  #piece: Piece | null;
  #view: DataView;
  #pins = 0;
  #disposed = false;

  /** Throws BAD_ARGUMENT unless `size` is an integer from 1 to 2^30. */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > 2 ** 30) {
      throw new PawlError('BAD_ARGUMENT', `memory has from 1 byte to 1 GiB, got ${String(size)}`);
    }
    this.size = size;
    this.#piece = takePiece(size);
    this.#piece.bytes.fill(0, 0, size);
    this.#view = new DataView(this.#piece.bytes.buffer, this.#piece.bytes.byteOffset, size);
  }

  /** A copy of bytes, or of a text in UTF-8 with a NUL behind it. Throws BAD_ARGUMENT. */
  static of(content: Uint8Array | string): Memory {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(`${content}\0`) : content;
    checkBytes(bytes);
    const memory = new Memory(Math.max(bytes.length, 1));
    memory.set(bytes);
    return memory;
  }

  /**
   * Its first byte, or one further on. To a call hand the memory itself where that is enough: then it is kept until C has returned.
   * Throws CLOSED after its disposal, BAD_ARGUMENT outside of it.
   */
  pointer(at: number = 0): Pointer {
    const { address } = this.#open();
    this.#check(at, 0);
    return (address + at) as Pointer;
  }

  /** @internal */
  get addressForC(): number {
    return this.#open().address;
  }

  /** What is stored at an offset. Throws CLOSED, BAD_ARGUMENT. */
  read<T extends Stored>(type: T, at: number = 0): FromC<T> {
    this.#open();
    this.#check(at, sizeOf(type));
    return readView(this.#view, type, at) as FromC<T>;
  }

  /** Stores a value. Throws CLOSED, BAD_ARGUMENT. */
  write<T extends Stored>(type: T, at: number, value: ToC<T>): void {
    this.#open();
    this.#check(at, sizeOf(type));
    checkValue(() => 'the value', type, value);
    writeView(this.#view, type, at, value);
  }

  /** A copy of its bytes. Throws CLOSED, BAD_ARGUMENT. */
  bytes(at: number = 0, length: number = this.size - at): Uint8Array {
    const { bytes } = this.#open();
    this.#check(at, length);
    return bytes.slice(at, at + length);
  }

  /** Copies bytes into it. Throws CLOSED, BAD_ARGUMENT. */
  set(source: Uint8Array, at: number = 0): void {
    const { bytes } = this.#open();
    checkBytes(source);
    this.#check(at, source.length);
    bytes.set(source, at);
  }

  /** C has it until `unpin`. @internal */
  pin(): void {
    this.#open();
    this.#pins++;
  }

  /** @internal */
  unpin(): void {
    this.#pins--;
    this.#release();
  }

  /** Idempotent. While C has it, it is kept. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#release();
  }

  #release(): void {
    if (!this.#disposed || this.#pins > 0 || this.#piece === null) return;
    arena.release(this.#piece);
    this.#piece = null;
    this.#view = NOTHING;
  }

  #open(): Piece {
    if (this.#disposed || this.#piece === null) throw new PawlError('CLOSED', 'the memory has been disposed of');
    return this.#piece;
  }

  #check(at: number, length: number): void {
    if (Number.isInteger(at) && Number.isInteger(length) && at >= 0 && length >= 0 && at + length <= this.size) return;
    throw new PawlError('BAD_ARGUMENT', `${length} bytes at ${at} are not within the memory's ${this.size}`);
  }
}
