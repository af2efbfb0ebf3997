import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { codeOf } from '../../../test/support/world.ts';
import { drainFibers, giveFiber, takeFiber } from './fiber.ts';
import { machine } from './machine.ts';
import { DEFAULT_STACK, SMALLEST_STACK, Stack, StackPool, stackSize, stacks } from './stack.ts';

const isMapped = (address: number): boolean =>
  readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .some((line) => {
      const [from = '', to = ''] = line.split(' ')[0]!.split('-');
      return Number.parseInt(from, 16) <= address && address < Number.parseInt(to, 16);
    });

describe('a stack', () => {
  it('has a size in whole pages, within limits', () => {
    assert.equal(stackSize(SMALLEST_STACK + 1) % 4096, 0);
    for (const wrong of [0, SMALLEST_STACK - 1, 2 ** 31, 20_000.5, Number.NaN, '65536'])
      assert.equal(
        codeOf(() => stackSize(wrong as number)),
        'BAD_ARGUMENT',
      );
  });

  it('tells how far down it was used, in pages, until it is cleared', () => {
    using stack = new Stack(stackSize(DEFAULT_STACK));
    assert.equal(stack.highWater, 0);
    machine().poke32(stack.high - 4, 1);
    const page = stack.highWater;
    assert.ok(page >= 4096);
    machine().poke32(stack.high - 5 * page, 1);
    assert.equal(stack.highWater, 5 * page);
    stack.clear();
    assert.equal(stack.highWater, 0);
  });

  it('is unmapped when it is disposed of, once', () => {
    const stack = new Stack(stackSize(SMALLEST_STACK));
    assert.ok(isMapped(stack.low));
    stack[Symbol.dispose]();
    stack[Symbol.dispose]();
    assert.equal(stack.highWater, 0);
  });
});

describe('the pool', () => {
  it('gives the stack again that came back last, of the same size only', () => {
    const pool = new StackPool();
    const [small, large] = [stackSize(SMALLEST_STACK), stackSize(DEFAULT_STACK)];
    const first = pool.take(small);
    assert.equal(pool.give(first), true);
    assert.equal(pool.bytes, small);
    using other = pool.take(large);
    assert.notEqual(other, first);
    assert.equal(pool.take(small), first);
    pool.give(first);
    pool.drain();
    assert.equal(pool.bytes, 0);
  });

  it('keeps no more than its bound', () => {
    const pool = new StackPool();
    const size = stackSize(4 * 1024 * 1024);
    const kept = Array.from({ length: 10 }, () => pool.take(size)).map((stack) => pool.give(stack));
    assert.ok(kept.includes(false));
    assert.ok(pool.bytes <= 32 * 1024 * 1024);
    pool.drain();
  });

  it('keeps a fiber with its stack', () => {
    const fiber = takeFiber(stackSize(SMALLEST_STACK));
    giveFiber(fiber);
    assert.equal(takeFiber(stackSize(SMALLEST_STACK)), fiber);
    giveFiber(fiber);
    drainFibers();
    assert.equal(stacks.bytes, 0);
  });
});

const OVERFLOW = `
  const { emitElf } = await import(${JSON.stringify(new URL('../emit/elf.ts', import.meta.url).href)});
  const { loadAddresses } = await import(${JSON.stringify(new URL('../emit/index.ts', import.meta.url).href)});
  const { callNow, callWith, functionAt, library, peek } = await import(${JSON.stringify(new URL('../../fiber/index.ts', import.meta.url).href)});
  const { blockOn } = await import(${JSON.stringify(new URL('../../index.ts', import.meta.url).href)});
  // A function that only calls itself: call . ; bl . with its address pushed first
  const code = process.arch === 'x64' ? [0xe8, 0xfb, 0xff, 0xff, 0xff] : [0xfe, 0x0f, 0x1f, 0xf8, 0xff, 0xff, 0xff, 0x97];
  const [address] = loadAddresses(emitElf(process.arch, 'deep.so', [{ name: 'deep', code: Uint8Array.from(code) }]), ['deep']);
  const deep = functionAt(Number(address), { name: 'deep', arguments: [], returns: 'void' });
  const { abs } = library(null, { abs: { arguments: ['int32'], returns: 'int32' } });`;

function child(program: string): ReturnType<typeof spawnSync> {
  const args = ['--no-warnings', '--input-type=module', '-e', program];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
}

describe('an overflow', () => {
  it('ends the process as a fault does, after a message that names the fiber', () => {
    for (const [program, name] of [
      [`${OVERFLOW} callNow(deep);`, 'deep'],
      [`${OVERFLOW} blockOn(callWith({ name: 'the deepest', stackSize: 65536 }, deep));`, 'the deepest'],
    ] as const) {
      const { stderr, signal } = child(program);
      assert.equal(signal, 'SIGSEGV', String(stderr));
      assert.equal(
        String(stderr),
        `pawl: the stack of fiber "${name}" has overflowed: give its call a larger one (stackSize)\n`,
      );
    }
  });

  it('leaves faults alone that are none', () => {
    // Memory of one page, and a load from 100 MB: how V8 finds out is a fault.
    const trapped = child(`${OVERFLOW} callNow(abs, 1);
      const bytes = [0,97,115,109,1,0,0,0, 1,5,1,96,0,1,127, 3,2,1,0, 5,3,1,0,1, 7,5,1,1,102,0,0, 10,12,1,10,0,65,128,128,128,50,40,2,0,11];
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
      try { exports.f(); } catch (error) { console.log(error.constructor.name); }`);
    assert.equal(String(trapped.stdout), 'RuntimeError\n', String(trapped.stderr));
    const wild = child(`${OVERFLOW} callNow(abs, 1); peek('int32', 16);`);
    assert.equal(wild.signal, 'SIGSEGV');
    assert.equal(String(wild.stderr), '');
  });
});
