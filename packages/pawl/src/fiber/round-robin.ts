/**
 * RoundRobin: a scheduler for fibers of machine code, with nothing of JavaScript's in it while it runs.
 *
 * What must hold: fibers are in a ring with whoever runs them. A fiber that yields goes on in the next one; one that returns comes to the guard,
 * which takes it out of the ring. Nothing that a fiber uses is given back before the ring is empty, or nobody has the scheduler any more.
 */
import { PawlError } from '../error/index.ts';
import { arena, type Piece } from '../sys/arena.ts';
import { Fiber, giveFiber, takeFiber } from '../sys/fiber/fiber.ts';
import { BLOCK, BLOCK_SIZE } from '../sys/fiber/layout.ts';
import { machine } from '../sys/fiber/machine.ts';
import { stackSize } from '../sys/fiber/stack.ts';
import { checkDescriptor, checkLine, describe } from './types.ts';

/** Enough for machine code that calls nothing. */
const STACK = 16 * 1024;

/** Bytes of a line: its address and length. */
const LINE = 16;

/** What a scheduler holds: its fibers, what they use, and the place of whoever runs the ring. */
interface Holding {
  readonly fibers: Fiber[];
  readonly pieces: Piece[];
  readonly base: Piece;
}

function letGo({ fibers, pieces }: Holding): void {
  for (const fiber of fibers) giveFiber(fiber);
  for (const piece of pieces) arena.release(piece);
  fibers.length = 0;
  pieces.length = 0;
}

const unreachable = new FinalizationRegistry<Holding>((holding) => {
  letGo(holding);
  arena.release(holding.base);
});

/**
 * A cooperative scheduler: each fiber runs until it yields, then the next one, round and round, until all have returned. What a fiber runs is
 * machine code with an environment, as a closure is a function with its variables. Two such bodies exist: one prints lines, one counts.
 *
 * `run` blocks the thread until every fiber has returned. It may be used again afterwards.
 *
 * @example
 * ```ts
 * import { RoundRobin } from 'pawl/fiber';
 * const scheduler = new RoundRobin();
 * scheduler.spawnLines(['fiber 1, step 1\n', 'fiber 1, step 2\n']);
 * scheduler.spawnLines(['fiber 2, step 1\n']);
 * scheduler.run(); // 1.1, 2.1, 1.2
 * ```
 */
export class RoundRobin {
  readonly #holding: Holding;
  /** The address of the base. */
  readonly #base: number;
  readonly #baseView: DataView;
  /** The address of the block before the base: the last one in turn. */
  #last: Fiber | null = null;
  #running = false;

  /** Throws UNSUPPORTED_PLATFORM, FFI_DENIED. */
  constructor() {
    machine();
    const piece = arena.take(BLOCK_SIZE);
    piece.bytes.fill(0);
    this.#holding = { fibers: [], pieces: [], base: piece };
    unreachable.register(this, this.#holding);
    this.#base = piece.address;
    this.#baseView = new DataView(piece.bytes.buffer, piece.bytes.byteOffset, BLOCK_SIZE);
    this.#alone();
  }

  /** Fibers that have not run to their ends. */
  get size(): number {
    return this.#holding.fibers.length;
  }

  /**
   * Adds a fiber that writes one line after another to a descriptor (default 1, standard output), and yields after each. Lines are written by
   * the system call itself: nothing is added to them, and nothing is retried. Throws BAD_ARGUMENT.
   */
  spawnLines(lines: readonly string[], descriptor: number = 1): void {
    if (!Array.isArray(lines)) throw new PawlError('BAD_ARGUMENT', `lines come in an array, got ${describe(lines)}`);
    for (const line of lines) checkLine(line);
    checkDescriptor(descriptor);
    const texts = lines.map((line: string) => new TextEncoder().encode(line));
    const table = this.#take(Math.max(LINE * texts.length, 1));
    const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.length);
    for (const [i, bytes] of texts.entries()) {
      const text = this.#take(Math.max(bytes.length, 1));
      text.bytes.set(bytes);
      view.setBigUint64(LINE * i, BigInt(text.address), true);
      view.setBigUint64(LINE * i + 8, BigInt(bytes.length), true);
    }
    this.#spawn(machine().addresses.printLines, [table.address, texts.length, descriptor]);
  }

  /** Adds a fiber that yields `times` times (at least once), and does nothing else. */
  spawnCounter(times: number): void {
    if (!Number.isSafeInteger(times) || times < 1) {
      throw new PawlError('BAD_ARGUMENT', `a counter begins with a positive integer, got ${String(times)}`);
    }
    this.#spawn(machine().addresses.countDown, [times]);
  }

  /** Runs all fibers to their ends. */
  run(): void {
    if (this.#running) throw new PawlError('BUSY', 'the scheduler is running');
    this.#running = true;
    try {
      machine().runRing(this.#base);
    } finally {
      this.#running = false;
    }
    letGo(this.#holding);
    this.#alone();
  }

  #alone(): void {
    this.#last = null;
    this.#baseView.setBigUint64(BLOCK.next, BigInt(this.#base), true);
    this.#baseView.setBigUint64(BLOCK.previous, BigInt(this.#base), true);
  }

  /** A piece that lives until the ring is empty. */
  #take(size: number): Piece {
    const piece = arena.take(size);
    this.#holding.pieces.push(piece);
    return piece;
  }

  #spawn(code: number, environment: readonly number[]): void {
    const closure = this.#take(8 * environment.length);
    const words = new DataView(closure.bytes.buffer, closure.bytes.byteOffset, closure.bytes.length);
    for (const [i, value] of environment.entries()) words.setBigUint64(8 * i, BigInt(value), true);
    const fiber = takeFiber(stackSize(STACK));
    fiber.readyForRing(code, closure.address);
    const before = this.#last;
    fiber.setAddress(BLOCK.previous, before?.block ?? this.#base);
    fiber.setAddress(BLOCK.next, this.#base);
    if (before === null) this.#baseView.setBigUint64(BLOCK.next, BigInt(fiber.block), true);
    else before.setAddress(BLOCK.next, fiber.block);
    this.#baseView.setBigUint64(BLOCK.previous, BigInt(fiber.block), true);
    this.#last = fiber;
    this.#holding.fibers.push(fiber);
  }
}
