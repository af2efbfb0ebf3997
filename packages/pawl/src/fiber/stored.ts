/**
 * Values as they lie in memory: their sizes, and reading and writing them through a view.
 *
 * What must hold: values were checked. Both architectures are little-endian.
 */
import { PawlError } from '../error/index.ts';
import { type Addressable, type CArgument, checkAddress, type CType, describe } from './types.ts';

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

/** An integer or pointer as the 64 bits that C gets. */
export function toC(type: CType, value: unknown): bigint {
  if (type === 'pointer') return BigInt(addressFor(value as number | Addressable | null));
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) : BigInt((value ?? 0) as number);
}

export function addressFor(value: number | Addressable | null): number {
  if (value === null) return 0;
  if (typeof value === 'number') return value;
  const address: unknown = value.addressForC;
  checkAddress('what is handed to C', address);
  return address;
}

/** Bytes of a value. Throws BAD_ARGUMENT for a type without a fixed size. */
export function sizeOf(type: Stored): number {
  const size: unknown = SIZES[type];
  if (typeof size !== 'number') throw new PawlError('BAD_ARGUMENT', `${describe(type)} has no fixed size in memory`);
  return size;
}

export function readView(view: DataView, type: Stored, at: number): unknown {
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
    default: // a pointer
      return Number(view.getBigUint64(at, true)) || null;
  }
}

export function writeView(view: DataView, type: Stored, at: number, value: unknown): void {
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
