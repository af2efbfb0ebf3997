/**
 * How bytes get to standard output on each system, at three levels: a table of facts, and the calls themselves.
 *
 * What must hold: a row's calls work on its own system only. Linux's have been run; those of macOS and Windows are written after the
 * systems' documentation (write(2), WriteFile) and have not.
 */
import { writeSync } from 'node:fs';
import { openLibrary } from '../../packages/pawl/src/sys/ffi/index.ts';

export interface System {
  readonly platform: NodeJS.Platform;
  /** The instruction, and what it is told. */
  readonly instruction: string;
  /** Why it may be used, or why not. */
  readonly stable: string;
  readonly library: string;
  /** Undefined where the numbers are the system's private matter. */
  readonly rawLevel: ((text: string) => Promise<void>) | undefined;
  readonly libraryLevel: (text: string) => void;
}

const STDOUT = 1;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// #region library
/** write(2), as Unix's C libraries have it. */
function byWrite(library: string | null): (text: string) => void {
  return (text) => {
    const { write } = openLibrary(library, { write: { return: 'int64', arguments: ['int32', 'buffer', 'uint64'] } });
    const message = bytes(text);
    write(STDOUT, message, BigInt(message.length));
  };
}

/** WriteFile of Windows, which wants a handle instead of a number. */
function byWriteFile(text: string): void {
  const STD_OUTPUT_HANDLE = -11;
  const { GetStdHandle, WriteFile } = openLibrary('kernel32.dll', {
    GetStdHandle: { return: 'uint64', arguments: ['int32'] },
    WriteFile: { return: 'int32', arguments: ['uint64', 'buffer', 'uint32', 'buffer', 'uint64'] },
  });
  const message = bytes(text);
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), message, message.length, new Uint8Array(4), 0n);
}
// #endregion

// #region standard
/** The same line on all of them. */
export function byStandardLibrary(text: string): void {
  writeSync(STDOUT, text);
}
// #endregion

// #region facts
export const SYSTEMS: readonly System[] = [
  {
    platform: 'linux',
    instruction: 'x86-64: syscall, number 1 in rax; aarch64: svc #0, number 64 in x8',
    stable: 'yes: the kernel never changes a number',
    library: 'write of libc',
    rawLevel: async (text) => (await import('./raw-level.ts')).byInstruction(text), // loads on Linux only
    libraryLevel: byWrite(null),
  },
  {
    platform: 'darwin',
    instruction: 'x86-64: syscall, number 0x2000004 in rax; arm64: svc #0x80, number 4 in x16',
    stable: 'no: Apple promises libSystem only, and failure is told in the carry flag',
    library: 'write of libSystem.B.dylib',
    rawLevel: undefined,
    libraryLevel: byWrite('/usr/lib/libSystem.B.dylib'),
  },
  {
    platform: 'win32',
    instruction: 'x86-64: syscall, a number for NtWriteFile that differs from build to build',
    stable: 'no: only ntdll.dll knows the numbers of its own build',
    library: 'WriteFile of kernel32.dll',
    rawLevel: undefined,
    libraryLevel: byWriteFile,
  },
];
// #endregion
