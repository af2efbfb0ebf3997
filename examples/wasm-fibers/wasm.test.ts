import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coroutine, Future, join, PENDING, type Pending, race, run, sleep, spawn, timeout, yieldNow } from 'pawl';
import { duplex, type MemoryStream, writeAll } from 'pawl/io';
import { engine } from './engine.ts';
import { count } from './main.ts';
import { program } from './program.ts';
import { WasmThread } from './thread.ts';

const supported = engine.Suspending !== undefined;

describe('green threads of WebAssembly', { skip: supported ? false : 'this engine cannot switch stacks' }, () => {
  it('block in reads and sleeps, and take turns', () =>
    run(function* () {
      const log: string[] = [];
      const pairs = Array.from({ length: 3 }, () => duplex());
      const threads = pairs.map(([, far], i) => spawn(count(`thread ${i}`, far, 0, (line) => log.push(line))));
      for (let step = 1; step <= 3; step++) {
        for (const [i, [near]] of pairs.entries()) {
          yield* writeAll(near, new Uint8Array(step));
          while (log.length < (step - 1) * 3 + i + 1) yield* sleep(0);
        }
      }
      for (const [near] of pairs) near.close();
      const sums: number[] = [];
      for (const thread of threads) sums.push(yield* thread);
      assert.deepEqual(sums, [6, 6, 6]);
      const steps = [1, 2, 3].flatMap((n) => [0, 1, 2].map((i) => `thread ${i} has read ${n}`));
      assert.deepEqual(log.slice(0, 9), steps);
    }));

  it('a thousand are under way at once', () =>
    run(function* () {
      const waiting = { count: 0 };
      const all = Array.from({ length: 1000 }, () => {
        let reads = 0;
        return new WasmThread(
          program,
          {
            read: coroutine(function* () {
              if (++reads > 1) return 0;
              waiting.count++;
              while (waiting.count < 1000) yield* yieldNow();
              return 7;
            }),
            sleep: () => sleep(0),
          },
          0,
        );
      });
      const sums = yield* join(all);
      assert.deepEqual([sums.length, new Set(sums)], [1000, new Set([7])]);
    }));

  it('what an import throws unwinds the WebAssembly and is the thread’s error', () =>
    run(function* () {
      const fault = new Error('no bytes');
      const failing = coroutine(function* () {
        yield* sleep(0);
        if (fault.message !== '') throw fault;
        return 0;
      });
      let thrown: unknown;
      try {
        yield* new WasmThread(program, { read: failing, sleep: () => sleep(0) }, 0);
      } catch (error) {
        thrown = error;
      }
      assert.equal(thrown, fault);
    }));

  it('cancelling one stops what it waits for, and waits until it has unwound', () =>
    run(function* () {
      class Forever extends Future<number> {
        cancelled = false;
        override poll(): Pending {
          return PENDING;
        }
        override cancel(): undefined {
          this.cancelled = true;
        }
      }
      const forever = new Forever();
      yield* race([new WasmThread(program, { read: () => forever, sleep: () => sleep(0) }, 0), sleep(1)]);
      assert.equal(forever.cancelled, true);
      // and one that a read of a stream keeps waiting
      const [near, far] = duplex();
      const log: string[] = [];
      let code: unknown;
      try {
        yield* timeout(
          2,
          count('late', far, 0, (line) => log.push(line)),
        );
      } catch (error) {
        code = (error as { code?: unknown }).code;
      }
      assert.equal(code, 'TIMEOUT');
      assert.deepEqual(log, []);
      for (const end of [near, far] satisfies MemoryStream[]) end.close();
    }));
});
