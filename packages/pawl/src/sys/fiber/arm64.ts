/**
 * The machine code of fibers for aarch64: the same functions as in x64.ts, where each is explained.
 *
 * What must hold: a switch saves x19 to x30 and d8 to d15, and the address to go on at is x30. A callback touches only x9 to x11, x16 and x17
 * before it knows that it may park.
 *
 * Source: AAPCS64, 6.1 (registers) and 6.4 (parameters); the kernel's uapi for aarch64 (asm-generic/unistd.h, asm-generic/signal.h).
 */
import { fcvtzs, ret, scvtf, svc } from '../emit/arm64.ts';
import * as i from '../emit/arm64-instructions.ts';
import { LR, SP } from '../emit/arm64-instructions.ts';
import { assemble, entry, label, type Part } from '../emit/assembler.ts';
import type { ElfFunction } from '../emit/elf.ts';
import { BLOCK, CELL, DONE, PARKED, RUNNING, SLOT, SLOTS, SLOT_SIZE, STACK_ARGUMENTS } from './layout.ts';

const SAVED = 160;
const ZERO = 31; // as an operand of loads, stores and moves

const SYS_WRITE = 64;
const SYS_RT_SIGACTION = 134;
const SIGSEGV = 11;
const STDERR = 2;

const pairs = (first: number, last: number): number[] =>
  Array.from({ length: (last - first + 1) / 2 }, (_, n) => first + 2 * n);
const each = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

const toStack = (register: number): number => i.addImmediate(SP, register, 0);
const fromStack = (register: number): number => i.addImmediate(register, SP, 0);

const save = (): Part[] => [
  i.subImmediate(SP, SP, SAVED),
  ...pairs(19, 30).map((r) => i.stp(r, r + 1, SP, 8 * (r - 19))),
  ...pairs(8, 15).map((d) => i.stpDouble(d, d + 1, SP, 96 + 8 * (d - 8))),
];
/** x16: the cell. */
const theCell = (cell: number, register = 16): readonly number[] => i.address(register, cell);

const switching = (cell: number): Part[] => [
  entry('resume'),
  ...save(),
  fcvtzs(0, 0),
  ...theCell(cell),
  fromStack(9),
  i.str(9, 16, CELL.mainStack),
  i.str(0, 16, CELL.current),
  i.movz(9, RUNNING),
  i.str(9, 0, BLOCK.state),
  i.ldr(9, 0, BLOCK.stackPointer),
  i.ldrDouble(0, 0, BLOCK.answerFloat),
  i.ldr(0, 0, BLOCK.answer),
  toStack(9),
  label('restore'),
  ...pairs(19, 30).map((r) => i.ldp(r, r + 1, SP, 8 * (r - 19))),
  ...pairs(8, 15).map((d) => i.ldpDouble(d, d + 1, SP, 96 + 8 * (d - 8))),
  i.addImmediate(SP, SP, SAVED),
  ret(),

  label('suspend'),
  ...save(),
  ...theCell(cell),
  i.ldr(9, 16, CELL.current),
  i.str(ZERO, 16, CELL.current),
  fromStack(10),
  i.str(10, 9, BLOCK.stackPointer),
  i.ldr(0, 9, BLOCK.state),
  i.ldr(10, 16, CELL.mainStack),
  toStack(10),
  i.b('restore'),

  entry('prepare'),
  i.adr(10, 'enter'),
  i.b('prepareAt'),
  entry('prepareRing'),
  i.adr(10, 'enterRing'),
  label('prepareAt'),
  fcvtzs(0, 0),
  i.ldr(9, 0, BLOCK.stackPointer),
  i.subImmediate(9, 9, SAVED),
  i.str(9, 0, BLOCK.stackPointer),
  ...each(SAVED / 16).map((n) => i.stp(ZERO, ZERO, 9, 16 * n)),
  i.str(10, 9, 8 * (LR - 19)),
  ret(),

  label('enter'),
  ...theCell(cell, 19),
  i.ldr(19, 19, CELL.current),
  i.ldr(9, 19, BLOCK.stackCount),
  i.cbz(9, 'called'),
  i.subImmediate(SP, SP, 8 * STACK_ARGUMENTS),
  label('copy'),
  i.subImmediate(9, 9, 1),
  i.shiftLeft(10, 9, 3),
  i.addRegister(11, 19, 10),
  i.ldr(11, 11, BLOCK.stackArguments),
  fromStack(12),
  i.addRegister(12, 12, 10),
  i.str(11, 12, 0),
  i.cbnz(9, 'copy'),
  label('called'),
  ...pairs(0, 7).map((r) => i.ldp(r, r + 1, 19, BLOCK.integers + 8 * r)),
  ...pairs(0, 7).map((d) => i.ldpDouble(d, d + 1, 19, BLOCK.floats + 8 * d)),
  i.ldr(9, 19, BLOCK.function),
  i.blr(9),
  i.str(0, 19, BLOCK.result),
  i.strDouble(0, 19, BLOCK.resultFloat),
  i.movz(9, DONE),
  i.str(9, 19, BLOCK.state),
  i.bl('suspend'),
  i.brk(),
];

const callbacks = (cell: number): Part[] => [
  entry('callbacks'),
  ...each(SLOTS).flatMap((n) => [i.movz(16, n * SLOT_SIZE), i.b('callback'), 0, 0]), // 16 bytes each
  label('callback'),
  ...theCell(cell, 17),
  i.addRegister(16, 16, 17),
  i.ldr(9, 16, CELL.slots + SLOT.open),
  i.cbz(9, 'refuse'),
  i.ldr(10, 17, CELL.current),
  i.cbz(10, 'refuse'),
  fromStack(11),
  i.ldr(9, 10, BLOCK.low),
  i.compareRegister(11, 9),
  i.bIf(i.LO, 'refuse'),
  i.ldr(9, 10, BLOCK.high),
  i.compareRegister(11, 9),
  i.bIf(i.HS, 'refuse'),
  i.str(16, 10, BLOCK.slot),
  ...pairs(0, 7).map((r) => i.stp(r, r + 1, 10, BLOCK.callbackIntegers + 8 * r)),
  ...pairs(0, 7).map((d) => i.stpDouble(d, d + 1, 10, BLOCK.callbackFloats + 8 * d)),
  i.str(11, 10, BLOCK.callbackStack),
  i.movz(9, PARKED),
  i.str(9, 10, BLOCK.state),
  i.b('suspend'),

  label('refuse'),
  i.ldr(9, 16, CELL.slots + SLOT.instead),
  i.cbz(9, 'fail'),
  i.br(9),
  label('fail'),
  i.str(16, 17, CELL.refusedSlot),
  i.addImmediate(10, 17, CELL.refused),
  label('again'),
  i.ldaxr(9, 10),
  i.addImmediate(9, 9, 1),
  i.stlxr(11, 9, 10),
  i.cbnz(11, 'again'),
  i.ldrDouble(0, 16, CELL.slots + SLOT.failureFloat),
  i.ldr(0, 16, CELL.slots + SLOT.failure),
  ret(),
];

const ring = (cell: number): Part[] => [
  entry('runRing'),
  i.subImmediate(SP, SP, 16),
  i.stp(19, LR, SP, 0),
  fcvtzs(19, 0),
  ...theCell(cell),
  i.str(19, 16, CELL.current),
  label('turns'),
  i.ldr(9, 19, BLOCK.next),
  i.compareRegister(9, 19),
  i.bIf(i.EQ, 'alone'),
  i.bl('yield'),
  i.b('turns'),
  label('alone'),
  ...theCell(cell),
  i.str(ZERO, 16, CELL.current),
  i.ldp(19, LR, SP, 0),
  i.addImmediate(SP, SP, 16),
  ret(),

  label('yield'),
  ...save(),
  ...theCell(cell),
  i.ldr(9, 16, CELL.current),
  fromStack(10),
  i.str(10, 9, BLOCK.stackPointer),
  i.ldr(11, 9, BLOCK.next),
  i.str(11, 16, CELL.current),
  i.ldr(10, 11, BLOCK.stackPointer),
  toStack(10),
  i.b('restore'),

  label('enterRing'),
  ...theCell(cell, 19),
  i.ldr(19, 19, CELL.current),
  i.ldr(0, 19, BLOCK.integers),
  i.ldr(9, 19, BLOCK.function),
  i.blr(9),
  i.ldr(9, 19, BLOCK.next),
  i.ldr(10, 19, BLOCK.previous),
  i.str(9, 10, BLOCK.next),
  i.str(10, 9, BLOCK.previous),
  i.movz(9, DONE),
  i.str(9, 19, BLOCK.state),
  i.bl('yield'),
  i.brk(),

  entry('printLines'),
  i.subImmediate(SP, SP, 32),
  i.stp(19, 20, SP, 0),
  i.stp(21, LR, SP, 16),
  i.movRegister(19, 0),
  i.ldr(20, 19, 0),
  i.ldr(21, 19, 8),
  label('nextLine'),
  i.cbz(21, 'noMoreLines'),
  i.movz(8, SYS_WRITE),
  i.ldr(0, 19, 16),
  i.ldp(1, 2, 20, 0),
  svc(),
  i.addImmediate(20, 20, 16),
  i.subImmediate(21, 21, 1),
  i.bl('yield'),
  i.b('nextLine'),
  label('noMoreLines'),
  i.ldp(19, 20, SP, 0),
  i.ldp(21, LR, SP, 16),
  i.addImmediate(SP, SP, 32),
  ret(),

  entry('countDown'),
  i.subImmediate(SP, SP, 16),
  i.stp(19, LR, SP, 0),
  i.movRegister(19, 0),
  label('count'),
  i.bl('yield'),
  i.ldr(9, 19, 0),
  i.subImmediate(9, 9, 1),
  i.str(9, 19, 0),
  i.cbnz(9, 'count'),
  i.ldp(19, LR, SP, 0),
  i.addImmediate(SP, SP, 16),
  ret(),
];

const handmade = (cell: number): Part[] => [
  entry('swap'),
  ...save(),
  fcvtzs(9, 0),
  ...theCell(cell),
  fromStack(10),
  i.str(10, 16, CELL.mainStack),
  toStack(9),
  i.ldr(LR, SP, 0), // what `ret` does by itself on x86-64
  ret(),

  entry('hello'),
  i.ldp(1, 2, SP, 8),
  i.ldr(0, SP, 24),
  i.movz(8, SYS_WRITE),
  svc(),
  ...theCell(cell),
  i.ldr(9, 16, CELL.mainStack),
  toStack(9),
  i.b('restore'),
];

const overflow = (cell: number): Part[] => [
  entry('onFault'),
  ...theCell(cell),
  i.ldr(10, 16, CELL.current),
  i.cbz(10, 'notOurs'),
  i.ldr(9, 1, 16), // si_addr
  i.ldr(11, 10, BLOCK.guardLow),
  i.compareRegister(9, 11),
  i.bIf(i.LO, 'notOurs'),
  i.ldr(11, 10, BLOCK.guardHigh),
  i.compareRegister(9, 11),
  i.bIf(i.HS, 'notOurs'),
  i.ldp(1, 2, 10, BLOCK.message),
  i.movz(0, STDERR),
  i.movz(8, SYS_WRITE),
  svc(),
  label('byDefault'),
  i.subImmediate(SP, SP, 32),
  i.stp(ZERO, ZERO, SP, 0),
  i.stp(ZERO, ZERO, SP, 16),
  i.movz(0, SIGSEGV),
  fromStack(1),
  i.movz(2, 0),
  i.movz(3, 8),
  i.movz(8, SYS_RT_SIGACTION),
  svc(),
  i.addImmediate(SP, SP, 32),
  ret(),
  label('notOurs'),
  i.ldr(9, 16, CELL.previousHandler),
  i.compareImmediate(9, 1),
  i.bIf(i.HI, 'chain'),
  i.b('byDefault'),
  label('chain'),
  i.br(9),
];

const memory = (): Part[] => {
  const peek = (name: string, ...read: readonly Part[]): Part[] => [entry(name), fcvtzs(0, 0), ...read, ret()];
  const poke = (name: string, write: Part): Part[] => [entry(name), fcvtzs(0, 0), fcvtzs(1, 1), write, ret()];
  return [
    ...peek('peek8', i.ldrByte(0, 0, 0)),
    ...peek('peek32', i.ldrWord(0, 0, 0)),
    ...peek('peek64', i.ldr(0, 0, 0), scvtf(0, 0)),
    ...peek('peekDouble', i.ldrDouble(0, 0, 0)),
    ...poke('poke8', i.strByte(1, 0, 0)),
    ...poke('poke32', i.strWord(1, 0, 0)),
    ...poke('poke64', i.str(1, 0, 0)),
    entry('pokeDouble'),
    fcvtzs(0, 0),
    i.strDouble(1, 0, 0),
    ret(),
  ];
};

/** All functions of the image of a thread whose cell is at that address. */
export function fiberCodeArm64(cell: number): ElfFunction[] {
  return assemble('arm64', [
    ...switching(cell),
    ...callbacks(cell),
    ...ring(cell),
    ...handmade(cell),
    ...overflow(cell),
    ...memory(),
  ]);
}
