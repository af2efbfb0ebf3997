/** Copies between C's memory and ours, by the C library. Whoever calls them knows that the memory is there. */
import { openLibrary } from './ffi/index.ts';

let outward: ((target: bigint, source: bigint, count: bigint) => unknown) | null = null;
let inward: ((target: Uint8Array, source: bigint, count: bigint) => unknown) | null = null;

/** From one place of C's memory to another. */
export function copyWithin(target: bigint, source: bigint, count: number): void {
  outward ??= openLibrary(null, { memcpy: { return: 'uint64', arguments: ['uint64', 'uint64', 'uint64'] } }).memcpy;
  outward(target, source, BigInt(count));
}

/** From C's memory into ours. */
export function copyIn(target: Uint8Array, source: bigint, count: number): void {
  inward ??= openLibrary(null, { memcpy: { return: 'uint64', arguments: ['buffer', 'uint64', 'uint64'] } }).memcpy;
  inward(target, source, BigInt(count));
}
