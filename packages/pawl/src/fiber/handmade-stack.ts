/**
 * HandmadeStack: six words that are a stack, for a look at what a stack is.
 *
 * What must hold: the words are the upper end of a larger piece of memory, since a signal may come while the processor stands on them, and the
 * kernel then writes below. They are given back when nobody has the stack any more.
 */
import { arena, type Piece } from '../sys/arena.ts';
import { machine } from '../sys/fiber/machine.ts';
import { checkDescriptor, checkLine } from './types.ts';

const WORDS = 6;
const WORD = 8;
/** For a signal's frame and its handler. */
const BELOW = 64 * 1024;
/** The word at which the stack pointer is put: the address to go on at. The three above are what the code there takes from the stack. */
const START = 2;

const unreachable = new FinalizationRegistry<readonly Piece[]>((pieces) => {
  for (const piece of pieces) arena.release(piece);
});

/** A word of the stack. */
export interface StackWord {
  readonly address: number;
  readonly value: bigint;
  /** What the word is, where it is something. */
  readonly meaning: string;
}

/**
 * A stack of 48 bytes, made by hand: an address to wake up at, and what the code there needs. Swapping to it is what every switch of a fiber is.
 *
 * @example
 * ```ts
 * import { HandmadeStack } from 'pawl/fiber';
 * const stack = new HandmadeStack('I love waking up on a new stack\n');
 * console.log(stack.dump().map(({ meaning }) => meaning).filter(Boolean).join(', '));
 * stack.wake(); // writes the message, on that stack, and comes back to this one
 * ```
 */
export class HandmadeStack {
  readonly #words: DataView;
  readonly #low: number;

  /** `message` is what is written on waking up, to a descriptor (default 1, standard output). Throws UNSUPPORTED_PLATFORM, FFI_DENIED, BAD_ARGUMENT. */
  constructor(message: string, descriptor: number = 1) {
    checkLine(message);
    checkDescriptor(descriptor);
    const { addresses } = machine();
    const text = new TextEncoder().encode(message);
    const written = arena.take(Math.max(text.length, 1));
    written.bytes.set(text);
    const piece = arena.take(BELOW);
    const at = BELOW - WORDS * WORD;
    this.#low = piece.address + at;
    this.#words = new DataView(piece.bytes.buffer, piece.bytes.byteOffset + at, WORDS * WORD);
    const words = [0, 0, addresses.hello, written.address, text.length, descriptor];
    for (const [i, word] of words.entries()) this.#words.setBigUint64(WORD * i, BigInt(word), true);
    unreachable.register(this, [written, piece]);
  }

  /** Its words from the highest address, where a stack begins, to the lowest. */
  dump(): readonly StackWord[] {
    const meanings = ['', '', 'where to go on', 'address of the message', 'length of the message', 'descriptor'];
    return meanings
      .map((meaning, i) => ({
        address: this.#low + WORD * i,
        value: this.#words.getBigUint64(WORD * i, true),
        meaning,
      }))
      .toReversed();
  }

  /** Swaps to it: the processor goes on there, writes the message, and swaps back. */
  wake(): void {
    machine().swap(this.#low + WORD * START);
  }
}
