/** The machine code of `load`, byte for byte, for both processors: what an assembler makes of the four instructions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emitLoad } from './load.ts';

const hex = (code: Uint8Array): string => Buffer.from(code).toString('hex');

test('x86-64: cvttsd2si %xmm0,%rax; mov (%rax),%rax; cvtsi2sd %rax,%xmm0; ret', () => {
  assert.equal(hex(emitLoad('x64')), ['f2480f2cc0', '488b00', 'f2480f2ac0', 'c3'].join(''));
});

test('aarch64: fcvtzs x0,d0; ldr x0,[x0]; scvtf d0,x0; ret', () => {
  assert.equal(hex(emitLoad('arm64')), ['0000789e', '000040f9', '0000629e', 'c0035fd6'].join(''));
});
