/**
 * Imports of a loaded library: the words in its memory through which it calls functions of other libraries.
 *
 * What must hold: a word is changed only while its page is writable, and the page is left as it was. The word belongs to the whole process:
 * every thread's calls go through it.
 *
 * Source: System V ABI, chapter 5 (dynamic section, relocations), with the AMD64 and AArch64 supplements; proc_pid_maps(5).
 */
import { readFileSync } from 'node:fs';
import { copyIn } from '../copy.ts';
import { check } from '../errno.ts';
import { openLibrary } from '../ffi/index.ts';
import { currentArch, type Arch } from '../linux.ts';
import { machine } from './machine.ts';

/** Relocations that fill in a function's address: GLOB_DAT, JUMP_SLOT. */
const RELOCATIONS: Readonly<Record<Arch, readonly number[]>> = { x64: [6, 7], arm64: [1025, 1026] };

const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_PLTRELSZ = 2;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_RELA = 7;
const DT_RELASZ = 8;
const DT_JMPREL = 23;
const RELA_SIZE = 24;
const SYMBOL_SIZE = 24;

const PROT_READ = 1;
const PROT_READ_WRITE = 3;

interface Mapping {
  readonly from: number;
  readonly to: number;
  readonly writable: boolean;
  readonly offset: number;
  readonly path: string;
}

function mappings(): Mapping[] {
  return readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .flatMap((line) => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) .(.).. ([0-9a-f]+) \S+ \d+\s*(.*)$/.exec(line);
      if (match === null) return [];
      const [, from = '', to = '', write, offset = '', path = ''] = match;
      const hex = (text: string): number => Number.parseInt(text, 16);
      return [{ from: hex(from), to: hex(to), writable: write === 'w', offset: hex(offset), path }];
    });
}

/** The addresses of the words by which the library that `inside` points into calls `symbol`; none when it does not. */
export function importsOf(inside: number, symbol: string): number[] {
  const all = mappings();
  const here = all.find(({ from, to }) => from <= inside && inside < to);
  const base = all.find(({ path, offset }) => path === here?.path && offset === 0)?.from;
  if (here === undefined || base === undefined || here.path === '') return [];

  const header = read(base, 64);
  const headers = read(base + Number(header.getBigUint64(32, true)), header.getUint16(56, true) * 56);
  const dynamic = new Map<number, number>();
  for (let at = 0; at < headers.byteLength; at += 56) {
    if (headers.getUint32(at, true) !== PT_DYNAMIC) continue;
    const table = read(base + Number(headers.getBigUint64(at + 16, true)), Number(headers.getBigUint64(at + 40, true)));
    for (let entry = 0; entry < table.byteLength; entry += 16) {
      const tag = Number(table.getBigInt64(entry, true));
      if (tag === DT_NULL) break;
      dynamic.set(tag, Number(table.getBigUint64(entry + 8, true)));
    }
  }
  // glibc adds the load address to these in place, musl does not.
  const address = (tag: number): number => {
    const value = dynamic.get(tag) ?? 0;
    return value < base ? base + value : value;
  };
  const names = address(DT_STRTAB);
  const symbols = address(DT_SYMTAB);
  const wanted = `${symbol}\0`;
  const kinds = RELOCATIONS[currentArch()];

  const found: number[] = [];
  for (const [start, size] of [
    [DT_RELA, DT_RELASZ],
    [DT_JMPREL, DT_PLTRELSZ],
  ] as const) {
    if (!dynamic.has(start)) continue;
    const table = read(address(start), dynamic.get(size) ?? 0);
    for (let at = 0; at < table.byteLength; at += RELA_SIZE) {
      if (!kinds.includes(table.getUint32(at + 8, true))) continue;
      const name = names + read(symbols + table.getUint32(at + 12, true) * SYMBOL_SIZE, 4).getUint32(0, true);
      if (startsWith(name, wanted)) found.push(base + Number(table.getBigUint64(at, true)));
    }
  }
  return found;
}

function read(address: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  if (length > 0) copyIn(bytes, BigInt(address), length);
  return new DataView(bytes.buffer);
}

function startsWith(address: number, text: string): boolean {
  const { peek8 } = machine();
  for (let i = 0; i < text.length; i++) if (peek8(address + i) !== text.charCodeAt(i)) return false;
  return true;
}

let bound: ((address: bigint, length: bigint, protection: number) => number) | null = null;

/** Changes such a word, if it is still `expected` (or whatever it is, if that is null), and returns what it was. */
export function replaceImport(word: number, value: number, expected: number | null): number {
  const { peek64, poke64 } = machine();
  const was = peek64(word);
  if (expected !== null && was !== expected) return was;
  const mapping = mappings().find(({ from, to }) => from <= word && word < to);
  if (mapping === undefined) return was; // the library has been unloaded
  bound ??= openLibrary(null, {
    mprotect: { return: 'int32', arguments: ['uint64', 'uint64', 'int32'] },
  }).mprotect;
  const mprotect = bound;
  const EACCES = 13;
  const protect = (protection: number): number =>
    check(
      mprotect(BigInt(mapping.from), BigInt(mapping.to - mapping.from), protection) === 0 ? 0 : -EACCES,
      'mprotect',
    );
  if (!mapping.writable) protect(PROT_READ_WRITE);
  poke64(word, value);
  if (!mapping.writable) protect(PROT_READ);
  return was;
}
