import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { codeOf } from '../../test/support/world.ts';
import { blockOn, sleep } from '../index.ts';
import { openLibrary } from '../sys/ffi/index.ts';
import { openSlots } from '../sys/fiber/slots.ts';
import { SLOTS } from '../sys/fiber/layout.ts';
import {
  type CArgument,
  call,
  type Callback,
  callback,
  callNow,
  type CFunction,
  type CType,
  functionAt,
  library,
  Memory,
  peek,
  type Pointer,
} from './index.ts';

/** The callback as a C function: what is called by C is then called with the arguments of a call. */
function asFunction<A extends readonly CArgument[], R extends CType>(
  of: Callback<A, R>,
  signature: {
    readonly arguments: A;
    readonly returns: R;
  },
): CFunction<A, R> {
  return functionAt(of.addressForC as Pointer, { ...signature, name: of.name });
}

/** What is reported of callbacks that were refused while nothing ran on a fiber: the next call, which goes well, tells it. */
async function nextWarning(): Promise<string> {
  const { abs } = library(null, { abs: { arguments: ['int32'], returns: 'int32' } });
  const { promise, resolve } = Promise.withResolvers<string>();
  const listen = (warning: Error & { code?: string }): void => {
    if (warning.code === 'CALLBACK_REFUSED') resolve(warning.message); // Node warns of its own matters too
  };
  process.on('warning', listen);
  assert.equal(callNow(abs, -1), 1);
  try {
    return await promise;
  } finally {
    process.off('warning', listen);
  }
}

describe('a callback', () => {
  it('is given values of each type, and answers with one', () => {
    const signature = {
      arguments: ['int32', 'uint32', 'int64', 'uint64', 'size', 'float32', 'float64', 'pointer', 'string'],
      returns: 'float64',
    } as const;
    let seen: unknown[] = [];
    using f = callback({ ...signature, failure: 0 }, (...args) => {
      seen = args;
      return 0.25;
    });
    using memory = new Memory(8);
    const args = [-1, 2 ** 32 - 1, -(2n ** 63n), 2n ** 64n - 1n, 2 ** 48, 0.5, 0.1, memory.pointer(), 'tëa'] as const;
    assert.equal(callNow(asFunction(f, signature), ...args), 0.25);
    assert.deepEqual(seen, args);
  });

  it('is given more arguments than there are registers', () => {
    const integers = Array.from({ length: 10 }, () => 'int32' as const);
    const floats = Array.from({ length: 10 }, () => 'float64' as const);
    const signature = { arguments: [...integers, ...floats, 'int64', 'float32'] as const, returns: 'int32' } as const;
    let seen: unknown[] = [];
    using f = callback<readonly CArgument[], 'int32'>({ ...signature, failure: 0 }, (...args) => {
      seen = args;
      return -7;
    });
    const args = [...integers.map((_, i) => i - 5), ...floats.map((_, i) => i / 4), -(2n ** 40n), 1.5];
    assert.equal(callNow(asFunction<readonly CArgument[], 'int32'>(f, signature), ...args), -7);
    assert.deepEqual(seen, args);
  });

  it('answers with a value of each type, also after it has waited', () => {
    const cases = [
      ['int32', -5],
      ['uint32', 2 ** 32 - 5],
      ['int64', -(2n ** 62n)],
      ['uint64', 2n ** 63n + 1n],
      ['size', 2 ** 52],
      ['float32', 0.75],
      ['float64', -0.1],
      ['pointer', null],
    ] as const;
    for (const [returns, value] of cases) {
      const signature = { arguments: [], returns } as const;
      using f = callback<readonly [], CType>({ ...signature, failure: value }, function* () {
        yield* sleep(0);
        return value;
      });
      assert.equal(blockOn(call(asFunction<readonly [], CType>(f, signature))), value, returns);
    }
  });

  it('that was closed answers its failure value, of each type, and the call that C made it in fails', () => {
    for (const [returns, value] of [
      ['int32', -5],
      ['int64', -(2n ** 62n)],
      ['float32', 0.75],
      ['float64', -0.1],
    ] as const) {
      const signature = { arguments: [], returns } as const;
      const f = callback<readonly [], CType>({ ...signature, failure: value }, () => assert.fail('called'));
      const late = asFunction<readonly [], CType>(f, signature);
      f[Symbol.dispose]();
      f[Symbol.dispose]();
      assert.equal(f.closed, true);
      assert.equal(
        codeOf(() => callNow(late)),
        'CLOSED',
      );
    }
  });

  it('that C calls on the thread’s own stack answers its failure value, and runs nothing', async () => {
    using f = callback({ name: 'stray', arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 }, () =>
      assert.fail('called'),
    );
    const { qsort } = openLibrary(null, {
      qsort: { return: 'void', arguments: ['uint64', 'uint64', 'uint64', 'uint64'] },
    });
    using memory = new Memory(8);
    memory.write('int32', 0, 2);
    memory.write('int32', 4, 1);
    qsort(BigInt(memory.pointer()), 2n, 4n, BigInt(f.addressForC));
    assert.equal(memory.read('int32', 0), 2);
    assert.match(await nextWarning(), /C has called callback "stray" where it must not/);
  });

  it('that C calls on another thread answers its failure value there', async () => {
    using f = callback({ name: 'elsewhere', arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 }, () =>
      assert.fail('called'),
    );
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
       const { functions } = require('node:ffi').dlopen(null, {
         qsort: { return: 'void', arguments: ['buffer', 'uint64', 'uint64', 'uint64'] },
       });
       const numbers = new Int32Array([2, 1]);
       functions.qsort(numbers, 2n, 4n, workerData);
       parentPort.postMessage([...numbers]);`,
      { eval: true, workerData: BigInt(f.addressForC), execArgv: ['--no-warnings'] },
    );
    // Both can come in one turn of the loop.
    const [[numbers]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    assert.deepEqual(numbers, [2, 1]);
    assert.match(await nextWarning(), /"elsewhere"/);
  });

  it('has a place of its own until it is closed; there are 1024', () => {
    const before = openSlots();
    const many: Callback[] = [];
    const one = (): Callback => callback({ arguments: [], returns: 'int32', failure: 0 }, () => 1) as never;
    try {
      while (many.length < SLOTS - before) many.push(one());
      assert.equal(codeOf(one), 'LIMIT_EXCEEDED');
      many.pop()?.[Symbol.dispose]();
      many.push(one());
      assert.equal(new Set(many.map((each) => each.addressForC)).size, many.length);
    } finally {
      for (const each of many) each[Symbol.dispose]();
    }
    assert.equal(openSlots(), before);
  });

  it('may be called while another fiber stands still in it', () => {
    using f = callback({ arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 }, (a, b) => {
      depth++;
      if (depth < 5) {
        using inner = new Memory(8);
        inner.write('int32', 0, 2);
        callNow(qsort, inner, 2, 4, f);
        assert.deepEqual([inner.read('int32', 0), inner.read('int32', 4)], [0, 2]);
      }
      return peek('int32', a) - peek('int32', b);
    });
    let depth = 0;
    const { qsort } = library(null, {
      qsort: { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' },
    });
    using memory = new Memory(8);
    memory.write('int32', 0, 1);
    callNow(qsort, memory, 2, 4, f);
    assert.equal(depth, 5);
    assert.deepEqual([memory.read('int32', 0), memory.read('int32', 4)], [0, 1]);
  });
});
