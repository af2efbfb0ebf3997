/**
 * C functions: an address, and what is known of it. And the libraries that they are in.
 *
 * What must hold: an address is that of a function, and its signature is the function's: nothing can check either. A library that was
 * opened stays open.
 */
import { PawlError } from '../error/index.ts';
import type { Piece } from '../sys/arena.ts';
import { symbolsOf } from '../sys/ffi/index.ts';
import type { Message } from '../sys/fiber/fiber.ts';
import { takePiece } from './memory.ts';
import {
  type Addressable,
  type CArgument,
  checkAddress,
  checkName,
  checkObject,
  type CType,
  describe,
  type Place,
  placesOf,
  type Pointer,
  type Signature,
} from './types.ts';

/** A C function. Call it by `call`, on a fiber, or by `callNow`; hand it to C as a pointer. */
export class CFunction<
  A extends readonly CArgument[] = readonly CArgument[],
  R extends CType = CType,
> implements Addressable {
  readonly name: string;
  readonly returns: R;
  /** @internal */
  readonly addressForC: number;
  /** @internal */
  readonly places: readonly Place[];
  /** @internal What is said when the stack overflows of a fiber that runs it. */
  #overflow: Message | null = null;
  declare private readonly takes: A;

  /** @internal */
  constructor(name: string, address: number, signature: { readonly arguments: A; readonly returns: R }) {
    this.name = name;
    this.places = placesOf(name, signature);
    this.returns = signature.returns;
    this.addressForC = address;
  }

  /** @internal */
  overflowMessage(): Message {
    if (this.#overflow === null) {
      const { address, bytes } = overflowMessage(this.name);
      this.#overflow = { address, length: bytes.indexOf(LINE_FEED) + 1 };
    }
    return this.#overflow;
  }
}

const LINE_FEED = 0x0a;

/** What is said when the stack of the fiber overflows: one line. @internal */
export function overflowMessage(name: string): Piece {
  const line = `pawl: the stack of fiber "${name.replaceAll(/\s+/g, ' ')}" has overflowed: give its call a larger one (stackSize)\n`;
  const bytes = new TextEncoder().encode(line);
  const piece = takePiece(bytes.length);
  piece.bytes.set(bytes);
  return piece;
}

/** A library to open. */
export interface LibraryName {
  /** Its file name, as the dynamic linker knows it (`libsqlite3.so.0`), or a path. */
  readonly name: string;
  /** The Debian package that has it, for the error when it is missing. */
  readonly package?: string;
}

export type CFunctions<D extends Readonly<Record<string, Signature>>> = {
  readonly [K in keyof D]: CFunction<D[K]['arguments'], D[K]['returns']>;
};

/**
 * Opens a shared library and finds functions in it. `null` is what the process has loaded already, with the C library.
 *
 * Errors: LIBRARY_NOT_FOUND (with the package to install), FUNCTION_NOT_FOUND, BAD_ARGUMENT for a name or signature that is none,
 * UNSUPPORTED_PLATFORM, FFI_DENIED under Node's permission model.
 *
 * @example
 * ```ts
 * import { callNow, library } from 'pawl/fiber';
 * const { strlen } = library(null, { strlen: { arguments: ['string'], returns: 'size' } });
 * console.log(callNow(strlen, 'five!')); // 5
 * ```
 */
export function library<const D extends Readonly<Record<string, Signature>>>(
  name: string | LibraryName | null,
  functions: D,
): CFunctions<D> {
  const { name: path, package: from } = typeof name === 'object' && name !== null ? name : { name, package: undefined };
  if (path !== null && (typeof path !== 'string' || path === '')) {
    throw new PawlError('BAD_ARGUMENT', `a library is named by its file, or null, got ${describe(path)}`);
  }
  checkObject(() => 'what is wanted of a library', functions);
  const find = open(path, from);
  const found = Object.entries(functions).map(([symbol, signature]) => {
    let address: bigint;
    try {
      address = find(symbol);
    } catch (error) {
      throw new PawlError('FUNCTION_NOT_FOUND', `${path ?? 'this process'} has no function ${symbol}`, {
        cause: error,
      });
    }
    return [symbol, new CFunction(symbol, Number(address), signature)] as const;
  });
  return Object.fromEntries(found) as unknown as CFunctions<D>;
}

function open(path: string | null, from: string | undefined): (name: string) => bigint {
  try {
    return symbolsOf(path);
  } catch (error) {
    if (error instanceof PawlError) throw error;
    const hint = from === undefined ? '' : `; on Debian: apt install ${from}`;
    throw new PawlError('LIBRARY_NOT_FOUND', `${path} cannot be opened${hint} (${(error as Error).message})`, {
      cause: error,
    });
  }
}

/**
 * The function behind a pointer that C has given. Throws NULL_POINTER, BAD_ARGUMENT.
 */
export function functionAt<const A extends readonly CArgument[], const R extends CType>(
  pointer: Pointer | null,
  signature: { readonly arguments: A; readonly returns: R; readonly name?: string },
): CFunction<A, R> {
  checkObject(() => 'the signature of a function', signature);
  checkName('a function', signature.name);
  const name = signature.name ?? 'a C function';
  checkAddress(`the pointer of ${name}`, pointer);
  return new CFunction(name, pointer, signature);
}
