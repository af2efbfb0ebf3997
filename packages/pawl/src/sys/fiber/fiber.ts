/**
 * Fiber: a stack, and the block by which TypeScript and the machine code on that stack speak to each other.
 *
 * What must hold: JavaScript runs on the thread's own stack only. A fiber runs while `resume` does, and is PARKED or DONE when that returns. One that
 * is parked has C's frames on its stack: it is used again only after it is DONE. The block is memory of the arena, and outlives everything.
 */
import { isMainThread } from 'node:worker_threads';
import { arena, type Piece } from '../arena.ts';
import { guardFaults } from './fault.ts';
import { BLOCK, BLOCK_SIZE, INTEGER_REGISTERS, READY, SLOT_SHIFT } from './layout.ts';
import { machine, type Machine } from './machine.ts';
import { type Stack, stacks } from './stack.ts';

const WORD = 2 ** 32;

/** Text in memory that C and the kernel may read. */
export interface Message {
  readonly address: number;
  readonly length: number;
}

export class Fiber {
  readonly stack: Stack;
  /** The address of its block. */
  readonly block: number;
  readonly machine: Machine;
  readonly #piece: Piece;
  /** The lower half of the cell's address. */
  readonly #cell: number;
  /** The block, in words of each kind. An index is an offset divided by the word's size. */
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly i64: BigInt64Array;

  constructor(stack: Stack) {
    this.machine = machine();
    guardFaults(this.machine);
    this.stack = stack;
    this.#cell = this.machine.cell % WORD;
    this.#piece = arena.take(BLOCK_SIZE);
    const { address, bytes } = this.#piece;
    this.block = address;
    const { buffer, byteOffset } = bytes;
    this.i32 = new Int32Array(buffer, byteOffset, BLOCK_SIZE / 4);
    this.u32 = new Uint32Array(buffer, byteOffset, BLOCK_SIZE / 4);
    this.f32 = new Float32Array(buffer, byteOffset, BLOCK_SIZE / 4);
    this.f64 = new Float64Array(buffer, byteOffset, BLOCK_SIZE / 8);
    this.i64 = new BigInt64Array(buffer, byteOffset, BLOCK_SIZE / 8);
    bytes.fill(0);
    this.setAddress(BLOCK.guardLow, stack.guard);
    this.setAddress(BLOCK.guardHigh, stack.low);
  }

  /** Makes it ready to run a function, whose arguments are set by then or after. */
  ready(address: number, message: Message): void {
    this.#start(address);
    this.setAddress(BLOCK.low, this.stack.low);
    this.setAddress(BLOCK.high, this.stack.high);
    this.setAddress(BLOCK.message, message.address);
    this.setAddress(BLOCK.messageLength, message.length);
    this.i32[BLOCK.stackCount / 4] = 0;
    this.machine.prepare(this.block);
  }

  /** Makes it ready to run machine code of a ring, which must not be parked in a callback. */
  readyForRing(address: number, environment: number): void {
    this.#start(address);
    this.setAddress(BLOCK.low, 0);
    this.setAddress(BLOCK.high, 0);
    this.setAddress(BLOCK.messageLength, 0);
    this.setAddress(BLOCK.integers, environment);
    this.machine.prepareRing(this.block);
  }

  #start(address: number): void {
    this.setAddress(BLOCK.function, address);
    this.setAddress(BLOCK.stackPointer, this.stack.high);
    this.i32[BLOCK.state / 4] = READY;
  }

  /** A non-negative integer of up to 53 bits, as an address is. */
  setAddress(offset: number, value: number): void {
    this.u32[offset / 4] = value % WORD;
    this.u32[offset / 4 + 1] = Math.floor(value / WORD);
  }

  address(offset: number): number {
    return this.u32[offset / 4]! + this.u32[offset / 4 + 1]! * WORD;
  }

  /** Runs it until it parks or is done: its state. */
  resume(): number {
    return this.machine.resume(this.block);
  }

  /** The number of the slot of the callback in which it is parked. */
  get slot(): number {
    // The lower halves are enough: a cell has less than 2^32 bytes.
    return (this.u32[BLOCK.slot / 4]! - this.#cell) >>> SLOT_SHIFT;
  }

  /** Its stack has been unmapped: the block goes back to the arena. */
  retire(): void {
    arena.release(this.#piece);
  }

  /** Where the arguments of the callback begin that have gone through the stack. On x86-64 the address to return to comes first. */
  get callbackStackArguments(): number {
    return this.address(BLOCK.callbackStack) + (this.machine.arch === 'x64' ? 8 : 0);
  }
}

/** How many integers this processor passes in registers. */
export function integerRegisters(): number {
  return INTEGER_REGISTERS[machine().arch];
}

/** Fibers whose stacks are in the pool wait with them: their blocks and views are made once. */
const idle = new Map<Stack, Fiber>();

let draining = false;

/** A fiber on a stack of the pool. `size` is a result of `stackSize`. Throws ENOMEM. */
export function takeFiber(size: number): Fiber {
  if (!draining) {
    draining = true;
    // The process goes on without a worker, and must not keep its stacks.
    if (!isMainThread) process.once('exit', drainFibers);
  }
  const stack = stacks.take(size);
  const known = idle.get(stack);
  if (known === undefined) return new Fiber(stack);
  idle.delete(stack);
  return known;
}

/** Gives a fiber back that is DONE, or was never resumed. */
export function giveFiber(fiber: Fiber): void {
  if (stacks.give(fiber.stack)) idle.set(fiber.stack, fiber);
  else fiber.retire();
}

/** Unmaps every stack that is not in use. */
export function drainFibers(): void {
  stacks.drain();
  for (const fiber of idle.values()) fiber.retire();
  idle.clear();
}
