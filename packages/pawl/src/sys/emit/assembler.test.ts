import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as a from './arm64-instructions.ts';
import { assemble, entry, label, type Part, type Reference } from './assembler.ts';
import * as x from './x64-instructions.ts';

const hex = (code: Iterable<number>): string => [...code].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
const words = (...values: readonly number[]): string[] =>
  values.map((value) => (value >>> 0).toString(16).padStart(8, '0'));
const at = (reference: Reference, distance: number): string => hex(reference.encode(distance));

describe('instructions of x86-64', () => {
  // Expected bytes from GNU as 2.40.
  it('of the stack', () => {
    assert.equal(hex(x.push(x.RBP)), '55');
    assert.equal(hex(x.push(x.R12)), '41 54');
    assert.equal(hex(x.pop(x.R15)), '41 5f');
    assert.equal(hex(x.subConstant(x.RSP, 8)), '48 83 ec 08');
    assert.equal(hex(x.subConstant(x.RSP, 512)), '48 81 ec 00 02 00 00');
    assert.equal(hex(x.addConstant(x.R12, 16)), '49 83 c4 10');
  });

  it('that load and store', () => {
    assert.equal(hex(x.mov(x.RSI, x.RSP)), '48 89 e6');
    assert.equal(hex(x.mov(x.RBX, x.RDI)), '48 89 fb');
    assert.equal(hex(x.load(x.RSP, x.R11, 8)), '49 8b 63 08');
    assert.equal(hex(x.load(x.R12, x.R12, 0)), '4d 8b 24 24');
    assert.equal(hex(x.load(x.RAX, x.RBP, 0)), '48 8b 45 00');
    assert.equal(hex(x.load(x.RCX, x.R13, 0)), '49 8b 4d 00');
    assert.equal(hex(x.load(x.RDI, x.R12, 0x108)), '49 8b bc 24 08 01 00 00');
    assert.equal(hex(x.store(x.R11, 8, x.RSP)), '49 89 63 08');
    assert.equal(hex(x.store(x.RSP, -8, x.R9)), '4c 89 4c 24 f8');
    assert.equal(hex(x.load32(x.RAX, x.RDI, 0)), '8b 07');
    assert.equal(hex(x.store32(x.RDI, 0, x.RAX)), '89 07');
    assert.equal(hex(x.load8(x.RAX, x.RDI, 0)), '0f b6 07');
    assert.equal(hex(x.store8(x.RDI, 0, x.RAX)), '88 07');
    assert.equal(hex(x.storeConstant(x.RDI, 8, 1)), '48 c7 47 08 01 00 00 00');
    assert.equal(hex(x.constant(x.RAX, 32)), 'b8 20 00 00 00');
    assert.equal(hex(x.constant(x.R10, 8)), '41 ba 08 00 00 00');
    assert.equal(hex(x.wideConstant(x.R11, 0x7f1234567000)), '49 bb 00 70 56 34 12 7f 00 00');
    assert.equal(hex(x.loadDouble(0, x.RDI, 48)), 'f2 0f 10 47 30');
    assert.equal(hex(x.storeDouble(x.R12, 32, 0)), 'f2 41 0f 11 44 24 20');
    assert.equal(hex(x.storeDouble(x.R10, 256, 7)), 'f2 41 0f 11 ba 00 01 00 00');
  });

  it('of the control words', () => {
    assert.equal(hex(x.stmxcsr(x.RSP, 0)), '0f ae 1c 24');
    assert.equal(hex(x.ldmxcsr(x.RSP, 0)), '0f ae 14 24');
    assert.equal(hex(x.fnstcw(x.RSP, 4)), 'd9 7c 24 04');
    assert.equal(hex(x.fldcw(x.RSP, 4)), 'd9 6c 24 04');
  });

  it('that count and compare', () => {
    assert.equal(hex(x.add(x.RAX, x.R11)), '4c 01 d8');
    assert.equal(hex(x.zero(x.RDX)), '31 d2');
    assert.equal(hex(x.decrement(x.RCX)), '48 ff c9');
    assert.equal(hex(x.decrementMemory(x.RBX, 0)), '48 ff 0b');
    assert.equal(hex(x.incrementLocked(x.R11, 16)), 'f0 49 ff 43 10');
    assert.equal(hex(x.test(x.R10)), '4d 85 d2');
    assert.equal(hex(x.compareConstant(x.RAX, 1)), '48 83 f8 01');
    assert.equal(hex(x.compareMemory(x.RSP, x.R10, 64)), '49 3b 62 40');
    assert.equal(hex(x.compareMemoryZero(x.RAX, 64)), '48 83 78 40 00');
  });

  it('that go elsewhere', () => {
    assert.equal(hex(x.callMemory(x.R12, 16)), '41 ff 54 24 10');
    assert.equal(hex(x.jumpRegister(x.R10)), '41 ff e2');
    assert.equal(hex(x.jumpRegister(x.RAX)), 'ff e0');
    assert.equal(at(x.call('x'), 0), 'e8 fb ff ff ff');
    assert.equal(at(x.jump('x'), 0x100), 'e9 fb 00 00 00');
    assert.equal(at(x.jumpIf(x.EQUAL, 'x'), 6), '0f 84 00 00 00 00');
    assert.equal(at(x.jumpIf(x.NOT_BELOW, 'x'), -0x10), '0f 83 ea ff ff ff');
    assert.equal(at(x.addressOf(x.RCX, 'x'), 0x61), '48 8d 0d 5a 00 00 00');
    assert.equal(hex(x.ud2()), '0f 0b');
  });
});

describe('instructions of aarch64', () => {
  // Expected words from GNU as 2.40 for aarch64.
  it('that load and store', () => {
    assert.deepEqual(
      words(a.stp(19, 20, a.SP, 0), a.stp(29, 30, a.SP, 80), a.ldp(1, 2, a.SP, 8), a.stp(31, 31, 9, 144)),
      ['a90053f3', 'a9057bfd', 'a9408be1', 'a9097d3f'],
    );
    assert.deepEqual(words(a.stpDouble(8, 9, a.SP, 96), a.ldpDouble(14, 15, a.SP, 144)), ['6d0627e8', '6d493fee']);
    assert.deepEqual(
      words(
        a.ldr(9, 16, 64),
        a.str(31, 16, 0),
        a.ldrWord(0, 0, 0),
        a.strWord(1, 0, 0),
        a.ldrByte(0, 0, 0),
        a.strByte(1, 0, 0),
      ),
      ['f9402209', 'f900021f', 'b9400000', 'b9000001', '39400000', '39000001'],
    );
    assert.deepEqual(words(a.ldrDouble(0, 0, 48), a.strDouble(0, 19, 32)), ['fd401800', 'fd001260']);
    assert.deepEqual(words(a.ldaxr(9, 10), a.stlxr(11, 9, 10)), ['c85ffd49', 'c80bfd49']);
  });

  it('that count and compare', () => {
    assert.deepEqual(
      words(
        a.movRegister(19, 0),
        a.addImmediate(a.SP, 9, 0),
        a.subImmediate(a.SP, a.SP, 160),
        a.addRegister(16, 16, 17),
        a.shiftLeft(10, 9, 3),
        a.movz(8, 64),
        a.movk(16, 0x7f12, 2),
        a.compareRegister(11, 9),
        a.compareImmediate(9, 1),
      ),
      ['aa0003f3', '9100013f', 'd10283ff', '8b110210', 'd37df12a', 'd2800808', 'f2cfe250', 'eb09017f', 'f100053f'],
    );
    assert.deepEqual(words(...a.address(16, 0x7f1234567000)), ['d28e0010', 'f2a68ad0', 'f2cfe250']);
  });

  it('that go elsewhere', () => {
    assert.deepEqual(words(a.br(9), a.blr(9), a.brk()), ['d61f0120', 'd63f0120', 'd4200020']);
    assert.equal(at(a.b('x'), -4), 'ff ff ff 17');
    assert.equal(at(a.bl('x'), 8), '02 00 00 94');
    assert.equal(at(a.bIf(a.LO, 'x'), 16), '83 00 00 54');
    assert.equal(at(a.cbz(9, 'x'), 8), '49 00 00 b4');
    assert.equal(at(a.cbnz(11, 'x'), -12), 'ab ff ff b5');
    assert.equal(at(a.adr(10, 'x'), 0x54), 'aa 02 00 10');
  });
});

describe('the assembler', () => {
  it('resolves labels in both directions, and begins entries at multiples of 16', () => {
    const parts: readonly Part[] = [
      entry('first'),
      label('back'),
      x.jump('forth'),
      x.jump('back'),
      entry('second'),
      label('forth'),
      x.jump('back'),
    ];
    const functions = assemble('x64', parts);
    assert.deepEqual(
      functions.map(({ name, code }) => `${name}: ${hex(code)}`),
      ['first: e9 0b 00 00 00 e9 f6 ff ff ff cc cc cc cc cc cc', 'second: e9 eb ff ff ff'],
    );
  });

  it('takes words of aarch64, little-endian', () => {
    assert.deepEqual(
      assemble('arm64', [entry('f'), a.brk(), a.b('f')]).map(({ code }) => hex(code)),
      ['20 00 20 d4 ff ff ff 17'],
    );
  });

  it('refuses a label that is missing, and one that is there twice', () => {
    assert.throws(() => assemble('x64', [entry('f'), x.jump('g')]), /label g is not defined/);
    assert.throws(() => assemble('x64', [entry('f'), label('f')]), /label f is defined twice/);
  });
});
