/**
 * Stack: mapped memory for a fiber to run on, with a guard below it; and the pool in which stacks wait to be used again.
 *
 * What must hold: no view of a stack exists in JavaScript, so that unmapping one leaves nothing dangling. The guard is never readable, and
 * wider than most functions' frames, since code that was compiled without probes may step over a single page. A stack that C has not left
 * is neither pooled nor unmapped.
 *
 * Source: mmap(2), madvise(2) (MADV_GUARD_INSTALL, since Linux 6.13: a guard that needs no mapping of its own, of which a process may have
 * 65,530), mincore(2).
 */
import { PawlError } from '../../error/index.ts';
import { check } from '../errno.ts';
import { openLibrary } from '../ffi/index.ts';

const PROT_NONE = 0;
const PROT_READ_WRITE = 3;
/** MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_STACK (which also asks for small pages). */
const FLAGS = 0x02 | 0x20 | 0x4000 | 0x20000;
const MADV_DONTNEED = 4;
const MADV_GUARD_INSTALL = 102;
const SC_PAGESIZE = 30;

/** Bytes that cannot be touched, below each stack. */
const GUARD = 64 * 1024;

/** Room for a signal's frame and what its handler needs: less is not a stack that a process can live on. */
export const SMALLEST_STACK: number = 16 * 1024;
export const LARGEST_STACK: number = 1024 * 1024 * 1024;
export const DEFAULT_STACK: number = 256 * 1024;

/** Bytes of unused stacks that a thread keeps. */
const KEPT = 32 * 1024 * 1024;

interface Calls {
  readonly map: (length: number) => number;
  readonly unmap: (address: number, length: number) => void;
  readonly protect: (address: number, length: number) => void;
  readonly forget: (address: number, length: number) => void;
  readonly resident: (address: number, length: number) => Uint8Array;
  readonly page: number;
}

let bound: Calls | null = null;

function calls(): Calls {
  return (bound ??= bind());
}

function bind(): Calls {
  const c = openLibrary(null, {
    mmap: { return: 'int64', arguments: ['uint64', 'uint64', 'int32', 'int32', 'int32', 'int64'] },
    munmap: { return: 'int32', arguments: ['uint64', 'uint64'] },
    mprotect: { return: 'int32', arguments: ['uint64', 'uint64', 'int32'] },
    madvise: { return: 'int32', arguments: ['uint64', 'uint64', 'int32'] },
    mincore: { return: 'int32', arguments: ['uint64', 'uint64', 'buffer'] },
    sysconf: { return: 'int64', arguments: ['int32'] },
  });
  const page = Number(c.sysconf(SC_PAGESIZE));
  const ENOMEM = 12; // all of these fail for want of memory or of mappings, and for nothing else that can happen here
  let light = true;
  return {
    page,
    map: (length) => {
      const address = Number(c.mmap(0n, BigInt(length), PROT_READ_WRITE, FLAGS, -1, 0n));
      return check(address === -1 ? -ENOMEM : address, 'mmap');
    },
    unmap: (address, length) => void check(c.munmap(BigInt(address), BigInt(length)) === 0 ? 0 : -ENOMEM, 'munmap'),
    protect: (address, length) => {
      const [from, size] = [BigInt(address), BigInt(length)];
      light &&= c.madvise(from, size, MADV_GUARD_INSTALL) === 0;
      if (!light) check(c.mprotect(from, size, PROT_NONE) === 0 ? 0 : -ENOMEM, 'mprotect');
    },
    forget: (address, length) => void c.madvise(BigInt(address), BigInt(length), MADV_DONTNEED),
    resident: (address, length) => {
      const pages = new Uint8Array(length / page);
      check(c.mincore(BigInt(address), BigInt(length), pages) === 0 ? 0 : -ENOMEM, 'mincore');
      return pages;
    },
  };
}

/** A mapped stack: from `low` up to `high`, with the guard from `guard` up to `low`. */
export class Stack implements Disposable {
  readonly size: number;
  readonly guard: number;
  readonly low: number;
  readonly high: number;
  #mapped = true;

  /** `size` must be a result of {@link stackSize}. Throws ENOMEM. */
  constructor(size: number) {
    const { map, protect, unmap } = calls();
    this.size = size;
    this.guard = map(GUARD + size);
    this.low = this.guard + GUARD;
    this.high = this.low + size;
    try {
      protect(this.guard, GUARD);
    } catch (error) {
      unmap(this.guard, GUARD + size);
      throw error;
    }
  }

  /** The most bytes that have been in use since it was mapped or cleared, in whole pages. */
  get highWater(): number {
    if (!this.#mapped) return 0;
    const pages = calls().resident(this.low, this.size);
    const lowest = pages.findIndex((page) => (page & 1) !== 0);
    return lowest < 0 ? 0 : (pages.length - lowest) * calls().page;
  }

  /** Gives its pages back, so that the high-water mark begins anew. Nothing may be on it. */
  clear(): void {
    if (this.#mapped) calls().forget(this.low, this.size);
  }

  /** Unmaps it. Nothing may be on it. */
  [Symbol.dispose](): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    calls().unmap(this.guard, GUARD + this.size);
  }
}

/** The size in whole pages. Throws BAD_ARGUMENT outside of 16 KiB to 1 GiB. */
export function stackSize(bytes: number): number {
  if (!Number.isInteger(bytes) || bytes < SMALLEST_STACK || bytes > LARGEST_STACK) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `a stack has from ${SMALLEST_STACK} bytes (16 KiB) to ${LARGEST_STACK} (1 GiB), got ${String(bytes)}`,
    );
  }
  const { page } = calls();
  return Math.ceil(bytes / page) * page;
}

/** Stacks that are not in use. The latest given back is taken first: its pages are in the caches. */
export class StackPool {
  readonly #free = new Map<number, Stack[]>();
  #bytes = 0;

  /** Bytes of address space that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  take(size: number): Stack {
    const stack = this.#free.get(size)?.pop();
    if (stack === undefined) return new Stack(size);
    this.#bytes -= size;
    return stack;
  }

  /** Nothing may be on the stack any more. False when there are enough: it has been unmapped. */
  give(stack: Stack): boolean {
    if (this.#bytes + stack.size > KEPT) {
      stack[Symbol.dispose]();
      return false;
    }
    this.#bytes += stack.size;
    const free = this.#free.get(stack.size);
    if (free === undefined) this.#free.set(stack.size, [stack]);
    else free.push(stack);
    return true;
  }

  /** Unmaps all that wait here. */
  drain(): void {
    for (const stack of [...this.#free.values()].flat()) stack[Symbol.dispose]();
    this.#free.clear();
    this.#bytes = 0;
  }
}

/** This thread's. */
export const stacks: StackPool = new StackPool();
