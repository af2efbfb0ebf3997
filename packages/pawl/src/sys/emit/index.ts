/**
 * The emitted system-call functions: machine code written by TypeScript into a file in memory and loaded as a shared object.
 *
 * `i0` … `i6` and `d0` … `d6` take the system call's number and that many arguments, all as float64, and return the result or -errno, as
 * an int32 or as a float64. Doubles, because node:ffi puts a checking wrapper in front of every function that takes integers or
 * pointers, and none in front of one that takes only doubles: 100 to 170 ns for a call against 600 to 1,200 ns.
 *
 * What must hold: an argument is an integer that a double holds exactly (addresses are below 2^47 on both architectures).
 */
import { openLibrary, type Callables, type Signature } from '../ffi/index.ts';
import { MFD_CLOEXEC, type Arch } from '../linux.ts';
import { syscallArm64 } from './arm64.ts';
import { emitElf } from './elf.ts';
import { syscallX64 } from './x64.ts';

const SIGNATURES = {
  i0: { return: 'int32', arguments: ['float64'] },
  i1: { return: 'int32', arguments: ['float64', 'float64'] },
  i2: { return: 'int32', arguments: ['float64', 'float64', 'float64'] },
  i3: { return: 'int32', arguments: ['float64', 'float64', 'float64', 'float64'] },
  i4: { return: 'int32', arguments: ['float64', 'float64', 'float64', 'float64', 'float64'] },
  i5: { return: 'int32', arguments: ['float64', 'float64', 'float64', 'float64', 'float64', 'float64'] },
  i6: { return: 'int32', arguments: ['float64', 'float64', 'float64', 'float64', 'float64', 'float64', 'float64'] },
  d6: { return: 'float64', arguments: ['float64', 'float64', 'float64', 'float64', 'float64', 'float64', 'float64'] },
} as const;

/** The loaded functions. */
export type SyscallFunctions = Callables<typeof SIGNATURES>;

/** The shared object with all system-call functions of an architecture. */
export function emitSyscallImage(arch: Arch): Uint8Array {
  const emit = arch === 'x64' ? syscallX64 : syscallArm64;
  const functions = Object.entries<Signature>(SIGNATURES).map(([name, signature]) => ({
    name,
    code: emit(signature.arguments.length - 1, signature.return === 'int32' ? 'int32' : 'float64'),
  }));
  return emitElf(arch, 'pawl-syscalls.so', functions);
}

/** Loads an image from memory. */
export function loadImage<const D extends Readonly<Record<string, Signature>>>(
  image: Uint8Array,
  functions: D,
): Callables<D> {
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
    return openLibrary(uniquePath(fd), functions);
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

/** The system-call functions of this thread. */
export function loadSyscallFunctions(arch: Arch): SyscallFunctions {
  return loadImage(emitSyscallImage(arch), SIGNATURES);
}
