/**
 * A writer of WebAssembly modules: enough of the binary format for one function that calls its imports, and no more.
 *
 * Source: WebAssembly Core Specification, chapter 5 (binary format).
 */

/** The instructions that the program below is made of, by their opcodes. */
export const I32 = 0x7f;
export const EMPTY = 0x40;
export const block = 0x02;
export const loop = 0x03;
export const end = 0x0b;
export const br = 0x0c;
export const brIf = 0x0d;
export const call = 0x10;
export const localGet = 0x20;
export const localSet = 0x21;
export const localTee = 0x22;
export const i32Const = 0x41;
export const i32Eqz = 0x45;
export const i32Add = 0x6a;

/** A function's type: how many 32-bit integers it takes, and whether it gives one. */
export interface Type {
  readonly takes: number;
  readonly gives: 0 | 1;
}

export interface Module {
  /** Functions of the module `env`, in the order of their numbers. */
  readonly imports: readonly { readonly name: string; readonly type: Type }[];
  /** The one function, exported as `run`. */
  readonly type: Type;
  /** Locals besides the parameters. */
  readonly locals: number;
  /** Its instructions, in lines. */
  readonly body: readonly (readonly number[])[];
}

/** "\0asm", version 1. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** An unsigned integer in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);
const integers = (count: number): number[] => vector(Array.from({ length: count }, () => [I32]));

/** The module's bytes. It has one page of memory, exported as `memory`. */
export function encode({ imports, type, locals, body }: Module): Uint8Array<ArrayBuffer> {
  const types = [...imports.map((each) => each.type), type];
  const own = imports.length;
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector(types.map(({ takes, gives }) => [0x60].concat(integers(takes), integers(gives))))),
    ...section(2, vector(imports.map(({ name }, i) => text('env').concat(text(name), 0, unsigned(i))))),
    ...section(3, vector([unsigned(own)])),
    ...section(5, vector([[0, 1]])),
    ...section(
      7,
      vector([
        [...text('run'), 0, ...unsigned(own)],
        [...text('memory'), 2, 0],
      ]),
    ),
    ...section(10, vector([sized([...vector(locals === 0 ? [] : [[...unsigned(locals), I32]]), ...body.flat(), end])])),
  ]);
}
