/**
 * Machine code of the system-call functions for x86-64. The instructions of everything else are in x64-instructions.ts.
 *
 * What must hold: they are C functions of the System V ABI that touch only registers a callee may use. Floating-point arguments
 * arrive in xmm0 to xmm7; the kernel takes the number in rax and the arguments in rdi, rsi, rdx, r10, r8, r9, answers in rax (a
 * failure is -errno), and overwrites rcx and r11. All of them are the caller's to save.
 *
 * Source: Intel SDM volume 2 (encodings); syscall(2), "Architecture calling conventions".
 */

// General registers by their number in an encoding: bits 0 to 2 go into ModRM, bit 3 into the REX prefix.
const RAX = 0;
const RDX = 2;
const RSI = 6;
const RDI = 7;
const R8 = 8;
const R9 = 9;
const R10 = 10;
const XMM0 = 0;

const ARGUMENTS = [RDI, RSI, RDX, R10, R8, R9] as const;

const modRm = (reg: number, rm: number): number => 0xc0 | ((reg & 7) << 3) | (rm & 7); // mode 11: both are registers
const rexW = (reg: number, rm: number): number => 0x48 | ((reg >> 3) << 2) | (rm >> 3); // 64-bit operands

/** `cvttsd2si r64, xmm`: F2 REX.W 0F 2C /r. A double to a signed 64-bit integer, truncated. */
export const cvttsd2si = (to: number, xmm: number): readonly number[] => [
  0xf2,
  rexW(to, xmm),
  0x0f,
  0x2c,
  modRm(to, xmm),
];

/** `cvtsi2sd xmm, r64`: F2 REX.W 0F 2A /r. A signed 64-bit integer to a double. */
export const cvtsi2sd = (xmm: number, from: number): readonly number[] => [
  0xf2,
  rexW(xmm, from),
  0x0f,
  0x2a,
  modRm(xmm, from),
];

/** `syscall`: 0F 05. */
export const syscall = (): readonly number[] => [0x0f, 0x05];

/** `ret`: C3. */
export const ret = (): readonly number[] => [0xc3];

/** `f(number, ...args)`: doubles in, the system call's result out as an int32 (in eax) or a double (in xmm0). */
export function syscallX64(argumentCount: number, result: 'int32' | 'float64'): Uint8Array {
  return Uint8Array.from([
    ...cvttsd2si(RAX, XMM0), // the number
    ...ARGUMENTS.slice(0, argumentCount).flatMap((register, i) => cvttsd2si(register, i + 1)),
    ...syscall(),
    ...(result === 'float64' ? cvtsi2sd(XMM0, RAX) : []), // as an int32 it is already where C returns it
    ...ret(),
  ]);
}
