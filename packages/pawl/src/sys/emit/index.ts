/**
 * The emitted system-call functions: machine code written by TypeScript into a file in memory and loaded as a shared object.
 *
 * They take the system call's number and arguments, all as float64, and return the result or -errno. Doubles, because node:ffi puts a
 * checking wrapper in front of every function that takes integers or pointers, and none in front of one that takes only doubles: a call
 * costs 10 to 50 ns more than in C, through libc's signatures 500 to 1,100 ns.
 *
 * What must hold: an argument is an integer that a double holds exactly (addresses are below 2^47 on both architectures).
 */
import { openLibrary, symbolAddresses, type Callables, type Signature } from '../ffi/index.ts';
import { MFD_CLOEXEC, type Arch } from '../linux.ts';
import { syscallArm64 } from './arm64.ts';
import { emitElf } from './elf.ts';
import { syscallX64 } from './x64.ts';

/** The loaded functions: `i` returns an int32, `d` a double (for an address), and the digit counts the arguments after the number. */
export interface SyscallFunctions {
  readonly i0: (number: number) => number;
  readonly i1: (number: number, a: number) => number;
  readonly i2: (number: number, a: number, b: number) => number;
  readonly i3: (number: number, a: number, b: number, c: number) => number;
  readonly i4: (number: number, a: number, b: number, c: number, d: number) => number;
  readonly i5: (number: number, a: number, b: number, c: number, d: number, e: number) => number;
  readonly i6: (number: number, a: number, b: number, c: number, d: number, e: number, f: number) => number;
  readonly d6: (number: number, a: number, b: number, c: number, d: number, e: number, f: number) => number;
}

interface Shape {
  readonly name: keyof SyscallFunctions;
  readonly result: 'int32' | 'float64';
  readonly argumentCount: number;
}

const SHAPES: readonly Shape[] = [
  { name: 'i0', result: 'int32', argumentCount: 0 },
  { name: 'i1', result: 'int32', argumentCount: 1 },
  { name: 'i2', result: 'int32', argumentCount: 2 },
  { name: 'i3', result: 'int32', argumentCount: 3 },
  { name: 'i4', result: 'int32', argumentCount: 4 },
  { name: 'i5', result: 'int32', argumentCount: 5 },
  { name: 'i6', result: 'int32', argumentCount: 6 },
  { name: 'd6', result: 'float64', argumentCount: 6 },
];

/** The shared object with all system-call functions of an architecture. */
export function emitSyscallImage(arch: Arch): Uint8Array {
  const emit = arch === 'x64' ? syscallX64 : syscallArm64;
  return emitElf(
    arch,
    'pawl-syscalls.so',
    SHAPES.map(({ name, result, argumentCount }) => ({ name, code: emit(argumentCount, result) })),
  );
}

/** The system-call functions of this thread. */
export function loadSyscallFunctions(arch: Arch): SyscallFunctions {
  const signatures: Record<string, Signature> = {};
  for (const { name, result, argumentCount } of SHAPES) {
    signatures[name] = { return: result, arguments: Array.from({ length: argumentCount + 1 }, () => 'float64') };
  }
  // SHAPES and SyscallFunctions say the same, one to the machine and one to the compiler.
  return loadImage(emitSyscallImage(arch), signatures) as unknown as SyscallFunctions;
}

/** Loads an image from memory. */
export function loadImage<const D extends Readonly<Record<string, Signature>>>(
  image: Uint8Array,
  functions: D,
): Callables<D> {
  return withPath(image, (path) => openLibrary(path, functions));
}

const RTLD_NOW = 2;
const RTLD_NODELETE = 0x1000;

/**
 * Loads an image from memory for the life of the process: functions to call, and the addresses of others for C and the kernel to call. Without
 * more Node unloads what a worker has loaded when that ends (dlopen(3), RTLD_NODELETE).
 */
export function loadLastingImage<
  const D extends Readonly<Record<string, Signature>>,
  const N extends readonly string[],
>(
  image: Uint8Array,
  functions: D,
  names: N,
): { readonly functions: Callables<D>; readonly addresses: Readonly<Record<N[number], number>> } {
  return withPath(image, (path) => {
    const { dlopen } = openLibrary(null, { dlopen: { return: 'uint64', arguments: ['string', 'int32'] } });
    if (dlopen(path, RTLD_NOW | RTLD_NODELETE) === 0n) throw new Error('the dynamic linker refuses the image');
    const addresses = symbolAddresses(path, names).map((address, at) => [names[at], Number(address)]);
    return { functions: openLibrary(path, functions), addresses: Object.fromEntries(addresses) };
  });
}

/** Loads an image from memory, for C to call: the addresses of its functions. */
export function loadAddresses(image: Uint8Array, names: readonly string[]): bigint[] {
  return withPath(image, (path) => symbolAddresses(path, names));
}

/** Gives the image a path, for the length of the call. */
function withPath<T>(image: Uint8Array, load: (path: string) => T): T {
  const libc = openLibrary(null, {
    memfd_create: { return: 'int32', arguments: ['string', 'uint32'] },
    write: { return: 'int64', arguments: ['int32', 'buffer', 'uint64'] },
    close: { return: 'int32', arguments: ['int32'] },
  });
  const fd = libc.memfd_create('pawl', MFD_CLOEXEC);
  if (fd < 0) throw new Error('memfd_create failed');
  try {
    // A memfd takes the whole of a small write; if it does not, there is no memory for it.
    if (libc.write(fd, image, BigInt(image.length)) !== BigInt(image.length))
      throw new Error('write to a memfd failed');
    return load(uniquePath(fd));
  } finally {
    libc.close(fd); // the mapping keeps the memory
  }
}

/**
 * A spelling of /proc/self/fd/N that nobody has used before. glibc's dlopen knows a loaded image by the string it was opened with and would
 * answer a reused descriptor number with the old image. Two images can have had one number but not at the same moment, so the
 * monotonic clock is written into the path, a bit as `//` or `/.`, which mean nothing to the kernel.
 */
function uniquePath(fd: number): string {
  const moment = process.hrtime.bigint().toString(2).replaceAll('0', '//').replaceAll('1', '/.');
  return `/proc/self${moment}/fd/${fd}`;
}
