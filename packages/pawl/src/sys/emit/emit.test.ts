import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Arch } from '../linux.ts';
import { fcvtzs, ret as retArm64, scvtf, svc, syscallArm64 } from './arm64.ts';
import { callbackFunctions } from './callbacks.ts';
import { emitElf } from './elf.ts';
import { emitSyscallImage, loadSyscallFunctions } from './index.ts';
import { cvtsi2sd, cvttsd2si, ret as retX64, syscall, syscallX64 } from './x64.ts';

const hex = (code: Iterable<number>): string => [...code].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

describe('x86-64 machine code', () => {
  // Expected bytes from GNU as 2.40.
  it('encodes each instruction as the assembler does', () => {
    assert.equal(hex(cvttsd2si(0, 0)), 'f2 48 0f 2c c0'); // cvttsd2si %xmm0,%rax
    assert.equal(hex(cvttsd2si(7, 1)), 'f2 48 0f 2c f9'); // cvttsd2si %xmm1,%rdi
    assert.equal(hex(cvttsd2si(10, 4)), 'f2 4c 0f 2c d4'); // cvttsd2si %xmm4,%r10
    assert.equal(hex(cvtsi2sd(0, 0)), 'f2 48 0f 2a c0'); // cvtsi2sd %rax,%xmm0
    assert.equal(hex(cvtsi2sd(0, 9)), 'f2 49 0f 2a c1'); // cvtsi2sd %r9,%xmm0
    assert.equal(hex(syscall()), '0f 05');
    assert.equal(hex(retX64()), 'c3');
  });

  it('a call without arguments moves the number, traps and returns', () => {
    assert.equal(hex(syscallX64(0, 'int32')), 'f2 48 0f 2c c0 0f 05 c3');
  });

  it('six arguments go into the kernel’s registers in its order', () => {
    assert.equal(
      hex(syscallX64(6, 'float64')),
      [
        'f2 48 0f 2c c0', // xmm0 -> rax
        'f2 48 0f 2c f9', // xmm1 -> rdi
        'f2 48 0f 2c f2', // xmm2 -> rsi
        'f2 48 0f 2c d3', // xmm3 -> rdx
        'f2 4c 0f 2c d4', // xmm4 -> r10
        'f2 4c 0f 2c c5', // xmm5 -> r8
        'f2 4c 0f 2c ce', // xmm6 -> r9
        '0f 05',
        'f2 48 0f 2a c0', // rax -> xmm0
        'c3',
      ].join(' '),
    );
  });
});

describe('aarch64 machine code', () => {
  // Expected words from the Arm ARM's encoding tables (C7.2, FCVTZS and SCVTF scalar integer; C6.2, SVC and RET).
  it('encodes each instruction', () => {
    assert.equal(fcvtzs(8, 0) >>> 0, 0x9e780008); // fcvtzs x8, d0
    assert.equal(fcvtzs(5, 6) >>> 0, 0x9e7800c5); // fcvtzs x5, d6
    assert.equal(scvtf(0, 0) >>> 0, 0x9e620000); // scvtf d0, x0
    assert.equal(scvtf(3, 2) >>> 0, 0x9e620043); // scvtf d3, x2
    assert.equal(svc() >>> 0, 0xd4000001);
    assert.equal(retArm64() >>> 0, 0xd65f03c0);
  });

  it('six arguments go into the kernel’s registers in its order, little-endian', () => {
    assert.equal(
      hex(syscallArm64(6, 'float64')),
      [
        '08 00 78 9e', // fcvtzs x8, d0
        '20 00 78 9e', // fcvtzs x0, d1
        '41 00 78 9e', // fcvtzs x1, d2
        '62 00 78 9e', // fcvtzs x2, d3
        '83 00 78 9e', // fcvtzs x3, d4
        'a4 00 78 9e', // fcvtzs x4, d5
        'c5 00 78 9e', // fcvtzs x5, d6
        '01 00 00 d4', // svc #0
        '00 00 62 9e', // scvtf d0, x0
        'c0 03 5f d6', // ret
      ].join(' '),
    );
    assert.equal(hex(syscallArm64(0, 'int32')), '08 00 78 9e 01 00 00 d4 c0 03 5f d6');
  });
});

describe('the functions that C calls back', () => {
  it('are what the assembler makes of them', () => {
    // GNU as 2.40, and the Arm ARM's encoding tables.
    assert.deepEqual(
      callbackFunctions('x64').map(({ name, code }) => `${name}: ${hex(code)}`),
      ['answer: 49 8b 01 48 89 06 41 8a 41 08 88 02 41 8b 41 0c c3', 'proceed: b8 01 00 00 00 c3'],
    );
    assert.deepEqual(
      callbackFunctions('arm64').map(({ name, code }) => `${name}: ${hex(code)}`),
      [
        'answer: a6 00 40 f9 26 00 00 f9 a6 20 40 39 46 00 00 39 a0 0c 40 b9 c0 03 5f d6',
        'proceed: 20 00 80 52 c0 03 5f d6',
      ],
    );
  });
});

/** The program headers of an image. */
function segments(image: Uint8Array) {
  const view = new DataView(image.buffer);
  const at = Number(view.getBigUint64(32, true));
  return Array.from({ length: view.getUint16(56, true) }, (_, i) => {
    const header = at + 56 * i;
    return {
      type: view.getUint32(header, true),
      flags: view.getUint32(header + 4, true),
      offset: Number(view.getBigUint64(header + 8, true)),
      address: Number(view.getBigUint64(header + 16, true)),
      fileSize: Number(view.getBigUint64(header + 32, true)),
      memorySize: Number(view.getBigUint64(header + 40, true)),
      align: Number(view.getBigUint64(header + 48, true)),
    };
  });
}

const LOAD = 1;
const DYNAMIC = 2;
const STACK = 0x6474e551;
const RELRO = 0x6474e552;
const X = 1;
const W = 2;

describe('the shared object', () => {
  const page: Record<Arch, number> = { x64: 4096, arm64: 65_536 };
  for (const arch of ['x64', 'arm64'] as const) {
    it(`${arch}: is an ELF64 shared object for its machine`, () => {
      const image = emitSyscallImage(arch);
      const view = new DataView(image.buffer);
      assert.deepEqual([...image.subarray(0, 7)], [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
      assert.equal(view.getUint16(16, true), 3); // ET_DYN
      assert.equal(view.getUint16(18, true), arch === 'x64' ? 62 : 183);
    });

    it(`${arch}: no segment is both writable and executable, the stack is not executable, nothing stays writable`, () => {
      const all = segments(emitSyscallImage(arch));
      assert.ok(all.every(({ flags }) => (flags & (W | X)) !== (W | X)));
      assert.equal(all.filter(({ type, flags }) => type === STACK && (flags & X) === 0).length, 1);
      const writable = all.filter(({ type, flags }) => type === LOAD && (flags & W) !== 0);
      const [relro, ...others] = all.filter(({ type }) => type === RELRO);
      assert.deepEqual(others, []);
      for (const segment of writable) {
        assert.ok(relro !== undefined && relro.address <= segment.address);
        assert.ok(relro.address + relro.memorySize >= segment.address + segment.memorySize);
      }
    });

    it(`${arch}: segments lie on pages of their own`, () => {
      const loads = segments(emitSyscallImage(arch)).filter(({ type }) => type === LOAD);
      let end = -1;
      for (const { offset, address, align, memorySize } of loads) {
        assert.equal(align, page[arch]);
        assert.equal(address % align, offset % align);
        assert.ok(Math.floor(address / align) > end);
        end = Math.floor((address + memorySize - 1) / align);
      }
    });

    it(`${arch}: each symbol leads to its code`, () => {
      const functions = [
        { name: 'first', code: Uint8Array.of(1, 2, 3) },
        { name: 'second', code: Uint8Array.of(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20) },
        { name: 'third', code: Uint8Array.of(21) },
      ];
      const image = emitElf(arch, 'test.so', functions);
      const view = new DataView(image.buffer);
      const u64 = (at: number): number => Number(view.getBigUint64(at, true));
      const dynamic = segments(image).find(({ type }) => type === DYNAMIC);
      assert.ok(dynamic !== undefined);
      const tags = new Map<number, number>();
      for (let at = dynamic.offset; u64(at) !== 0; at += 16) tags.set(u64(at), u64(at + 8));
      const [hash = 0, strings = 0, symbols = 0] = [tags.get(4), tags.get(5), tags.get(6)];
      const text = (at: number): string =>
        Buffer.from(image.subarray(strings + at, image.indexOf(0, strings + at))).toString();
      assert.equal(text(tags.get(14) ?? 0), 'test.so');

      // as the linker does: one bucket, then the chain
      const found: { name: string; code: number[] }[] = [];
      assert.equal(view.getUint32(hash, true), 1);
      for (let i = view.getUint32(hash + 8, true); i !== 0; i = view.getUint32(hash + 12 + 4 * i, true)) {
        const at = symbols + 24 * i;
        const value = u64(at + 8);
        const code = [...image.subarray(value, value + u64(at + 16))];
        found.push({ name: text(view.getUint32(at, true)), code });
      }
      assert.deepEqual(
        found,
        functions.map(({ name, code }) => ({ name, code: [...code] })),
      );
    });
  }
});

describe(
  'the loaded functions',
  { skip: process.platform === 'linux' ? false : 'system calls are emitted for Linux' },
  () => {
    it('reach the kernel with whole numbers, negative ones too', () => {
      const arch = process.arch as Arch;
      const { i0, i3, d6 } = loadSyscallFunctions(arch);
      const [getpid, read] = arch === 'x64' ? [39, 0] : [172, 63];
      assert.equal(i0(getpid), process.pid);
      assert.equal(i3(read, -1, 0, 0), -9);
      assert.equal(d6(getpid, 0, 0, 0, 0, 0, 0), process.pid);
      assert.equal(d6(read, -1, 0, 0, 0, 0, 0), -9);
      assert.equal(i0(100_000), -38); // ENOSYS
    });

    it('each load gives a new image, and no image is writable in memory', () => {
      loadSyscallFunctions(process.arch as Arch);
      const before = mappings();
      loadSyscallFunctions(process.arch as Arch);
      const after = mappings();
      assert.ok(after.length > before.length);
      for (const line of after) assert.match(line, /^\S+ r-[-x]p/);
    });
  },
);

const mappings = (): string[] =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('memfd:pawl'));
