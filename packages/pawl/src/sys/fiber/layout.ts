/**
 * Layouts that the machine code of fibers and TypeScript share: a fiber's block, and a thread's cell with its callback slots.
 *
 * What must hold: blocks and cells are memory that is mapped for the life of the thread. Integers have 64 bits, each field one place.
 */

/** What a fiber's state is. The machine code writes PARKED and DONE. */
export const READY = 0;
export const RUNNING = 1;
/** It waits in a callback for its answer. */
export const PARKED = 2;
/** Its function has returned. */
export const DONE = 3;

/** Arguments in registers: x86-64 has 6 for integers (rdi, rsi, rdx, rcx, r8, r9), aarch64 8 (x0 to x7). Both have 8 for floating point. */
export const INTEGER_REGISTERS = { x64: 6, arm64: 8 } as const;
export const FLOAT_REGISTERS = 8;
/** Arguments that go through the stack, at most. */
export const STACK_ARGUMENTS = 14;

/** Offsets in a fiber's block. */
export const BLOCK = {
  /** The stack pointer while the fiber does not run. */
  stackPointer: 0,
  state: 8,
  /** What it runs. */
  function: 16,
  result: 24,
  resultFloat: 32,
  /** What the callback that it is parked in returns. */
  answer: 40,
  answerFloat: 48,
  /** The address of the slot of that callback. */
  slot: 56,
  /** The bounds of the stack on which a callback may park; both 0 for a fiber that must not. */
  low: 64,
  high: 72,
  guardLow: 80,
  guardHigh: 88,
  /** What to write when the guard is touched. */
  message: 96,
  messageLength: 104,
  /** The ring of the round-robin scheduler. */
  next: 112,
  previous: 120,
  /** The callback's arguments: registers, and where its stack was. */
  callbackStack: 128,
  callbackIntegers: 136,
  callbackFloats: 200,
  /** The function's arguments. */
  integers: 264,
  floats: 328,
  stackCount: 392,
  stackArguments: 400,
} as const;
export const BLOCK_SIZE = 512;

/** Offsets in a thread's cell. */
export const CELL = {
  /** The block of the fiber that runs; 0 while none does. */
  current: 0,
  /** The stack pointer of the thread's own stack while a fiber runs. */
  mainStack: 8,
  /** Callbacks that were refused: closed ones, and those called elsewhere than on a fiber of this thread. */
  refused: 16,
  /** The slot of the last of them. */
  refusedSlot: 24,
  /** The handler of SIGSEGV that was there before ours. */
  previousHandler: 32,
  slots: 64,
} as const;

/** Offsets in a callback's slot. */
export const SLOT = {
  /** Not 0 while the callback is open. */
  open: 0,
  /** What it answers when it is refused. */
  failure: 8,
  failureFloat: 16,
  /** Not 0: the function to go on in when it is refused, with the same arguments. */
  instead: 24,
} as const;
export const SLOT_SHIFT = 5;
export const SLOT_SIZE: number = 1 << SLOT_SHIFT;
/** Callbacks that can be open at once on a thread. */
export const SLOTS = 1024;
export const CELL_SIZE: number = CELL.slots + SLOTS * SLOT_SIZE;

/** Bytes between the entries of two callbacks. */
export const THUNK_SIZE = 16;
