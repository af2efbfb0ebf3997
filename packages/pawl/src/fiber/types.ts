/**
 * The C types that cross the border, and where the calling convention puts their values.
 *
 * What must hold: a value is checked before C sees it; a number that C would cut is refused. Pointers are addresses that have come from C
 * or from memory that this library owns: TypeScript knows them from other numbers.
 *
 * Source: System V ABI for AMD64, 3.2.3; AAPCS64, 6.8.2 (parameter passing). Structs by value are not supported.
 */
import { PawlError } from '../error/index.ts';
import { integerRegisters } from '../sys/fiber/fiber.ts';
import { FLOAT_REGISTERS, STACK_ARGUMENTS } from '../sys/fiber/layout.ts';

declare const pointer: unique symbol;

/** An address in C's memory, never null. Only C, or memory of this library, gives one. */
export type Pointer = number & { readonly [pointer]: true };

/** What can be handed to C as a pointer: an address, null, or something that has one (memory, a callback, a function). */
export interface Addressable {
  /** @internal Throws CLOSED when it must not be used any more. */
  readonly addressForC: number;
}

/** Values that come from C, by the name of their type. */
export interface CValues {
  readonly void: void;
  readonly int32: number;
  readonly uint32: number;
  readonly int64: bigint;
  readonly uint64: bigint;
  /** `size_t`, or another integer of 64 bits that a double holds exactly. */
  readonly size: number;
  readonly float32: number;
  readonly float64: number;
  readonly pointer: Pointer | null;
  /** A NUL-terminated text in UTF-8; to C, a copy that lives until its function has returned. */
  readonly string: string | null;
}
export type CType = keyof CValues;
export type CArgument = Exclude<CType, 'void'>;

/** Values that go to C. */
export type ToC<T extends CType> = T extends 'pointer' ? Pointer | Addressable | null : CValues[T];
export type FromC<T extends CType> = CValues[T];

/** The type of a C function. */
export interface Signature {
  readonly returns: CType;
  readonly arguments: readonly CArgument[];
}

/** What a call takes, and what a callback is given. */
export type ArgumentsToC<A extends readonly CArgument[]> = { -readonly [I in keyof A]: ToC<A[I]> };
export type ArgumentsFromC<A extends readonly CArgument[]> = { -readonly [I in keyof A]: FromC<A[I]> };

/** Where an argument is: in the nth register of its kind, or the nth word on the stack. */
export interface Place {
  readonly type: CArgument;
  readonly where: 'integer' | 'float' | 'stack';
  readonly index: number;
}

const TYPES: ReadonlySet<string> = new Set<CType>([
  'void',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'size',
  'float32',
  'float64',
  'pointer',
  'string',
]);

export const isFloat = (type: CType): boolean => type === 'float32' || type === 'float64';

/** The places of the arguments. Throws BAD_ARGUMENT for what is no signature, an unknown type, or more than registers and stack take. */
export function placesOf(what: string, signature: Signature): readonly Place[] {
  checkObject(() => `the signature of ${what}`, signature);
  const { arguments: types, returns } = signature;
  if (!Array.isArray(types)) {
    throw new PawlError('BAD_ARGUMENT', `the signature of ${what} has no array of arguments, but ${describe(types)}`);
  }
  if (!TYPES.has(returns)) throw unknownType(what, returns);
  const integers = integerRegisters();
  const used = { integer: 0, float: 0, stack: 0 };
  return types.map((type: CArgument) => {
    if (!TYPES.has(type) || (type as CType) === 'void') throw unknownType(what, type);
    const kind = isFloat(type) ? 'float' : 'integer';
    const where = used[kind] < (kind === 'float' ? FLOAT_REGISTERS : integers) ? kind : 'stack';
    const index = used[where]++;
    if (used.stack > STACK_ARGUMENTS) {
      throw new PawlError(
        'BAD_ARGUMENT',
        `${what} has ${types.length} arguments: besides those in registers (${integers} integers and ${FLOAT_REGISTERS} floating-point numbers) it can have ${STACK_ARGUMENTS}`,
      );
    }
    return { type, where, index };
  });
}

function unknownType(what: string, type: unknown): PawlError {
  return new PawlError(
    'BAD_ARGUMENT',
    `${what}: ${describe(type)} is no C type that can be used here: ${[...TYPES].join(', ')}`,
  );
}

/** Throws BAD_ARGUMENT unless the value is an object. */
export function checkObject(what: () => string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    throw new PawlError('BAD_ARGUMENT', `${what()} must be an object, got ${describe(value)}`);
  }
}

/** Throws BAD_ARGUMENT unless the value is a name, or left out. */
export function checkName(what: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'string') {
    throw new PawlError('BAD_ARGUMENT', `the name of ${what} must be a string, got ${describe(value)}`);
  }
}

/** Throws BAD_ARGUMENT unless the value is bytes: what only looks like them would be stored as something else. */
export function checkBytes(value: unknown): void {
  if (!(value instanceof Uint8Array)) {
    throw new PawlError('BAD_ARGUMENT', `bytes come in a Uint8Array, got ${describe(value)}`);
  }
}

/** Throws BAD_ARGUMENT unless the value is text that machine code can write. */
export function checkLine(value: unknown): void {
  if (typeof value !== 'string') throw new PawlError('BAD_ARGUMENT', `a line is a string, got ${describe(value)}`);
}

/** Throws BAD_ARGUMENT unless the value can be a file descriptor. */
export function checkDescriptor(value: unknown): void {
  if (typeof value !== 'number' || !fits('int32', value) || value < 0) {
    throw new PawlError('BAD_ARGUMENT', `a descriptor is a non-negative integer of 32 bits, got ${describe(value)}`);
  }
}

const isAddress = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 48;

/** Throws NULL_POINTER, and BAD_ARGUMENT for what cannot be an address: to follow either would end the process. */
export function checkAddress(what: string, value: unknown): asserts value is Pointer {
  if (isAddress(value)) return;
  if (value === null || value === 0) throw new PawlError('NULL_POINTER', `${what} is null: it points to nothing`);
  throw new PawlError(
    'BAD_ARGUMENT',
    `${what} must be an address that came from C or from Memory, got ${describe(value)}`,
  );
}

/** Throws BAD_ARGUMENT unless the value can be handed to C as that type. `what` says which value it is. */
export function checkValue(what: () => string, type: CType, value: unknown): void {
  if (!fits(type, value)) {
    throw new PawlError('BAD_ARGUMENT', `${what()} must be ${DESCRIPTIONS[type]}, got ${describe(value)}`);
  }
}

/** Whether the value can be handed to C as that type. */
export function fits(type: CType, value: unknown): boolean {
  switch (type) {
    case 'void':
      return value === undefined;
    case 'int32':
      return typeof value === 'number' && (value | 0) === value;
    case 'uint32':
      return typeof value === 'number' && value >>> 0 === value;
    case 'int64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
    case 'uint64':
      return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
    case 'size':
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case 'float32':
    case 'float64':
      return typeof value === 'number';
    case 'pointer':
      return value === null || isAddress(value) || (typeof value === 'object' && 'addressForC' in value);
    default: // a string
      return value === null || (typeof value === 'string' && !value.includes('\0'));
  }
}

const DESCRIPTIONS: Readonly<Record<CType, string>> = {
  void: 'nothing (undefined)',
  int32: 'an integer of 32 bits',
  uint32: 'a non-negative integer of 32 bits',
  int64: 'a bigint of 64 bits',
  uint64: 'a non-negative bigint of 64 bits',
  size: 'a non-negative safe integer',
  float32: 'a number',
  float64: 'a number',
  pointer: 'a pointer, memory, a callback, a C function or null',
  string: 'a string without NUL characters, or null',
};

/** A value, for an error. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) {
    return typeof (value as { readonly then?: unknown }).then === 'function' ? 'a promise' : 'an object';
  }
  return typeof value === 'function' ? 'a function' : String(value);
}
