/**
 * Machine code of the system-call functions for aarch64.
 *
 * What must hold: they are C functions of the AAPCS64 that touch only registers a callee may use. Floating-point arguments arrive in
 * d0 to d7; the kernel takes the number in x8 and the arguments in x0 to x5, answers in x0 (a failure is -errno), and keeps every
 * other register.
 *
 * Source: Arm ARM (DDI 0487), C6 and C7 (encodings); syscall(2), "Architecture calling conventions".
 */

const X0 = 0;
const X8 = 8;
const D0 = 0;

/** `fcvtzs Xd, Dn`: 1001 1110 0111 1000 0000 00 nnnnn ddddd. A double to a signed 64-bit integer, truncated. */
export const fcvtzs = (to: number, d: number): number => 0x9e780000 | (d << 5) | to;

/** `scvtf Dd, Xn`: 1001 1110 0110 0010 0000 00 nnnnn ddddd. A signed 64-bit integer to a double. */
export const scvtf = (d: number, from: number): number => 0x9e620000 | (from << 5) | d;

/** `svc #0`. */
export const svc = (): number => 0xd4000001;

/** `ret` (to x30). */
export const ret = (): number => 0xd65f03c0;

/** `f(number, ...args)`: doubles in, the system call's result out as an int32 (in w0) or a double (in d0). */
export function syscallArm64(argumentCount: number, result: 'int32' | 'float64'): Uint8Array {
  const instructions = [
    fcvtzs(X8, D0), // the number
    ...Array.from({ length: argumentCount }, (_, i) => fcvtzs(X0 + i, i + 1)),
    svc(),
    ...(result === 'float64' ? [scvtf(D0, X0)] : []), // as an int32 it is already where C returns it
    ret(),
  ];
  const code = new Uint8Array(4 * instructions.length);
  const view = new DataView(code.buffer);
  for (const [i, instruction] of instructions.entries()) view.setUint32(4 * i, instruction >>> 0, true); // always little-endian
  return code;
}
