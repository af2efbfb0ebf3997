/**
 * A function of machine code that reads the eight bytes at an address, as a whole number.
 *
 * What must hold: it is a C function of the platform's convention that touches only registers a callee may use. Address and value travel as doubles, as
 * in the library's own functions (`packages/pawl/src/sys/emit`): below 2^53 a double holds them exactly.
 *
 * Source: Intel SDM volume 2, MOV; Arm ARM (DDI 0487), C6.2, LDR (immediate).
 */
import * as arm64 from '../../packages/pawl/src/sys/emit/arm64.ts';
import { emitElf } from '../../packages/pawl/src/sys/emit/elf.ts';
import { loadImage } from '../../packages/pawl/src/sys/emit/index.ts';
import * as x64 from '../../packages/pawl/src/sys/emit/x64.ts';
import { type Arch, currentArch } from '../../packages/pawl/src/sys/linux.ts';

// #region code
const RAX = 0;
const XMM0 = 0;

/** The one instruction that this is about: `mov rax, [rax]`, and `ldr x0, [x0]`. The memory that the register points to is read into it. */
const READ_X64 = [0x48, 0x8b, 0x00];
const READ_ARM64 = 0xf9400000;

/** Around it, what brings the address in and the value out. */
const CODE: Readonly<Record<Arch, () => Uint8Array>> = {
  x64: () =>
    Uint8Array.from([
      ...x64.cvttsd2si(RAX, XMM0), // the address: from a double to a whole number
      ...READ_X64,
      ...x64.cvtsi2sd(XMM0, RAX), // the value: back to a double
      ...x64.ret(),
    ]),
  arm64: () => words([arm64.fcvtzs(0, 0), READ_ARM64, arm64.scvtf(0, 0), arm64.ret()]),
};
// #endregion

/** Instructions of 32 bits, in the byte order of the machine, which is little-endian. */
function words(instructions: readonly number[]): Uint8Array {
  const code = new Uint8Array(4 * instructions.length);
  const view = new DataView(code.buffer);
  for (const [i, instruction] of instructions.entries()) view.setUint32(4 * i, instruction >>> 0, true);
  return code;
}

/** The machine code, for an architecture. */
export function emitLoad(arch: Arch): Uint8Array {
  return CODE[arch]();
}

/** The function, loaded into this process. */
export function loadFunction(): (address: number) => number {
  const image = emitElf(currentArch(), 'ladder-load.so', [{ name: 'load', code: emitLoad(currentArch()) }]);
  return loadImage(image, { load: { return: 'float64', arguments: ['float64'] } }).load;
}
