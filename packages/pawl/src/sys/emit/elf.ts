/**
 * A writer of ELF64 shared objects: enough of the format that the dynamic linker of any Linux C library maps some machine code and
 * finds its symbols, and no more. Layout, each part in pages of its own:
 *
 *     headers, .dynsym, hash, .dynstr   R     what the linker reads
 *     .text                             RX    the machine code
 *     .dynamic                          RW    made read-only (RELRO) before any code runs
 *
 * What must hold: no writable data (one image is shared by all threads of the process) and no executable stack. `.dynamic` is writable
 * while it is loaded because glibc before 2.35 adds the load address to its entries in place. There are no relocations: the code
 * must be position-independent and refer to nothing outside itself.
 *
 * Source: System V ABI, chapters 4 and 5; the AMD64 and AArch64 supplements for the machine numbers and page sizes.
 */
import type { Arch } from '../linux.ts';

/** A function of the image. */
export interface ElfFunction {
  readonly name: string;
  readonly code: Uint8Array;
}

const MACHINE: Readonly<Record<Arch, number>> = { x64: 62, arm64: 183 }; // EM_X86_64, EM_AARCH64
/** The largest page the architecture may run with: segments must not share one. */
const PAGE: Readonly<Record<Arch, number>> = { x64: 0x1000, arm64: 0x10000 };
/** What fills the gaps between functions: it traps (int3; udf #0 is all zeroes). */
const FILLER: Readonly<Record<Arch, number>> = { x64: 0xcc, arm64: 0x00 };

const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
const SYM_SIZE = 24;
const DYN_SIZE = 16;
const CODE_ALIGN = 16;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_GNU_STACK = 0x6474e551;
const PT_GNU_RELRO = 0x6474e552;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;

const DT_NULL = 0;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SYMENT = 11;
const DT_SONAME = 14;

const align = (offset: number, to: number): number => Math.ceil(offset / to) * to;

/** A growing table of NUL-terminated strings; offset 0 is the empty one. */
class StringTable {
  readonly #bytes: number[] = [0];

  add(text: string): number {
    const offset = this.#bytes.length;
    this.#bytes.push(...new TextEncoder().encode(text), 0);
    return offset;
  }

  get bytes(): readonly number[] {
    return this.#bytes;
  }
}

/** The bytes of a shared object that exports `functions`. */
export function emitElf(arch: Arch, soname: string, functions: readonly ElfFunction[]): Uint8Array {
  const page = PAGE[arch];
  const strings = new StringTable();
  const names = functions.map(({ name }) => strings.add(name));
  const sonameOffset = strings.add(soname);

  // Where everything lies. Addresses are file offsets: the image is mapped as it is.
  const symbolCount = functions.length + 1; // entry 0 is reserved
  const segments = 6;
  const symbolsAt = align(EHDR_SIZE + segments * PHDR_SIZE, 8);
  const hashAt = align(symbolsAt + symbolCount * SYM_SIZE, 8);
  const stringsAt = hashAt + 4 * (2 + 1 + symbolCount);
  const readEnd = stringsAt + strings.bytes.length;
  const textAt = align(readEnd, page);
  const codeAt: number[] = [];
  let textEnd = textAt;
  for (const { code } of functions) {
    codeAt.push(textEnd);
    textEnd = align(textEnd + code.length, CODE_ALIGN);
  }
  const dynamicAt = align(textEnd, page);
  const dynamic: readonly (readonly [tag: number, value: number])[] = [
    [DT_SONAME, sonameOffset],
    [DT_HASH, hashAt],
    [DT_STRTAB, stringsAt],
    [DT_SYMTAB, symbolsAt],
    [DT_STRSZ, strings.bytes.length],
    [DT_SYMENT, SYM_SIZE],
    [DT_NULL, 0],
  ];
  const dynamicSize = dynamic.length * DYN_SIZE;

  const image = new Uint8Array(dynamicAt + dynamicSize);
  const view = new DataView(image.buffer);
  const u16 = (at: number, value: number): void => view.setUint16(at, value, true);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);

  // ELF header: 64-bit, little-endian, version 1, System V
  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  u16(16, 3); // e_type: ET_DYN
  u16(18, MACHINE[arch]); // e_machine
  u32(20, 1); // e_version
  u64(32, EHDR_SIZE); // e_phoff: the program headers follow at once; there are no sections
  u16(52, EHDR_SIZE); // e_ehsize
  u16(54, PHDR_SIZE); // e_phentsize
  u16(56, segments); // e_phnum
  u16(58, 64); // e_shentsize

  let header = EHDR_SIZE;
  const segment = (
    type: number,
    flags: number,
    at: number,
    fileSize: number,
    memorySize: number,
    alignment: number,
  ) => {
    u32(header, type);
    u32(header + 4, flags);
    u64(header + 8, at); // p_offset
    u64(header + 16, at); // p_vaddr
    u64(header + 24, at); // p_paddr
    u64(header + 32, fileSize);
    u64(header + 40, memorySize);
    u64(header + 48, alignment);
    header += PHDR_SIZE;
  };
  segment(PT_LOAD, PF_R, 0, readEnd, readEnd, page);
  segment(PT_LOAD, PF_R | PF_X, textAt, textEnd - textAt, textEnd - textAt, page);
  // A whole page, because glibc rounds the end of RELRO down (_dl_protect_relro) and would leave a shorter one writable.
  segment(PT_LOAD, PF_R | PF_W, dynamicAt, dynamicSize, page, page);
  segment(PT_DYNAMIC, PF_R | PF_W, dynamicAt, dynamicSize, dynamicSize, 8);
  segment(PT_GNU_RELRO, PF_R, dynamicAt, dynamicSize, page, 1);
  // Without this header the linker makes the stacks of the whole process executable.
  segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 16);

  for (const [i, { code }] of functions.entries()) {
    const at = symbolsAt + (i + 1) * SYM_SIZE;
    u32(at, names[i] ?? 0); // st_name
    image[at + 4] = (1 << 4) | 2; // st_info: STB_GLOBAL, STT_FUNC
    u16(at + 6, 1); // st_shndx: whatever is not SHN_UNDEF
    u64(at + 8, codeAt[i] ?? 0); // st_value
    u64(at + 16, code.length); // st_size
  }

  // A System V hash table with one bucket: its chain runs through all symbols. For a handful of functions a search is enough.
  u32(hashAt, 1); // nbucket
  u32(hashAt + 4, symbolCount); // nchain
  u32(hashAt + 8, functions.length > 0 ? 1 : 0);
  for (let i = 1; i < symbolCount; i++) u32(hashAt + 12 + 4 * i, i + 1 < symbolCount ? i + 1 : 0);

  image.set(strings.bytes, stringsAt);
  image.fill(FILLER[arch], textAt, textEnd);
  for (const [i, { code }] of functions.entries()) image.set(code, codeAt[i]);
  for (const [i, [tag, value]] of dynamic.entries()) {
    u64(dynamicAt + i * DYN_SIZE, tag);
    u64(dynamicAt + i * DYN_SIZE + 8, value);
  }
  return image;
}
