/**
 * Machine code of two functions that C calls back: so that no JavaScript runs inside a call of C's, where an exception, or the end of a worker
 * by `terminate`, would abort the process.
 *
 * - `answer(_, out, outLength, _, _, block)` answers as a block of memory says: 8 bytes, which go to `*out`; a byte, which goes to `*outLength`; and,
 *   at offset 12, the int32 that it returns. (The shape of OpenSSL's ALPN callback.)
 * - `proceed()` returns 1. (Goes on, whatever the verification of a certificate has found.)
 *
 * What must hold: they are C functions of the System V ABI or the AAPCS64 and touch only registers that a callee may use.
 *
 * Source: Intel SDM volume 2, MOV; Arm ARM (DDI 0487), C6.2, LDR, LDRB, STR, STRB, MOVZ.
 */
import type { Arch } from '../linux.ts';
import type { ElfFunction } from './elf.ts';

const ANSWER_X64 = [
  [0x49, 0x8b, 0x01], // mov (%r9),%rax
  [0x48, 0x89, 0x06], // mov %rax,(%rsi)
  [0x41, 0x8a, 0x41, 0x08], // mov 8(%r9),%al
  [0x88, 0x02], // mov %al,(%rdx)
  [0x41, 0x8b, 0x41, 0x0c], // mov 12(%r9),%eax
  [0xc3], // ret
];

const PROCEED_X64 = [
  [0xb8, 1, 0, 0, 0], // mov $1,%eax
  [0xc3], // ret
];

const ANSWER_ARM64 = [
  0xf94000a6, // ldr x6, [x5]
  0xf9000026, // str x6, [x1]
  0x394020a6, // ldrb w6, [x5, #8]
  0x39000046, // strb w6, [x2]
  0xb9400ca0, // ldr w0, [x5, #12]
  0xd65f03c0, // ret
];

const PROCEED_ARM64 = [
  0x52800020, // movz w0, #1
  0xd65f03c0, // ret
];

const bytes = (instructions: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(instructions.flat());

/** Always little-endian. */
const words = (instructions: readonly number[]): Uint8Array =>
  Uint8Array.from(instructions.flatMap((word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24]));

export function callbackFunctions(arch: Arch): readonly [answer: ElfFunction, proceed: ElfFunction] {
  const x64 = arch === 'x64';
  return [
    { name: 'answer', code: x64 ? bytes(ANSWER_X64) : words(ANSWER_ARM64) },
    { name: 'proceed', code: x64 ? bytes(PROCEED_X64) : words(PROCEED_ARM64) },
  ];
}
