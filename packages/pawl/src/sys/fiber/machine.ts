/**
 * Machine: the machine code of fibers as this thread has loaded it, and the thread's cell.
 *
 * What must hold: made once a thread, when its first fiber is; the image and the cell stay mapped after the thread's end, since C may know the
 * addresses of callbacks and the kernel that of the handler. `resume` runs on the thread's own stack, and never within itself.
 */
import { PawlError } from '../../error/index.ts';
import { emitElf } from '../emit/elf.ts';
import { loadLastingImage } from '../emit/index.ts';
import { check } from '../errno.ts';
import { viewMemory } from '../ffi/index.ts';
import { currentArch, type Arch } from '../linux.ts';
import { mmap } from '../syscalls/index.ts';
import { fiberCodeArm64 } from './arm64.ts';
import { CELL_SIZE } from './layout.ts';
import { fiberCodeX64 } from './x64.ts';

const D = 'float64';
const I = 'int32';
const FUNCTIONS = {
  resume: { return: I, arguments: [D] },
  prepare: { return: 'void', arguments: [D] },
  prepareRing: { return: 'void', arguments: [D] },
  runRing: { return: 'void', arguments: [D] },
  swap: { return: 'void', arguments: [D] },
  peek8: { return: I, arguments: [D] },
  peek32: { return: I, arguments: [D] },
  peek64: { return: D, arguments: [D] },
  peekDouble: { return: D, arguments: [D] },
  poke8: { return: 'void', arguments: [D, D] },
  poke32: { return: 'void', arguments: [D, D] },
  poke64: { return: 'void', arguments: [D, D] },
  pokeDouble: { return: 'void', arguments: [D, D] },
} as const;

/** Functions that only C, the kernel or a fiber calls. */
const ADDRESSES = ['callbacks', 'printLines', 'countDown', 'hello', 'onFault'] as const;

export interface Machine {
  readonly arch: Arch;
  /** Where the cell is. */
  readonly cell: number;
  /** The cell. */
  readonly view: DataView;
  /** The same in words of 32 bits. */
  readonly words: Uint32Array;
  /** Runs the fiber of that block until it parks or is done: its state. */
  readonly resume: (block: number) => number;
  /** Puts the first state onto a fiber's empty stack. */
  readonly prepare: (block: number) => void;
  readonly prepareRing: (block: number) => void;
  readonly runRing: (block: number) => void;
  readonly swap: (stackPointer: number) => void;
  /** Reads and writes of C's memory. An address that is not mapped ends the process. */
  readonly peek8: (address: number) => number;
  readonly peek32: (address: number) => number;
  /** As a signed integer; exact up to 2^53, and so for every address. */
  readonly peek64: (address: number) => number;
  readonly peekDouble: (address: number) => number;
  readonly poke8: (address: number, value: number) => void;
  readonly poke32: (address: number, value: number) => void;
  readonly poke64: (address: number, value: number) => void;
  readonly pokeDouble: (address: number, value: number) => void;
  /** Addresses of code. */
  readonly addresses: Readonly<Record<(typeof ADDRESSES)[number], number>>;
}

let loaded: Machine | null = null;

/** This thread's. Throws UNSUPPORTED_PLATFORM on another processor or where no code can be loaded, FFI_DENIED without the permission. */
export function machine(): Machine {
  return (loaded ??= load(currentArch()));
}

function load(arch: Arch): Machine {
  const cell = check(mmap(CELL_SIZE), 'mmap');
  const code = arch === 'x64' ? fiberCodeX64(cell) : fiberCodeArm64(cell);
  const image = emitElf(arch, 'pawl-fiber.so', code);
  try {
    const { functions, addresses } = loadLastingImage(image, FUNCTIONS, ADDRESSES);
    const memory = viewMemory(cell, CELL_SIZE);
    return { arch, cell, view: new DataView(memory), words: new Uint32Array(memory), addresses, ...functions };
  } catch (error) {
    if (error instanceof PawlError) throw error;
    throw new PawlError('UNSUPPORTED_PLATFORM', `the code of fibers cannot be loaded here: ${String(error)}`, {
      cause: error,
    });
  }
}
