/**
 * A function of machine code that calls two others, one after another, and knows nothing of waiting.
 *
 * What must hold: it is a C function of the platform's convention, `f(callee0, callee1)`. It keeps both addresses in registers that a callee must keep.
 *
 * Source: Intel SDM volume 2, CALL (FF /2); Arm ARM (DDI 0487), C6.2, BLR.
 */
import * as arm64 from '../../packages/pawl/src/sys/emit/arm64-instructions.ts';
import { ret as retArm64 } from '../../packages/pawl/src/sys/emit/arm64.ts';
import { assemble, entry, type Part } from '../../packages/pawl/src/sys/emit/assembler.ts';
import { emitElf } from '../../packages/pawl/src/sys/emit/elf.ts';
import { loadAddresses } from '../../packages/pawl/src/sys/emit/index.ts';
import * as x64 from '../../packages/pawl/src/sys/emit/x64-instructions.ts';
import { ret as retX64 } from '../../packages/pawl/src/sys/emit/x64.ts';
import { type Arch, currentArch } from '../../packages/pawl/src/sys/linux.ts';

/** One call: of the first or of the second function, with a number. */
export type Step = readonly [callee: 0 | 1, argument: number];

// #region code
const CODE: Readonly<Record<Arch, (steps: readonly Step[]) => Part[]>> = {
  x64: (steps) => [
    x64.push(x64.RBX),
    x64.push(x64.R12),
    x64.subConstant(x64.RSP, 8),
    x64.mov(x64.RBX, x64.RDI),
    x64.mov(x64.R12, x64.RSI),
    ...steps.flatMap(([callee, argument]) => [
      x64.constant(x64.RDI, argument),
      callee === 0 ? [0xff, 0xd3] : [0x41, 0xff, 0xd4], // call rbx, call r12
    ]),
    x64.addConstant(x64.RSP, 8),
    x64.pop(x64.R12),
    x64.pop(x64.RBX),
    retX64(),
  ],
  arm64: (steps) => [
    arm64.subImmediate(arm64.SP, arm64.SP, 32),
    arm64.stp(arm64.LR, 19, arm64.SP, 0),
    arm64.str(20, arm64.SP, 16),
    arm64.movRegister(19, 0),
    arm64.movRegister(20, 1),
    ...steps.flatMap(([callee, argument]) => [arm64.movz(0, argument), arm64.blr(callee === 0 ? 19 : 20)]),
    arm64.ldr(20, arm64.SP, 16),
    arm64.ldp(arm64.LR, 19, arm64.SP, 0),
    arm64.addImmediate(arm64.SP, arm64.SP, 32),
    retArm64(),
  ],
};
// #endregion

/** The machine code, for an architecture. Arguments are below 65,536. */
export function emitStraightLine(arch: Arch, steps: readonly Step[]): Uint8Array {
  return (assemble(arch, [entry('program'), ...CODE[arch](steps)])[0] as { readonly code: Uint8Array }).code;
}

/** The address of such a function, loaded into this process. */
export function loadStraightLine(steps: readonly Step[]): number {
  const arch = currentArch();
  const image = emitElf(arch, 'ladder-straight.so', [{ name: 'program', code: emitStraightLine(arch, steps) }]);
  return Number(loadAddresses(image, ['program'])[0]);
}
