/**
 * Activation: one run of a C function on a fiber, for whoever drives it: a future, or a plain call.
 *
 * What must hold: every resume happens on the thread's own stack. What C has been given (texts, memory) is kept until it has returned. The
 * first error decides the outcome: after it, C is answered the failure value at every callback. The stack goes back when C has left it, and
 * never before.
 */
import { PawlError } from '../error/index.ts';
import { arena, type Piece } from '../sys/arena.ts';
import { type Fiber, giveFiber, type Message, takeFiber } from '../sys/fiber/fiber.ts';
import { BLOCK, DONE } from '../sys/fiber/layout.ts';
import { slotOwner, takeRefused } from '../sys/fiber/slots.ts';
import { DEFAULT_STACK, stackSize } from '../sys/fiber/stack.ts';
import type { CFunction } from './c-function.ts';
import { overflowMessage } from './c-function.ts';
import { Callback } from './callback.ts';
import { argumentOffset, callbackArgument, readBlock, resultOffset, writeBlock } from './encode.ts';
import { Memory, takePiece } from './memory.ts';
import { checkName, checkObject, checkValue, type Place } from './types.ts';

/** How a C function is run. */
export interface CallOptions {
  /** For errors, dumps, and the message of an overflow. Default: the function's name. */
  readonly name?: string;
  /** Bytes of the stack, from 16 KiB to 1 GiB, in whole pages. Default 256 KiB. */
  readonly stackSize?: number;
  /** Measures how much of the stack is used, which costs some 10 µs. Default false. */
  readonly measureStack?: boolean;
}

/** What C holds until its function returns. */
interface Held {
  readonly pieces: Piece[];
  readonly memories: Memory[];
}

const whyRefused = (name: string): string =>
  `C has called callback "${name}" where it must not: after it was closed, or elsewhere than on a fiber of its thread`;

export class Activation {
  readonly fn: CFunction;
  readonly name: string;
  /** The callback in which the fiber is parked, after a run that did not end. */
  callback: Callback | null = null;
  failed = false;
  error: unknown = undefined;
  /** Bytes of the stack that were in use, in whole pages; 0 unless it was asked for. */
  stackUsed = 0;
  readonly #measure: boolean;
  readonly #size: number;
  #args: readonly unknown[];
  #fiber: Fiber | null = null;
  readonly #held: Held = { pieces: [], memories: [] };

  /** Throws BAD_ARGUMENT when an argument or an option does not fit. */
  constructor(fn: CFunction, args: readonly unknown[], options: CallOptions) {
    checkObject(() => 'the options of a call', options);
    checkName('a call', options.name);
    this.fn = fn;
    this.name = options.name ?? fn.name;
    this.#measure = options.measureStack ?? false;
    this.#size = stackSize(options.stackSize ?? DEFAULT_STACK);
    this.#args = args;
    const { places } = fn;
    if (args.length !== places.length) {
      throw new PawlError('BAD_ARGUMENT', `${fn.name} takes ${places.length} arguments, got ${args.length}`);
    }
    for (const [i, { type }] of places.entries()) {
      checkValue(() => `${fn.name}: argument ${i + 1}`, type, args[i]);
    }
  }

  /**
   * Runs to the first callback: true when C has returned. What was refused before, on this thread's own stack or another thread, is no
   * fault of this call: it is reported. Throws CLOSED when an argument must not be used any more, ENOMEM.
   */
  begin(): boolean {
    const stray = takeRefused();
    if (stray !== null) process.emitWarning(whyRefused(stray), { type: 'PawlWarning', code: 'CALLBACK_REFUSED' });
    const fiber = takeFiber(this.#size);
    let begun = false;
    try {
      if (this.#measure) fiber.stack.clear();
      fiber.ready(this.fn.addressForC, this.#message());
      this.#write(fiber);
      begun = true;
    } finally {
      if (!begun) {
        giveFiber(fiber);
        this.#release();
      }
    }
    this.#fiber = fiber;
    return this.#run(fiber);
  }

  /** C's result. Call it once it has returned without an error. */
  get result(): unknown {
    return this.#result;
  }
  #result: unknown = undefined;

  /** Asks the function of the callback in which the fiber is parked: an answer, or a future or a generator that will have one. */
  ask(): unknown {
    const { answer, places } = this.callback!;
    const fiber = this.#fiber!;
    // Without an array for the shapes that are called most: it would be a quarter of all that a park costs.
    switch (places.length) {
      case 0:
        return answer();
      case 1:
        return answer(callbackArgument(fiber, places[0]!));
      case 2:
        return answer(callbackArgument(fiber, places[0]!), callbackArgument(fiber, places[1]!));
      default:
        return answer(...places.map((place) => callbackArgument(fiber, place)));
    }
  }

  /** Answers the callback and runs to the next one: true when C has returned. */
  answer(value: unknown): boolean {
    const { returns, answerAt } = this.callback!;
    writeBlock(this.#fiber!, answerAt, returns, value);
    return this.#run(this.#fiber!);
  }

  /** The same with the value that says that the callback has failed. */
  answerFailure(): boolean {
    return this.answer(this.callback!.failure);
  }

  /** The call has failed: the first error is what counts. */
  fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.error = error;
  }

  /** C will never return: everything that it may still use stays as it is, for ever. */
  abandon(): unknown {
    const left = [this.#fiber, this.#held, this.callback];
    this.#fiber = null;
    return left;
  }

  #run(fiber: Fiber): boolean {
    const state = fiber.resume();
    const refused = takeRefused();
    if (refused !== null) this.fail(new PawlError('CLOSED', whyRefused(refused)));
    if (state !== DONE) {
      this.callback = slotOwner(fiber.slot) as Callback;
      return false;
    }
    this.callback = null;
    const type = this.fn.returns;
    if (!this.failed) this.#result = readBlock(fiber, resultOffset(type), type);
    if (this.#measure) this.stackUsed = fiber.stack.highWater;
    this.#fiber = null;
    giveFiber(fiber);
    this.#release();
    return true;
  }

  #write(fiber: Fiber): void {
    const { places } = this.fn;
    let onStack = 0;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as Place;
      let value = this.#args[i];
      if (place.where === 'stack') onStack++;
      if (value instanceof Memory) {
        value.pin();
        this.#held.memories.push(value);
      } else if (typeof value === 'string') value = this.#text(value);
      const type = place.type === 'string' ? 'pointer' : place.type;
      writeBlock(fiber, argumentOffset(place), type, value);
    }
    fiber.i32[BLOCK.stackCount / 4] = onStack;
    this.#args = [];
  }

  #message(): Message {
    if (this.name === this.fn.name) return this.fn.overflowMessage();
    const piece = overflowMessage(this.name);
    this.#held.pieces.push(piece);
    return { address: piece.address, length: piece.bytes.indexOf(0x0a) + 1 };
  }

  /** A copy of a text that lives until C has returned: its address. */
  #text(value: string): number {
    const bytes = new TextEncoder().encode(value);
    const piece = takePiece(bytes.length + 1);
    this.#held.pieces.push(piece);
    piece.bytes.set(bytes);
    piece.bytes[bytes.length] = 0;
    return piece.address;
  }

  #release(): void {
    for (const piece of this.#held.pieces) arena.release(piece);
    for (const memory of this.#held.memories) memory.unpin();
    this.#held.pieces.length = 0;
    this.#held.memories.length = 0;
  }
}
