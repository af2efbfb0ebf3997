/**
 * Instructions of x86-64, as functions that return their bytes. Those of the system-call functions are in x64.ts.
 *
 * What must hold: operands are 64 bits wide unless the name says otherwise, and come in Intel's order, the target first. A displacement
 * takes one byte where it fits, as other assemblers encode it.
 *
 * Source: Intel SDM volume 2, chapters 2 (prefixes, ModRM, SIB) and 3 to 5 (opcodes).
 */
import type { Reference } from './assembler.ts';
import { word } from './assembler.ts';

// General registers by their number in an encoding.
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;
export const R8 = 8;
export const R9 = 9;
export const R10 = 10;
export const R11 = 11;
export const R12 = 12;
export const R13 = 13;
export const R14 = 14;
export const R15 = 15;

// Conditions of a jump, by their number in an encoding.
export const BELOW = 2;
export const NOT_BELOW = 3;
export const EQUAL = 4;
export const NOT_EQUAL = 5;
export const ABOVE = 7;

type Bytes = readonly number[];

/** REX: W for 64-bit operands, R and B extend the fields of ModRM. Left out where it says nothing. */
function rex(wide: boolean, reg: number, base: number): Bytes {
  const bits = (wide ? 8 : 0) | ((reg >> 3) << 2) | (base >> 3);
  return bits === 0 ? [] : [0x40 | bits];
}

const fitsByte = (value: number): boolean => value >= -128 && value <= 127;

/** ModRM, SIB and displacement of `[base + displacement]`. */
function memory(reg: number, base: number, displacement: number): Bytes {
  const low = base & 7;
  // A base of rsp or r12 needs a SIB byte; one of rbp or r13 without a displacement would mean another thing.
  const mode = displacement === 0 && low !== RBP ? 0 : fitsByte(displacement) ? 1 : 2;
  const sib = low === RSP ? [0x24] : [];
  const offset = mode === 0 ? [] : mode === 1 ? [displacement & 255] : word(displacement);
  return [(mode << 6) | ((reg & 7) << 3) | low, ...sib, ...offset];
}

const registers = (reg: number, rm: number): number => 0xc0 | ((reg & 7) << 3) | (rm & 7);

/** An opcode with a register and `[base + displacement]`. */
const withMemory = (opcode: Bytes, wide: boolean, reg: number, base: number, displacement: number): Bytes => [
  ...rex(wide, reg, base),
  ...opcode,
  ...memory(reg, base, displacement),
];

/** An opcode with two registers: `rm` and `reg` of ModRM. */
const withRegisters = (opcode: number, reg: number, rm: number): Bytes => [
  ...rex(true, reg, rm),
  opcode,
  registers(reg, rm),
];

/** 83 or 81: an operation, by its number, on a register and a constant. */
const withConstant = (operation: number, register: number, value: number): Bytes => [
  ...rex(true, 0, register),
  fitsByte(value) ? 0x83 : 0x81,
  registers(operation, register),
  ...(fitsByte(value) ? [value & 255] : word(value)),
];

export const push = (register: number): Bytes => [...rex(false, 0, register), 0x50 | (register & 7)];
export const pop = (register: number): Bytes => [...rex(false, 0, register), 0x58 | (register & 7)];

export const mov = (to: number, from: number): Bytes => withRegisters(0x89, from, to);
export const load = (to: number, base: number, at: number): Bytes => withMemory([0x8b], true, to, base, at);
export const store = (base: number, at: number, from: number): Bytes => withMemory([0x89], true, from, base, at);
/** `mov r32, [base + at]`: clears the upper half. */
export const load32 = (to: number, base: number, at: number): Bytes => withMemory([0x8b], false, to, base, at);
export const store32 = (base: number, at: number, from: number): Bytes => withMemory([0x89], false, from, base, at);
/** `movzx r32, byte [base + at]`. */
export const load8 = (to: number, base: number, at: number): Bytes => withMemory([0x0f, 0xb6], false, to, base, at);
/** `mov [base + at], r8`, of al, cl, dl or bl. */
export const store8 = (base: number, at: number, from: number): Bytes => withMemory([0x88], false, from, base, at);
/** `mov qword [base + at], imm32`, extended by its sign. */
export const storeConstant = (base: number, at: number, value: number): Bytes => [
  ...withMemory([0xc7], true, 0, base, at),
  ...word(value),
];
/** `mov r32, imm32`: clears the upper half. */
export const constant = (to: number, value: number): Bytes => [...rex(false, 0, to), 0xb8 | (to & 7), ...word(value)];
/** `movabs r64, imm64`, of an integer that a double holds exactly. */
export const wideConstant = (to: number, value: number): Bytes => [
  ...rex(true, 0, to),
  0xb8 | (to & 7),
  ...word(value % 2 ** 32),
  ...word(Math.floor(value / 2 ** 32)),
];

export const add = (to: number, from: number): Bytes => withRegisters(0x01, from, to);
export const addConstant = (to: number, value: number): Bytes => withConstant(0, to, value);
export const subConstant = (to: number, value: number): Bytes => withConstant(5, to, value);
/** `xor r32, r32` of a register with itself: zero. */
export const zero = (register: number): Bytes => [
  ...rex(false, register, register),
  0x31,
  registers(register, register),
];
export const decrement = (register: number): Bytes => [...rex(true, 0, register), 0xff, registers(1, register)];
export const decrementMemory = (base: number, at: number): Bytes => withMemory([0xff], true, 1, base, at);
/** `lock inc qword [base + at]`: other threads may do the same. */
export const incrementLocked = (base: number, at: number): Bytes => [0xf0, ...withMemory([0xff], true, 0, base, at)];

export const test = (register: number): Bytes => withRegisters(0x85, register, register);
export const compareConstant = (register: number, value: number): Bytes => withConstant(7, register, value);
/** `cmp r64, [base + at]`. */
export const compareMemory = (register: number, base: number, at: number): Bytes =>
  withMemory([0x3b], true, register, base, at);
/** `cmp qword [base + at], 0`. */
export const compareMemoryZero = (base: number, at: number): Bytes => [...withMemory([0x83], true, 7, base, at), 0];

/** `movsd xmm, [base + at]`. */
export const loadDouble = (xmm: number, base: number, at: number): Bytes => [
  0xf2,
  ...withMemory([0x0f, 0x10], false, xmm, base, at),
];
export const storeDouble = (base: number, at: number, xmm: number): Bytes => [
  0xf2,
  ...withMemory([0x0f, 0x11], false, xmm, base, at),
];

export const stmxcsr = (base: number, at: number): Bytes => withMemory([0x0f, 0xae], false, 3, base, at);
export const ldmxcsr = (base: number, at: number): Bytes => withMemory([0x0f, 0xae], false, 2, base, at);
export const fnstcw = (base: number, at: number): Bytes => withMemory([0xd9], false, 7, base, at);
export const fldcw = (base: number, at: number): Bytes => withMemory([0xd9], false, 5, base, at);

/** Stops the process: for a place that is never reached. */
export const ud2 = (): Bytes => [0x0f, 0x0b];
export const callMemory = (base: number, at: number): Bytes => withMemory([0xff], false, 2, base, at);
export const jumpRegister = (register: number): Bytes => [...rex(false, 0, register), 0xff, registers(4, register)];

/** An opcode with a 32-bit distance, counted from the next instruction. */
const relative = (opcode: Bytes, to: string): Reference => ({
  to,
  length: opcode.length + 4,
  encode: (distance) => [...opcode, ...word(distance - opcode.length - 4)],
});
export const call = (to: string): Reference => relative([0xe8], to);
export const jump = (to: string): Reference => relative([0xe9], to);
export const jumpIf = (condition: number, to: string): Reference => relative([0x0f, 0x80 | condition], to);
/** `lea r64, [rip + label]`. */
export const addressOf = (register: number, to: string): Reference =>
  relative([...rex(true, register, 0), 0x8d, ((register & 7) << 3) | 5], to);
