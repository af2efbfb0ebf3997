/**
 * Assembler: instructions and labels to machine code.
 *
 * What must hold: a label is defined once. An entry is a label that the image exports; it begins at a multiple of 16, as the functions of
 * an image do, so that what is assembled together and cut at its entries comes to lie together again, and jumps among it hold.
 */
import type { Arch } from '../linux.ts';
import type { ElfFunction } from './elf.ts';

/** Marks the place of the next instruction. */
export interface Label {
  readonly label: string;
  readonly exported: boolean;
}

/** An instruction that names a label: its bytes depend on the distance from its own first byte to the label. */
export interface Reference {
  readonly to: string;
  readonly length: number;
  encode(distance: number): readonly number[];
}

/** One line of a program: bytes, a 32-bit word (an instruction of aarch64), a label, a reference to one. */
export type Part = readonly number[] | number | Label | Reference;

const ALIGNMENT = 16;

/** What fills the gap before an entry: it traps (int3; udf #0 is all zeroes). */
const FILLER: Readonly<Record<Arch, number>> = { x64: 0xcc, arm64: 0 };

export const label = (name: string): Label => ({ label: name, exported: false });
export const entry = (name: string): Label => ({ label: name, exported: true });

/** A word's bytes: both architectures are little-endian. */
export const word = (value: number): readonly number[] => [
  value & 255,
  (value >>> 8) & 255,
  (value >>> 16) & 255,
  value >>> 24,
];

/** The exported functions of a program, in its order. The first part must be an entry. */
export function assemble(arch: Arch, parts: readonly Part[]): ElfFunction[] {
  const labels = new Map<string, number>();
  const entries: { readonly name: string; readonly at: number }[] = [];
  let length = 0;
  for (const part of parts) {
    if (isLabel(part)) {
      if (part.exported) length = aligned(length);
      if (labels.has(part.label)) throw new Error(`label ${part.label} is defined twice`);
      labels.set(part.label, length);
      if (part.exported) entries.push({ name: part.label, at: length });
    } else length += sizeOf(part);
  }

  const code = new Uint8Array(length).fill(FILLER[arch]);
  let at = 0;
  for (const part of parts) {
    if (isLabel(part)) at = labels.get(part.label) ?? at;
    else {
      const bytes = bytesOf(part, at, labels);
      code.set(bytes, at);
      at += bytes.length;
    }
  }
  return entries.map(({ name, at: from }, i) => ({ name, code: code.subarray(from, entries[i + 1]?.at ?? length) }));
}

const aligned = (at: number): number => Math.ceil(at / ALIGNMENT) * ALIGNMENT;

const isLabel = (part: Part): part is Label => typeof part === 'object' && 'label' in part;

function sizeOf(part: Exclude<Part, Label>): number {
  return typeof part === 'number' ? 4 : part.length;
}

function bytesOf(part: Exclude<Part, Label>, at: number, labels: ReadonlyMap<string, number>): readonly number[] {
  if (typeof part === 'number') return word(part);
  if (!('to' in part)) return part;
  const target = labels.get(part.to);
  if (target === undefined) throw new Error(`label ${part.to} is not defined`);
  return part.encode(target - at);
}
