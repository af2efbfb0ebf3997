/**
 * What OpenSSL calls back: emitted machine code, or, where the system forbids to load any, JavaScript, which works as well, but a worker must not be
 * ended by `terminate` in the midst of a handshake then (Node aborts the process when an exception leaves a callback).
 */
import { Buffer } from 'node:buffer';
import { callbackFunctions } from '../emit/callbacks.ts';
import { emitElf } from '../emit/elf.ts';
import { loadAddresses } from '../emit/index.ts';
import { makeCallback } from '../ffi/index.ts';
import { currentArch } from '../linux.ts';
import { level } from '../syscalls/index.ts';
import { copyIn, copyWithin } from '../copy.ts';

/** Addresses of C functions, as sys/emit/callbacks.ts has them. */
export interface Callbacks {
  readonly answer: bigint;
  readonly proceed: bigint;
}

let made: Callbacks | null = null;

/** This thread's. */
export function callbacks(): Callbacks {
  return (made ??= level === 'raw' ? emitted() : scripted());
}

function emitted(): Callbacks {
  const arch = currentArch();
  const [answer = 0n, proceed = 0n] = loadAddresses(emitElf(arch, 'pawl-callbacks.so', callbackFunctions(arch)), [
    'answer',
    'proceed',
  ]);
  return { answer, proceed };
}

function scripted(): Callbacks {
  const result = Buffer.alloc(4);
  const P = 'uint64';
  return {
    answer: makeCallback(
      { return: 'int32', arguments: [P, P, P, P, 'uint32', P] },
      (_ssl: bigint, out: bigint, outLength: bigint, _offered: bigint, _length: number, block: bigint) => {
        copyWithin(out, block, 8);
        copyWithin(outLength, block + 8n, 1);
        copyIn(result, block + 12n, 4);
        return result.readInt32LE(0);
      },
    ),
    proceed: makeCallback({ return: 'int32', arguments: ['int32', P] }, () => 1),
  };
}
