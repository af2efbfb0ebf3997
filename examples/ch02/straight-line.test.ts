/** The machine code of a straight line, byte for byte: what an assembler makes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emitStraightLine, type Step } from './straight-line.ts';

const hex = (code: Uint8Array): string => Buffer.from(code).toString('hex');
const STEPS: readonly Step[] = [
  [0, 300],
  [1, 2],
];

test('x86-64', () => {
  const lines = [
    '53', // push rbx
    '4154', // push r12
    '4883ec08', // sub rsp, 8
    '4889fb', // mov rbx, rdi
    '4989f4', // mov r12, rsi
    'bf2c010000', // mov edi, 300
    'ffd3', // call rbx
    'bf02000000', // mov edi, 2
    '41ffd4', // call r12
    '4883c408', // add rsp, 8
    '415c', // pop r12
    '5b', // pop rbx
    'c3', // ret
  ];
  assert.equal(hex(emitStraightLine('x64', STEPS)), lines.join(''));
});

test('aarch64', () => {
  const lines = [
    'ff8300d1', // sub sp, sp, #32
    'fe4f00a9', // stp x30, x19, [sp]
    'f40b00f9', // str x20, [sp, #16]
    'f30300aa', // mov x19, x0
    'f40301aa', // mov x20, x1
    '802580d2', // mov x0, #300
    '60023fd6', // blr x19
    '400080d2', // mov x0, #2
    '80023fd6', // blr x20
    'f40b40f9', // ldr x20, [sp, #16]
    'fe4f40a9', // ldp x30, x19, [sp]
    'ff830091', // add sp, sp, #32
    'c0035fd6', // ret
  ];
  assert.equal(hex(emitStraightLine('arm64', STEPS)), lines.join(''));
});
