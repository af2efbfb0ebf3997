/**
 * What C's pointers point to: reading and writing it.
 *
 * What must hold: nothing can check that the memory is there: a wrong pointer ends the process, as in C. Null, and what is no address, is
 * refused.
 */
import { PawlError } from '../error/index.ts';
import { copyIn } from '../sys/copy.ts';
import { machine } from '../sys/fiber/machine.ts';
import { sizeOf, type Stored, writeView } from './stored.ts';
import {
  type CArgument,
  checkAddress,
  checkBytes,
  checkValue,
  describe,
  type FromC,
  type Pointer,
  type ToC,
} from './types.ts';

/**
 * The pointer so many bytes further on. Throws NULL_POINTER, BAD_ARGUMENT.
 */
export function offset(pointer: Pointer | null, bytes: number): Pointer {
  checkAddress('the pointer', pointer);
  const moved = pointer + bytes;
  checkAddress('what is so many bytes further on', moved);
  return moved;
}

/**
 * What a pointer of C's points to. Nothing can check that the memory is there: a wrong pointer ends the process, as in C. Throws NULL_POINTER,
 * and BAD_ARGUMENT for what is no address or no type.
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
  return readAddress(type, offset(pointer, at)) as FromC<T>;
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
    default:
      throw new PawlError('BAD_ARGUMENT', `${describe(type)} is no type of what lies in memory`);
  }
}

const FLOAT = new DataView(new ArrayBuffer(4));

function word(address: number): bigint {
  const m = machine();
  return (BigInt(m.peek32(address + 4) >>> 0) << 32n) | BigInt(m.peek32(address) >>> 0);
}

/** Stores a value where a pointer of C's points to. Throws NULL_POINTER, BAD_ARGUMENT. */
export function poke<T extends Stored>(type: T, pointer: Pointer | null, value: ToC<T>, at: number = 0): void {
  const address = offset(pointer, at);
  const size = sizeOf(type);
  checkValue(() => 'the value', type, value);
  writeView(SCRATCH, type, 0, value);
  const m = machine();
  for (let i = 0; i < size; i += 4) m.poke32(address + i, SCRATCH.getInt32(i, true));
}

const SCRATCH = new DataView(new ArrayBuffer(8));

/** A copy of so many bytes behind a pointer. Throws NULL_POINTER, BAD_ARGUMENT. */
export function copyBytes(pointer: Pointer | null, length: number): Uint8Array {
  checkAddress('the pointer', pointer);
  if (!Number.isInteger(length) || length < 0 || length > 2 ** 30) {
    throw new PawlError('BAD_ARGUMENT', `a length is an integer from 0 to 2^30, got ${String(length)}`);
  }
  const copy = new Uint8Array(length);
  if (length > 0) copyIn(copy, BigInt(pointer), length);
  return copy;
}

/** Copies bytes to where a pointer points. Throws NULL_POINTER, BAD_ARGUMENT. */
export function setBytes(pointer: Pointer | null, source: Uint8Array): void {
  checkAddress('the pointer', pointer);
  checkBytes(source);
  const m = machine();
  for (const [i, byte] of source.entries()) m.poke8(pointer + i, byte);
}

/** The NUL-terminated text in UTF-8 behind a pointer; null behind null. Throws BAD_ARGUMENT for what is no address. */
export function text(pointer: Pointer | null): string | null {
  if (pointer === null) return null;
  checkAddress('the pointer', pointer);
  return readText(pointer);
}

/** @internal */
export function readText(address: number): string | null {
  if (address === 0) return null;
  const m = machine();
  let length = 0;
  while (m.peek8(address + length) !== 0) length++;
  return new TextDecoder().decode(copyBytes(address as Pointer, length));
}
