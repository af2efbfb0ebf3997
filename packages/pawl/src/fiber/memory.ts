/**
 * C's memory: pieces of it that JavaScript owns, and reading what C's pointers point to.
 *
 * What must hold: a piece that a call of C's uses is kept until that has returned, also if its owner disposes of it meanwhile. No view of
 * a piece leaves this file. Reads and writes of a piece are checked against its size; those through a pointer cannot be.
 */
import { PawlError } from '../error/index.ts';
import { arena, type Piece } from '../sys/arena.ts';
import { copyIn } from '../sys/copy.ts';
import { machine } from '../sys/fiber/machine.ts';
import { toC } from './encode.ts';
import { type Addressable, type CArgument, checkValue, type FromC, type Pointer, type ToC } from './types.ts';

/** Types with a fixed size in memory. */
export type Stored = Exclude<CArgument, 'string'>;

const SIZES: Readonly<Record<Stored, number>> = {
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  size: 8,
  float32: 4,
  float64: 8,
  pointer: 8,
};

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

  /** A copy of bytes, or of a text in UTF-8 with a NUL behind it. */
  static of(content: Uint8Array | string): Memory {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(`${content}\0`) : content;
    const memory = new Memory(Math.max(bytes.length, 1));
    memory.set(bytes);
    return memory;
  }

  /** Its first byte, or one further on. Throws CLOSED after its disposal, BAD_ARGUMENT outside of it. */
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

const NOTHING = new DataView(new ArrayBuffer(0));

function sizeOf(type: Stored): number {
  const size: number | undefined = SIZES[type];
  if (size === undefined) throw new PawlError('BAD_ARGUMENT', `${JSON.stringify(type)} has no fixed size in memory`);
  return size;
}

function readView(view: DataView, type: Stored, at: number): unknown {
  switch (type) {
    case 'int32':
      return view.getInt32(at, true);
    case 'uint32':
      return view.getUint32(at, true);
    case 'int64':
      return view.getBigInt64(at, true);
    case 'uint64':
      return view.getBigUint64(at, true);
    case 'size':
      return Number(view.getBigUint64(at, true));
    case 'float32':
      return view.getFloat32(at, true);
    case 'float64':
      return view.getFloat64(at, true);
    case 'pointer':
      return Number(view.getBigUint64(at, true)) || null;
  }
}

function writeView(view: DataView, type: Stored, at: number, value: unknown): void {
  switch (type) {
    case 'int32':
    case 'uint32':
      view.setInt32(at, value as number, true);
      break;
    case 'float32':
      view.setFloat32(at, value as number, true);
      break;
    case 'float64':
      view.setFloat64(at, value as number, true);
      break;
    default:
      view.setBigInt64(at, toC(type, value), true);
  }
}

/** Takes memory of the arena in sizes of powers of two, so that what is released fits another's wish. @internal */
export function takePiece(size: number): Piece {
  return arena.take(2 ** Math.ceil(Math.log2(Math.max(size, 64))));
}

/**
 * The pointer so many bytes further on. Throws NULL_POINTER.
 */
export function offset(pointer: Pointer | null, bytes: number): Pointer {
  return (addressOf(pointer) + bytes) as Pointer;
}

function addressOf(pointer: Pointer | null): number {
  if (pointer === null) throw new PawlError('NULL_POINTER', 'a null pointer points to nothing');
  return pointer;
}

/**
 * What a pointer of C's points to. Nothing can check that the memory is there: a wrong pointer ends the process, as in C. Throws NULL_POINTER.
 *
 * @example
 * ```ts
 * import { Memory, peek } from 'pawl/fiber';
 * using memory = new Memory(8);
 * memory.write('float64', 0, 0.5);
 * console.log(peek('float64', memory.pointer())); // 0.5
 * ```
 */
export function peek<T extends CArgument>(type: T, pointer: Pointer | null, at: number = 0): FromC<T> {
  return readAddress(type, addressOf(pointer) + at) as FromC<T>;
}

/** @internal */
export function readAddress(type: CArgument, address: number): unknown {
  const m = machine();
  switch (type) {
    case 'int32':
      return m.peek32(address);
    case 'uint32':
      return m.peek32(address) >>> 0;
    case 'int64':
      return BigInt.asIntN(64, word(address));
    case 'uint64':
      return word(address);
    case 'size':
      return m.peek64(address);
    case 'float32':
      FLOAT.setInt32(0, m.peek32(address));
      return FLOAT.getFloat32(0);
    case 'float64':
      return m.peekDouble(address);
    case 'pointer':
      return m.peek64(address) || null;
    case 'string':
      return readText(m.peek64(address));
  }
}

const FLOAT = new DataView(new ArrayBuffer(4));

function word(address: number): bigint {
  const m = machine();
  return (BigInt(m.peek32(address + 4) >>> 0) << 32n) | BigInt(m.peek32(address) >>> 0);
}

/** Stores a value where a pointer of C's points to. Throws NULL_POINTER, BAD_ARGUMENT. */
export function poke<T extends Stored>(type: T, pointer: Pointer | null, value: ToC<T>, at: number = 0): void {
  const address = addressOf(pointer) + at;
  const size = sizeOf(type);
  checkValue(() => 'the value', type, value);
  writeView(SCRATCH, type, 0, value);
  const m = machine();
  for (let i = 0; i < size; i += 4) m.poke32(address + i, SCRATCH.getInt32(i, true));
}

const SCRATCH = new DataView(new ArrayBuffer(8));

/** A copy of so many bytes behind a pointer. Throws NULL_POINTER, BAD_ARGUMENT. */
export function copyBytes(pointer: Pointer | null, length: number): Uint8Array {
  const address = addressOf(pointer);
  if (!Number.isInteger(length) || length < 0 || length > 2 ** 30) {
    throw new PawlError('BAD_ARGUMENT', `a length is an integer from 0 to 2^30, got ${String(length)}`);
  }
  const copy = new Uint8Array(length);
  if (length > 0) copyIn(copy, BigInt(address), length);
  return copy;
}

/** Copies bytes to where a pointer points. Throws NULL_POINTER. */
export function setBytes(pointer: Pointer | null, source: Uint8Array): void {
  const address = addressOf(pointer);
  const m = machine();
  for (const [i, byte] of source.entries()) m.poke8(address + i, byte);
}

/** The NUL-terminated text in UTF-8 behind a pointer; null behind null. */
export function text(pointer: Pointer | null): string | null {
  return readText(pointer ?? 0);
}

/** @internal */
export function readText(address: number): string | null {
  if (address === 0) return null;
  const m = machine();
  let length = 0;
  while (m.peek8(address + length) !== 0) length++;
  return new TextDecoder().decode(copyBytes(address as Pointer, length));
}
