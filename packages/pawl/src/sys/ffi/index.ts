/**
 * The adapter over node:ffi: the one place that knows the FFI's own interface.
 *
 * What must hold: nothing is opened that Node's permission model forbids, and nothing opened is ever closed (the functions of a
 * closed library are dangling pointers, and machine code must outlive its last caller).
 */
import type * as NodeFfi from 'node:ffi';
import { PawlError } from '../../error/index.ts';
import { guardTeardown } from './teardown.ts';

/** The C types that `sys` passes and returns. Integers of 64 bits are BigInts on this border: avoid them in hot calls. */
interface CTypes {
  readonly void: void;
  readonly int32: number;
  readonly uint32: number;
  readonly uint64: bigint;
  readonly int64: bigint;
  readonly float64: number;
  /** A NUL-terminated copy that lives for the call. */
  readonly string: string;
  /** The address of the view's first byte, during the call only. */
  readonly buffer: Uint8Array;
}
export type CType = keyof CTypes;

/** The type of a C function, in the terms of node:ffi. */
export interface Signature {
  readonly return: CType;
  readonly arguments: readonly CType[];
}

type Values<A extends readonly CType[]> = { -readonly [I in keyof A]: CTypes[A[I]] };

/** A C function as TypeScript calls it. */
export type Callable<S extends Signature> = (...args: Values<S['arguments']>) => CTypes[S['return']];

/** The functions of a library, by name. */
export type Callables<D extends Readonly<Record<string, Signature>>> = { readonly [K in keyof D]: Callable<D[K]> };

// @types/node declares neither the `ffi` and `net` scopes of process.permission nor that it may be absent.
interface Permission {
  has(scope: string, path?: string): boolean;
}

// Structurally the same, but node's own types cannot express a generic caller.
type NodeDefinitions = Parameters<typeof NodeFfi.dlopen>[1];

const opened: unknown[] = []; // libraries, held for the life of the thread

const permission = (): Permission | undefined =>
  (process as unknown as { readonly permission?: Permission }).permission;

/** Throws FFI_DENIED when Node's permission model is on and does not grant `scope`. */
export function requirePermission(scope: 'ffi' | 'net'): void {
  if (permission()?.has(scope) ?? true) return;
  throw new PawlError(
    'FFI_DENIED',
    scope === 'ffi'
      ? 'the permission model forbids FFI, which the native driver is built on: start node with --allow-ffi'
      : 'the permission model forbids the network: start node with --allow-net',
  );
}

/** Throws FFI_DENIED when Node's permission model is on and does not grant the use of a path. What goes through node:fs is asked there. */
export function requirePath(scope: 'fs.read' | 'fs.write', path: string): void {
  if (permission()?.has(scope, path) ?? true) return;
  const option = scope === 'fs.read' ? '--allow-fs-read' : '--allow-fs-write';
  throw new PawlError('FFI_DENIED', `the permission model forbids '${path}': start node with ${option}`, { path });
}

function load(): typeof NodeFfi {
  requirePermission('ffi');
  guardTeardown();
  // Not a static import: on a Node without the module that would fail at link time, with a message about a module.
  const ffi: typeof NodeFfi | undefined = process.getBuiltinModule('node:ffi') as typeof NodeFfi | undefined;
  if (ffi !== undefined) return ffi;
  throw new PawlError(
    'UNSUPPORTED_PLATFORM',
    `node:ffi is missing: Node 26.1 or newer has it, this is ${process.version}`,
  );
}

/** Throws FFI_DENIED when Node's permission model is on and does not grant child processes. */
export function requireChildren(): void {
  const { permission } = process as unknown as { readonly permission?: Permission };
  if (permission === undefined || permission.has('child')) return;
  throw new PawlError(
    'FFI_DENIED',
    'the permission model forbids child processes: start node with --allow-child-process',
  );
}

/** The named functions of a shared library; `null` is the running process, with its C library. */
export function openLibrary<const D extends Readonly<Record<string, Signature>>>(
  path: string | null,
  functions: D,
): Callables<D> {
  const library = load().dlopen(path, functions as unknown as NodeDefinitions);
  opened.push(library);
  return library.functions as unknown as Callables<D>;
}

/** The addresses of functions of a shared library, for C to call. */
export function symbolAddresses(path: string, names: readonly string[]): bigint[] {
  const { lib } = load().dlopen(path, {});
  opened.push(lib);
  return names.map((name) => lib.getSymbol(name));
}

/** Finds the symbols of a shared library, which throws where there is none; `null` is the running process, with its C library. */
export function symbolsOf(path: string | null): (name: string) => bigint {
  const { lib } = load().dlopen(path, {});
  opened.push(lib);
  return (name) => lib.getSymbol(name);
}

/**
 * The memory at an address, without a copy. It costs 0.4 to 1.2 µs: make it once and keep it. Nothing checks that the memory is there
 * and stays, and whoever detaches the view takes the memory's other users with it: never hand it out.
 */
export function viewMemory(address: number, length: number): ArrayBuffer {
  return load().toArrayBuffer(BigInt(address), length, false);
}

/** The address of this thread's `uv_loop_t`. */
export function currentEventLoop(): bigint {
  return load().getCurrentEventLoop();
}

/** The address of a C function that calls back into JavaScript, for the life of the thread. Call it on this thread only; it must not throw. */
export function makeCallback(signature: Signature, callback: (...args: never[]) => void): bigint {
  const { lib } = load().dlopen(null, {});
  opened.push(lib, callback);
  return lib.registerCallback(signature as object, callback);
}
