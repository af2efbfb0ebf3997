/** What a switch must keep: that is a convention, and each system has its own. */
import { currentArch } from '../../packages/pawl/src/sys/linux.ts';

// #region facts
const CONVENTIONS = [
  {
    system: 'Linux and macOS on x86-64 (System V)',
    registers: 'rsp, rbx, rbp, r12 to r15',
    words: 7,
    also: 'mxcsr and the x87 control word: how to round, what to trap',
  },
  {
    system: 'Linux and macOS on aarch64 (AAPCS64)',
    registers: 'sp, x19 to x30, the lower halves of v8 to v15',
    words: 21,
    also: 'fpcr, if a program changes it. On macOS x18 is the system’s, and must be left alone',
  },
  {
    system: 'Windows on x86-64',
    registers: 'rsp, rbx, rbp, rdi, rsi, r12 to r15, and xmm6 to xmm15 whole',
    words: 29,
    also: 'the thread information block: gs:[0x08] the stack’s base, gs:[0x10] its limit, gs:[0x1478] where it was allocated',
  },
] as const;
// #endregion

for (const { system, registers, words, also } of CONVENTIONS) {
  console.log(`${system}\n  ${registers}: ${8 * words} bytes\n  ${also}\n`);
}
console.log(`(the fibers of this chapter run here on ${process.platform}, ${currentArch()})`);
