/**
 * The machine code of fibers for x86-64. The address of the thread's cell is a constant in it: the image has no data of its own.
 *
 * What must hold:
 * - A switch saves what a callee must keep: rbx, rbp, r12 to r15, mxcsr and the x87 control word. Everything else is the caller's.
 * - A fiber that is not running has that on its stack, below the address at which it goes on.
 * - A callback touches only rax, r10 and r11 before it knows that it may park: when it is refused, its caller's arguments are as they were.
 *
 * Source: System V ABI, AMD64 supplement, 3.2 (calling convention, registers); sigaction(2) and signal(7).
 */
import { assemble, entry, label, type Part } from '../emit/assembler.ts';
import type { ElfFunction } from '../emit/elf.ts';
import { cvtsi2sd, cvttsd2si, ret, syscall } from '../emit/x64.ts';
import * as i from '../emit/x64-instructions.ts';
import {
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  R8,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15,
  RSI,
  RSP,
} from '../emit/x64-instructions.ts';
import {
  BLOCK,
  CELL,
  DONE,
  FLOAT_REGISTERS,
  PARKED,
  RUNNING,
  SLOT,
  SLOTS,
  SLOT_SIZE,
  STACK_ARGUMENTS,
} from './layout.ts';

const INTEGERS = [RDI, RSI, RDX, RCX, R8, R9] as const;
const KEPT = [RBP, RBX, R12, R13, R14, R15] as const;
/** Bytes of a saved state, with the address at which the fiber goes on. */
const SAVED = 8 * (KEPT.length + 2);

const SYS_WRITE = 1;
const SYS_RT_SIGACTION = 13;
const SIGSEGV = 11;
const STDERR = 2;

const save = (): Part[] => [...KEPT.map(i.push), i.subConstant(RSP, 8), i.stmxcsr(RSP, 0), i.fnstcw(RSP, 4)];

const registers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Switching: to a fiber and back, and what a new fiber begins with. */
const switching = (cell: number): Part[] => [
  // resume(block): runs the fiber until it parks or is done, and returns its state.
  entry('resume'),
  ...save(),
  cvttsd2si(RDI, 0),
  i.wideConstant(R11, cell),
  i.store(R11, CELL.mainStack, RSP),
  i.store(R11, CELL.current, RDI),
  i.storeConstant(RDI, BLOCK.state, RUNNING),
  i.load(RSP, RDI, BLOCK.stackPointer),
  i.load(RAX, RDI, BLOCK.answer),
  i.loadDouble(0, RDI, BLOCK.answerFloat),
  label('restore'),
  i.ldmxcsr(RSP, 0),
  i.fldcw(RSP, 4),
  i.addConstant(RSP, 8),
  ...KEPT.toReversed().map(i.pop),
  ret(),

  // Back to the thread's own stack. A callback comes here by a jump, so that the fiber goes on where it was called.
  label('suspend'),
  ...save(),
  i.wideConstant(R11, cell),
  i.load(RDI, R11, CELL.current),
  i.storeConstant(R11, CELL.current, 0),
  i.store(RDI, BLOCK.stackPointer, RSP),
  i.load(RAX, RDI, BLOCK.state),
  i.load(RSP, R11, CELL.mainStack),
  i.jump('restore'),

  // prepare(block): a state on the empty stack, from which the fiber goes on in `enter`.
  entry('prepare'),
  i.addressOf(RCX, 'enter'),
  i.jump('prepareAt'),
  // prepareRing(block): the same for a fiber of a ring.
  entry('prepareRing'),
  i.addressOf(RCX, 'enterRing'),
  label('prepareAt'),
  cvttsd2si(RDI, 0),
  i.load(RAX, RDI, BLOCK.stackPointer),
  i.subConstant(RAX, SAVED),
  i.store(RDI, BLOCK.stackPointer, RAX),
  // The control words are as they are here; an rbp of 0 ends a debugger's walk.
  i.stmxcsr(RAX, 0),
  i.fnstcw(RAX, 4),
  ...KEPT.map((_, n) => i.storeConstant(RAX, 8 * (n + 1), 0)),
  i.store(RAX, SAVED - 8, RCX),
  ret(),

  // The fiber's first instructions. The stack is aligned to 16, as it must be where a function is called.
  label('enter'),
  i.wideConstant(R12, cell),
  i.load(R12, R12, CELL.current),
  i.load(RCX, R12, BLOCK.stackCount),
  i.test(RCX),
  i.jumpIf(i.EQUAL, 'called'),
  i.subConstant(RSP, 8 * STACK_ARGUMENTS),
  label('copy'),
  i.decrement(RCX),
  i.mov(RAX, RCX),
  ...[0, 0, 0].map(() => i.add(RAX, RAX)), // times 8
  i.mov(RDX, RAX),
  i.add(RAX, R12),
  i.load(RAX, RAX, BLOCK.stackArguments),
  i.add(RDX, RSP),
  i.store(RDX, 0, RAX),
  i.test(RCX),
  i.jumpIf(i.NOT_EQUAL, 'copy'),
  label('called'),
  ...INTEGERS.map((register, n) => i.load(register, R12, BLOCK.integers + 8 * n)),
  ...registers(FLOAT_REGISTERS).map((n) => i.loadDouble(n, R12, BLOCK.floats + 8 * n)),
  i.constant(RAX, FLOAT_REGISTERS), // what a function with `...` wants to know
  i.callMemory(R12, BLOCK.function),
  // The guard: whoever returns from the function comes here, and never further.
  i.store(R12, BLOCK.result, RAX),
  i.storeDouble(R12, BLOCK.resultFloat, 0),
  i.storeConstant(R12, BLOCK.state, DONE),
  i.call('suspend'),
  i.ud2(),
];

/** What C calls: an entry for each slot, and what they have in common. */
const callbacks = (cell: number): Part[] => [
  entry('callbacks'),
  ...registers(SLOTS).flatMap((n) => [
    i.constant(RAX, n * SLOT_SIZE),
    i.jump('callback'),
    [0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc], // to the next multiple of 16
  ]),
  label('callback'),
  i.wideConstant(R11, cell),
  i.add(RAX, R11), // the slot, but for CELL.slots
  i.compareMemoryZero(RAX, CELL.slots + SLOT.open),
  i.jumpIf(i.EQUAL, 'refuse'),
  i.load(R10, R11, CELL.current),
  i.test(R10),
  i.jumpIf(i.EQUAL, 'refuse'),
  // Another thread, or a stack of C's own making.
  i.compareMemory(RSP, R10, BLOCK.low),
  i.jumpIf(i.BELOW, 'refuse'),
  i.compareMemory(RSP, R10, BLOCK.high),
  i.jumpIf(i.NOT_BELOW, 'refuse'),
  i.store(R10, BLOCK.slot, RAX),
  ...INTEGERS.map((register, n) => i.store(R10, BLOCK.callbackIntegers + 8 * n, register)),
  ...registers(FLOAT_REGISTERS).map((n) => i.storeDouble(R10, BLOCK.callbackFloats + 8 * n, n)),
  i.store(R10, BLOCK.callbackStack, RSP),
  i.storeConstant(R10, BLOCK.state, PARKED),
  i.jump('suspend'),

  label('refuse'),
  i.load(R10, RAX, CELL.slots + SLOT.instead),
  i.test(R10),
  i.jumpIf(i.EQUAL, 'fail'),
  i.jumpRegister(R10),
  label('fail'),
  i.store(R11, CELL.refusedSlot, RAX),
  i.incrementLocked(R11, CELL.refused),
  i.loadDouble(0, RAX, CELL.slots + SLOT.failureFloat),
  i.load(RAX, RAX, CELL.slots + SLOT.failure),
  ret(),
];

/** The round-robin scheduler: all of it on the fibers' stacks. */
const ring = (cell: number): Part[] => [
  // runRing(block): the block of whoever calls is one of the ring, and takes its turn until it is alone.
  entry('runRing'),
  i.push(RBX),
  cvttsd2si(RBX, 0),
  i.wideConstant(R11, cell),
  i.store(R11, CELL.current, RBX),
  label('turns'),
  i.compareMemory(RBX, RBX, BLOCK.next),
  i.jumpIf(i.EQUAL, 'alone'),
  i.call('yield'),
  i.jump('turns'),
  label('alone'),
  i.wideConstant(R11, cell),
  i.storeConstant(R11, CELL.current, 0),
  i.pop(RBX),
  ret(),

  // To the next fiber of the ring.
  label('yield'),
  ...save(),
  i.wideConstant(R11, cell),
  i.load(RCX, R11, CELL.current),
  i.store(RCX, BLOCK.stackPointer, RSP),
  i.load(RDX, RCX, BLOCK.next),
  i.store(R11, CELL.current, RDX),
  i.load(RSP, RDX, BLOCK.stackPointer),
  i.jump('restore'),

  label('enterRing'),
  i.wideConstant(RBX, cell),
  i.load(RBX, RBX, CELL.current),
  i.load(RDI, RBX, BLOCK.integers),
  i.callMemory(RBX, BLOCK.function),
  // The guard: out of the ring, and away for ever.
  i.load(RCX, RBX, BLOCK.next),
  i.load(RDX, RBX, BLOCK.previous),
  i.store(RDX, BLOCK.next, RCX),
  i.store(RCX, BLOCK.previous, RDX),
  i.storeConstant(RBX, BLOCK.state, DONE),
  i.call('yield'),
  i.ud2(),

  // printLines(closure): `{ lines, count, descriptor }`, each line `{ address, length }`: writes one, yields, and so on.
  entry('printLines'),
  i.push(R12),
  i.push(R13),
  i.push(RBX),
  i.mov(RBX, RDI),
  i.load(R12, RBX, 0),
  i.load(R13, RBX, 8),
  label('nextLine'),
  i.test(R13),
  i.jumpIf(i.EQUAL, 'noMoreLines'),
  i.constant(RAX, SYS_WRITE),
  i.load(RDI, RBX, 16),
  i.load(RSI, R12, 0),
  i.load(RDX, R12, 8),
  syscall(),
  i.addConstant(R12, 16),
  i.decrement(R13),
  i.call('yield'),
  i.jump('nextLine'),
  label('noMoreLines'),
  i.pop(RBX),
  i.pop(R13),
  i.pop(R12),
  ret(),

  // countDown(closure): `{ count }`: takes one off, yields, until it is 0.
  entry('countDown'),
  i.push(RBX),
  i.mov(RBX, RDI),
  label('count'),
  i.call('yield'),
  i.decrementMemory(RBX, 0),
  i.jumpIf(i.NOT_EQUAL, 'count'),
  i.pop(RBX),
  ret(),
];

/** A stack made by hand, and the first words on it. */
const handmade = (cell: number): Part[] => [
  // swap(stackPointer): goes on at the address that the stack pointer points to.
  entry('swap'),
  ...save(),
  cvttsd2si(RCX, 0),
  i.wideConstant(R11, cell),
  i.store(R11, CELL.mainStack, RSP),
  i.mov(RSP, RCX),
  ret(),

  // Writes what the next three words of the stack say (address, length, descriptor), and goes back to whoever swapped.
  entry('hello'),
  i.pop(RSI),
  i.pop(RDX),
  i.pop(RDI),
  i.constant(RAX, SYS_WRITE),
  syscall(),
  i.wideConstant(R11, cell),
  i.load(RSP, R11, CELL.mainStack),
  i.jump('restore'),
];

/** The handler of SIGSEGV: (signal, siginfo, context), on the alternate stack. */
const overflow = (cell: number): Part[] => [
  entry('onFault'),
  i.wideConstant(R11, cell),
  i.load(R10, R11, CELL.current),
  i.test(R10),
  i.jumpIf(i.EQUAL, 'notOurs'),
  i.load(RAX, RSI, 16), // si_addr
  i.compareMemory(RAX, R10, BLOCK.guardLow),
  i.jumpIf(i.BELOW, 'notOurs'),
  i.compareMemory(RAX, R10, BLOCK.guardHigh),
  i.jumpIf(i.NOT_BELOW, 'notOurs'),
  i.load(RSI, R10, BLOCK.message),
  i.load(RDX, R10, BLOCK.messageLength),
  i.constant(RDI, STDERR),
  i.constant(RAX, SYS_WRITE),
  syscall(),
  // The default action, when the instruction is executed again and faults again. The kernel's struct sigaction, all zeroes.
  label('byDefault'),
  i.subConstant(RSP, 40),
  ...[0, 8, 16, 24].map((at) => i.storeConstant(RSP, at, 0)),
  i.constant(RAX, SYS_RT_SIGACTION),
  i.constant(RDI, SIGSEGV),
  i.mov(RSI, RSP),
  i.zero(RDX),
  i.constant(R10, 8),
  syscall(),
  i.addConstant(RSP, 40),
  ret(),
  label('notOurs'),
  i.load(RAX, R11, CELL.previousHandler),
  i.compareConstant(RAX, 1), // SIG_DFL and SIG_IGN: a fault cannot be ignored
  i.jumpIf(i.ABOVE, 'chain'),
  i.jump('byDefault'),
  label('chain'),
  i.jumpRegister(RAX),
];

/** Reading and writing C's memory, by address; values as doubles, which hold integers up to 2^53 exactly. */
const memory = (): Part[] => {
  const peek = (name: string, read: Part, back: readonly Part[] = []): Part[] => [
    entry(name),
    cvttsd2si(RDI, 0),
    read,
    ...back,
    ret(),
  ];
  const poke = (name: string, write: Part): Part[] => [entry(name), cvttsd2si(RDI, 0), cvttsd2si(RAX, 1), write, ret()];
  return [
    ...peek('peek8', i.load8(RAX, RDI, 0)),
    ...peek('peek32', i.load32(RAX, RDI, 0)),
    ...peek('peek64', i.load(RAX, RDI, 0), [cvtsi2sd(0, RAX)]),
    ...peek('peekDouble', i.loadDouble(0, RDI, 0)),
    ...poke('poke8', i.store8(RDI, 0, RAX)),
    ...poke('poke32', i.store32(RDI, 0, RAX)),
    ...poke('poke64', i.store(RDI, 0, RAX)),
    entry('pokeDouble'),
    cvttsd2si(RDI, 0),
    i.storeDouble(RDI, 0, 1),
    ret(),
  ];
};

/** All functions of the image of a thread whose cell is at that address. */
export function fiberCodeX64(cell: number): ElfFunction[] {
  return assemble('x64', [
    ...switching(cell),
    ...callbacks(cell),
    ...ring(cell),
    ...handmade(cell),
    ...overflow(cell),
    ...memory(),
  ]);
}
