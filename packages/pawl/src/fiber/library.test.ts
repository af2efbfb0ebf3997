import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { codeOf } from '../../test/support/world.ts';
import { callNow, library, redirect } from './index.ts';

const url = JSON.stringify(new URL('index.ts', import.meta.url).href);
const ABS = `{ abs: { arguments: ['int32'], returns: 'int32' } }`;

/** A load of WebAssembly far outside of its memory: V8 finds out by a fault. */
const TRAP = `
  const bytes = [0,97,115,109,1,0,0,0, 1,5,1,96,0,1,127, 3,2,1,0, 5,3,1,0,1, 7,5,1,1,102,0,0, 10,12,1,10,0,65,128,128,128,50,40,2,0,11];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  try { exports.f(); } catch (error) { console.log(error.constructor.name); }`;

function child(flags: readonly string[], program: string): string {
  const args = [...flags, '--no-warnings', '--input-type=module', '-e', program];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

describe('fibers', () => {
  it('ask for the permission to call foreign functions', () => {
    const program = `await import(${url}).then(({ callNow, library }) => console.log(callNow(library(null, ${ABS}).abs, -1)))
      .catch((error) => console.log(error.name, error.code));`;
    const model = ['--permission', '--allow-fs-read=*'];
    assert.equal(child(model, program), 'PawlError FFI_DENIED');
    assert.equal(child([...model, '--allow-ffi'], program), '1');
  });

  it('name a processor that they do not know', () => {
    const program = `Object.defineProperty(process, 'arch', { value: 'mips' });
      await import(${url}).then(({ library }) => library(null, ${ABS}))
        .catch((error) => console.log(error.code, error.message));`;
    assert.match(child([], program), /^UNSUPPORTED_PLATFORM .*mips/);
  });

  it('run on worker threads, at the same time, and end with them', async () => {
    const program = `
      const { parentPort } = require('node:worker_threads');
      import(${url}).then(({ callback, callNow, library, Memory, peek }) => {
        const { qsort } = library(null, { qsort: { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' } });
        using compare = callback({ arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 },
          (a, b) => peek('int32', a) - peek('int32', b));
        using numbers = new Memory(4000);
        for (let round = 0; round < 20; round++) {
          for (let i = 0; i < 1000; i++) numbers.write('int32', 4 * i, (i * 7919) % 1009);
          callNow(qsort, numbers, 1000, 4, compare);
        }
        let sorted = true;
        for (let i = 1; i < 1000; i++) sorted &&= numbers.read('int32', 4 * i - 4) <= numbers.read('int32', 4 * i);
        parentPort.postMessage(sorted);
      });`;
    const workers = Array.from({ length: 3 }, () => new Worker(program, { eval: true, execArgv: ['--no-warnings'] }));
    const ends = workers.map((worker) => once(worker, 'exit'));
    const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
    assert.deepEqual(answers, [[true], [true], [true]]);
    assert.deepEqual(await Promise.all(ends), [[0], [0], [0]]);
    // and this thread's are as they were
    const { abs } = library(null, { abs: { arguments: ['int32'], returns: 'int32' } });
    assert.equal(callNow(abs, -4), 4);
  });
});

describe('after the end of a worker that has used fibers', () => {
  it('faults and late callbacks find their code', () => {
    const printed = child(
      [],
      `import { once } from 'node:events';
       import { dlopen } from 'node:ffi';
       import { Worker } from 'node:worker_threads';
       for (const end of ['', 'setInterval(() => {}, 1000);']) {
         const worker = new Worker(\`import(${url.replaceAll('"', "'")}).then(({ callback, callNow, library, Memory }) => {
           const { qsort } = library(null, { qsort: { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' } });
           const compare = callback({ arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 }, () => 0);
           callNow(qsort, new Memory(8), 2, 4, compare);
           require('node:worker_threads').parentPort.postMessage(BigInt(compare.addressForC));
           \${end}
         })\`, { eval: true, execArgv: ['--no-warnings'] });
         const ended = once(worker, 'exit');
         const [address] = await once(worker, 'message');
         if (end !== '') await worker.terminate();
         await ended;
         const { functions } = dlopen(null, { qsort: { return: 'void', arguments: ['buffer', 'uint64', 'uint64', 'uint64'] } });
         const numbers = new Int32Array([2, 1]);
         functions.qsort(numbers, 2n, 4n, address);
         console.log(...numbers);
       }
       ${TRAP}`,
    );
    assert.equal(printed, '2 1\n2 1\nRuntimeError');
  });
});

describe('a redirection', () => {
  it('needs an import of the library', () => {
    const { hypot } = library('libm.so.6', { hypot: { arguments: ['float64', 'float64'], returns: 'float64' } });
    const options = {
      within: hypot,
      symbol: 'no_such_import',
      arguments: [],
      returns: 'void',
      failure: undefined,
    } as const;
    assert.equal(
      codeOf(() => redirect(options, () => {})),
      'FUNCTION_NOT_FOUND',
    );
    assert.equal(
      codeOf(() => redirect({ ...options, within: null as never }, () => {})),
      'BAD_ARGUMENT',
    );
  });
});
