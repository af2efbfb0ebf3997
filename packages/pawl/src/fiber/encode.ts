/**
 * Values into the words of a fiber's block, and out of them.
 *
 * What must hold: values were checked. A word that holds 32 bits of an integer is extended by its sign, as C's callers may or may not do.
 */
import type { Fiber } from '../sys/fiber/fiber.ts';
import { BLOCK } from '../sys/fiber/layout.ts';
import type { Failure } from '../sys/fiber/slots.ts';
import { readAddress, readText } from './peek.ts';
import { addressFor, toC } from './stored.ts';
import { type Addressable, type CType, isFloat, type Place } from './types.ts';

const WORD = 2 ** 32;

/** Writes a value at an offset of the block. A string is written by whoever has its copy. */
export function writeBlock(fiber: Fiber, at: number, type: CType, value: unknown): void {
  switch (type) {
    case 'void':
      break;
    case 'int32':
    case 'uint32':
      fiber.i32[at / 4] = value as number;
      fiber.i32[at / 4 + 1] = (value as number) < 0 ? -1 : 0;
      break;
    case 'int64':
    case 'uint64':
      fiber.i64[at / 8] = value as bigint;
      break;
    case 'float32':
      fiber.f32[at / 4] = value as number;
      break;
    case 'float64':
      fiber.f64[at / 8] = value as number;
      break;
    default:
      fiber.setAddress(at, type === 'size' ? (value as number) : addressFor(value as number | Addressable | null));
  }
}

/** Reads a value at an offset of the block. */
export function readBlock(fiber: Fiber, at: number, type: CType): unknown {
  switch (type) {
    case 'pointer': {
      const address = fiber.u32[at / 4]! + fiber.u32[at / 4 + 1]! * WORD;
      return address === 0 ? null : address;
    }
    case 'void':
      return undefined;
    case 'int32':
      return fiber.i32[at / 4];
    case 'uint32':
      return fiber.u32[at / 4];
    case 'int64':
      return fiber.i64[at / 8];
    case 'uint64':
      return BigInt.asUintN(64, fiber.i64[at / 8]!);
    case 'size':
      return fiber.address(at);
    case 'float32':
      return fiber.f32[at / 4];
    case 'float64':
      return fiber.f64[at / 8];
    default: // a string
      return readText(fiber.address(at));
  }
}

/** Where in the block the argument of a call goes. */
export function argumentOffset({ where, index }: Place): number {
  const base = where === 'integer' ? BLOCK.integers : where === 'float' ? BLOCK.floats : BLOCK.stackArguments;
  return base + 8 * index;
}

/** The argument of the callback in which the fiber is parked. */
export function callbackArgument(fiber: Fiber, { type, where, index }: Place): unknown {
  if (where === 'stack') return readAddress(type, fiber.callbackStackArguments + 8 * index);
  return readBlock(fiber, (where === 'integer' ? BLOCK.callbackIntegers : BLOCK.callbackFloats) + 8 * index, type);
}

export const resultOffset = (type: CType): number => (isFloat(type) ? BLOCK.resultFloat : BLOCK.result);
export const answerOffset = (type: CType): number => (isFloat(type) ? BLOCK.answerFloat : BLOCK.answer);

const BITS = new DataView(new ArrayBuffer(8));

/** A failure value as the machine code returns it. */
export function failureBits(type: CType, value: unknown): Failure {
  BITS.setBigInt64(0, 0n, true);
  if (type === 'float32') BITS.setFloat32(0, value as number, true);
  else if (type === 'float64') BITS.setFloat64(0, value as number, true);
  else return { integer: BigInt.asUintN(64, toC(type, value)), float: 0n };
  return { integer: 0n, float: BITS.getBigUint64(0, true) };
}
