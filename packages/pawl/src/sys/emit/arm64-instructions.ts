/**
 * Instructions of aarch64, as functions that return their word. Those of the system-call functions are in arm64.ts.
 *
 * What must hold: operands are 64 bits wide unless the name says otherwise, the target comes first; register 31 is the zero register or the
 * stack pointer, as the instruction has it. Offsets are multiples of the operand's size.
 *
 * Source: Arm ARM (DDI 0487), C6.2 and C7.2 (encodings), C1.2.4 (condition codes).
 */
import type { Reference } from './assembler.ts';
import { word } from './assembler.ts';

export const SP = 31;
export const LR = 30;

// Condition codes.
export const EQ = 0;
export const HS = 2;
export const LO = 3;
export const HI = 8;

const pair = (opcode: number, first: number, second: number, base: number, at: number): number =>
  opcode | (((at / 8) & 0x7f) << 15) | (second << 10) | (base << 5) | first;
const scaled = (opcode: number, size: number, register: number, base: number, at: number): number =>
  opcode | ((at / size) << 10) | (base << 5) | register;

export const stp = (first: number, second: number, base: number, at: number): number =>
  pair(0xa9000000, first, second, base, at);
export const ldp = (first: number, second: number, base: number, at: number): number =>
  pair(0xa9400000, first, second, base, at);
export const stpDouble = (first: number, second: number, base: number, at: number): number =>
  pair(0x6d000000, first, second, base, at);
export const ldpDouble = (first: number, second: number, base: number, at: number): number =>
  pair(0x6d400000, first, second, base, at);

export const ldr = (to: number, base: number, at: number): number => scaled(0xf9400000, 8, to, base, at);
export const str = (from: number, base: number, at: number): number => scaled(0xf9000000, 8, from, base, at);
export const ldrWord = (to: number, base: number, at: number): number => scaled(0xb9400000, 4, to, base, at);
export const strWord = (from: number, base: number, at: number): number => scaled(0xb9000000, 4, from, base, at);
export const ldrByte = (to: number, base: number, at: number): number => scaled(0x39400000, 1, to, base, at);
export const strByte = (from: number, base: number, at: number): number => scaled(0x39000000, 1, from, base, at);
export const ldrDouble = (d: number, base: number, at: number): number => scaled(0xfd400000, 8, d, base, at);
export const strDouble = (d: number, base: number, at: number): number => scaled(0xfd000000, 8, d, base, at);

/** `mov xd, xm`; neither may be the stack pointer. */
export const movRegister = (to: number, from: number): number => 0xaa0003e0 | (from << 16) | to;
/** `add xd, xn, #imm12`: also how the stack pointer is moved (with 0). */
export const addImmediate = (to: number, from: number, value: number): number =>
  0x91000000 | (value << 10) | (from << 5) | to;
export const subImmediate = (to: number, from: number, value: number): number =>
  0xd1000000 | (value << 10) | (from << 5) | to;
export const addRegister = (to: number, a: number, b: number): number => 0x8b000000 | (b << 16) | (a << 5) | to;
/** `lsl xd, xn, #shift`. */
export const shiftLeft = (to: number, from: number, shift: number): number =>
  0xd3400000 | (((64 - shift) & 63) << 16) | ((63 - shift) << 10) | (from << 5) | to;
/** `movz xd, #imm16, lsl #(16 * half)`. */
export const movz = (to: number, value: number, half: number = 0): number =>
  0xd2800000 | (half << 21) | (value << 5) | to;
export const movk = (to: number, value: number, half: number): number => 0xf2800000 | (half << 21) | (value << 5) | to;
/** An address below 2^48, in three instructions. */
export const address = (to: number, value: number): readonly number[] => [
  movz(to, value % 2 ** 16),
  movk(to, Math.floor(value / 2 ** 16) % 2 ** 16, 1),
  movk(to, Math.floor(value / 2 ** 32) % 2 ** 16, 2),
];

export const compareRegister = (a: number, b: number): number => (0xeb00001f | (b << 16) | (a << 5)) >>> 0;
export const compareImmediate = (register: number, value: number): number =>
  (0xf100001f | (value << 10) | (register << 5)) >>> 0;

/** `ldaxr`, `stlxr`: a load that watches its address, a store that succeeds (0 in `status`) if nobody else has stored since. */
export const ldaxr = (to: number, base: number): number => 0xc85ffc00 | (base << 5) | to;
export const stlxr = (status: number, from: number, base: number): number =>
  0xc800fc00 | (status << 16) | (base << 5) | from;

export const br = (register: number): number => 0xd61f0000 | (register << 5);
export const blr = (register: number): number => 0xd63f0000 | (register << 5);
/** Stops the process: for a place that is never reached. */
export const brk = (): number => 0xd4200020;

const relative = (to: string, encode: (words: number) => number): Reference => ({
  to,
  length: 4,
  encode: (distance) => word(encode(distance / 4)),
});
export const b = (to: string): Reference => relative(to, (words) => 0x14000000 | (words & 0x3ffffff));
export const bl = (to: string): Reference => relative(to, (words) => 0x94000000 | (words & 0x3ffffff));
export const bIf = (condition: number, to: string): Reference =>
  relative(to, (words) => 0x54000000 | ((words & 0x7ffff) << 5) | condition);
export const cbz = (register: number, to: string): Reference =>
  relative(to, (words) => 0xb4000000 | ((words & 0x7ffff) << 5) | register);
export const cbnz = (register: number, to: string): Reference =>
  relative(to, (words) => 0xb5000000 | ((words & 0x7ffff) << 5) | register);
/** `adr xd, label`, within a megabyte. */
export const adr = (register: number, to: string): Reference => ({
  to,
  length: 4,
  encode: (distance) => word(0x10000000 | ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5) | register),
});
