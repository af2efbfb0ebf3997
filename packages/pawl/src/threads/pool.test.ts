/** Blocking work: what comes back from another thread, and what is left when it does not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { runScript } from '../../test/support/script.ts';
import { PawlError } from '../error/index.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { run, blockOn } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { yieldNow } from '../future/ready.ts';
import type { Runtime } from '../task/runtime.ts';
import { cancelAtEverySuspension } from '../testing/index.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { fromPromise } from '../node/promise.ts';
import {
  BlockingPool,
  byteChannel,
  spawnBlocking,
  superviseThread,
  threadBroadcast,
  threadChannel,
  threadOneshot,
  threads,
  withThreads,
} from './index.ts';
import { liveThreads } from './worker.ts';

const jobs = new URL('../../test/support/thread-jobs.ts', import.meta.url);

/** Two words of shared memory: set by the other thread when it has begun, by this one when it may end. */
const makeGate = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(8));

const begun = (gate: Int32Array<SharedArrayBuffer>) =>
  fromPromise(Promise.resolve(Atomics.waitAsync(gate, 0, 0).value));

const open = (gate: Int32Array<SharedArrayBuffer>): void => {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
};

const failureOf = coroutine(function* (what: Future<unknown>) {
  try {
    yield* what;
  } catch (error) {
    return error;
  }
  return undefined;
});

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('blocking work', { timeout: 60_000 }, () => {
  const pool = new BlockingPool({ threads: 2, name: 'tested' });
  const call = (name: string, ...args: unknown[]) => pool.callExport(jobs, name, args);

  test('an export of a TypeScript module runs on another thread; promises are awaited there', async () => {
    assert.equal(await run(spawnBlocking(jobs, 'add', [3, 4])), 7);
    assert.deepEqual(await run(call('later', { deep: [1] })), { deep: [1] });
    assert.notEqual(await run(call('whichThread')), 0);
  });

  test('a self-contained function runs by its source, async ones too', async () => {
    assert.equal(await run(spawnBlocking((a: number, b: number) => a * b, 6, 7)), 42);
    const named = async function named(text: string): Promise<string> {
      const { basename } = await import('node:path');
      return basename(text);
    };
    assert.equal(await run(spawnBlocking(named, '/a/b')), 'b');
  });

  test('a variable from around the function is named in the error', async () => {
    const outer = 7;
    await assert.rejects(run(spawnBlocking(() => outer + 1)), {
      code: 'NOT_SELF_CONTAINED',
      message: /uses outer, which is not of its own/,
    });
  });

  test('an error arrives with its class, code, cause and whole stack, and the await that it was thrown at', async () => {
    const asking = coroutine(function* asking() {
      return yield* call('fail', 'E_MEANT');
    });
    await assert.rejects(run(asking()), (error: RangeError & { code: string }) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.code, 'E_MEANT');
      assert.ok(error.cause instanceof TypeError);
      assert.match(error.cause.stack!, /thread-jobs\.ts/);
      assert.match(error.stack!, /at fail .*thread-jobs\.ts:\d+[^]*asking.*pool\.test\.ts:\d+/);
      return true;
    });
    await assert.rejects(run(call('failOurs')), { name: 'PawlError', code: 'BAD_PORT', message: 'as meant', port: 7 });
    await assert.rejects(run(call('throwText')), (error) => error === 'only words');
    await assert.rejects(run(call('failMany')), (error: AggregateError) => {
      assert.equal(error.name, 'AggregateError');
      assert.ok(error.errors[0] instanceof RangeError);
      assert.equal(error.errors[1], 'two');
      return true;
    });
  });

  const refused: readonly [name: string, args: readonly unknown[], code: string, message: RegExp][] = [
    ['absent', [], 'NO_EXPORT', /exports no function "absent": its functions are add, block, bytes/],
    ['notAFunction', [], 'NO_EXPORT', /exports no function "notAFunction"/],
    ['later', [() => {}], 'NOT_CLONEABLE', /the arguments of later cannot be sent/],
    ['unsendable', [], 'NOT_CLONEABLE', /what unsendable gives cannot be sent/],
  ];
  for (const [name, args, code, message] of refused)
    test(`${name} fails with ${code}, and the thread goes on`, async () => {
      await assert.rejects(run(call(name, ...args)), { code, message });
      assert.equal(await run(call('add', 1, 1)), 2);
    });

  test('what cannot be called at all is refused at once', async () => {
    const methods: Readonly<Record<string, () => void>> = { method() {} };
    const bad: readonly [() => unknown, RegExp][] = [
      [() => spawnBlocking('./jobs.ts', 'add'), /relative to a file.*new URL/],
      [() => spawnBlocking('', 'add'), /a module is named by/],
      [() => spawnBlocking(Math.max, 1, 2), /native or bound/],
      [() => pool.call(methods['method'] as () => void, []), /not as a method/],
      [() => pool.callExport(jobs, 'add', [], { priority: 'urgent' as never }), /priority must be/],
      [() => pool.callExport(jobs, 'add', [], { onCancel: 'never' as never }), /onCancel must be/],
      [() => pool.callExport(jobs, 'add', 7 as never), /given as an array/],
      [() => new BlockingPool({ threads: 0 }), /threads must be a whole number/],
      [() => new BlockingPool({ queueLimit: -1 }), /queueLimit must be/],
    ];
    for (const [make, message] of bad) assert.throws(make, { code: 'BAD_ARGUMENT', message });
    assert.throws(() => blockOn(call('add', 1, 2)), { code: 'BLOCKING_NODE' });
  });

  test('a module that cannot be loaded fails with its error', async () => {
    await assert.rejects(run(pool.callExport('no-such-package-here', 'x')), (error: PawlError) => {
      assert.equal(error.code, 'NO_MODULE');
      assert.match(error.message, /^no-such-package-here cannot be loaded on another thread: /);
      assert.equal((error.cause as { code: string }).code, 'ERR_MODULE_NOT_FOUND');
      return error instanceof PawlError;
    });
  });

  test('arguments that the thread cannot read fail the call, and the task, and it goes on', () => {
    const script = new URL('../../test/support/unreadable-arguments.ts', import.meta.url);
    const flags = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning', '--stack-size=7000'];
    const said = execFileSync(process.execPath, [...flags, script.pathname], { encoding: 'utf8', timeout: 60_000 });
    const refused = 'NOT_CLONEABLE: cannot be read';
    assert.deepEqual(JSON.parse(said), [refused, 'a/b', refused, 'a/b,c/d']);
  });

  test('errors of the language and of Node keep their class', async () => {
    const thrown = async (fn: () => unknown): Promise<unknown> => {
      try {
        return await run(pool.call(fn, []));
      } catch (error) {
        return error;
      }
    };
    const several = await thrown(() => {
      throw new AggregateError([new RangeError('one'), 2], 'several');
    });
    assert.ok(several instanceof AggregateError && several.errors[0] instanceof RangeError && several.errors[1] === 2);
    const suppressed = await thrown(() => {
      throw new SuppressedError(new TypeError('later'), new Error('earlier'), 'both');
    });
    assert.ok(suppressed instanceof SuppressedError && suppressed.error instanceof TypeError);
    assert.deepEqual([suppressed.message, (suppressed.suppressed as Error).message], ['both', 'earlier']);
    const aborted = await thrown(() => {
      throw new DOMException('enough', 'AbortError');
    });
    assert.ok(aborted instanceof DOMException);
    assert.deepEqual([aborted.name, aborted.code, aborted.message], ['AbortError', 20, 'enough']);
  });

  test('where no thread can be started, the calls fail, those that wait too', async () => {
    const preload = Symbol.for('pawl.preload');
    const before = Reflect.get(globalThis, preload) as unknown;
    const single = new BlockingPool({ threads: 1, name: 'stuck' });
    const failure = { code: 'THREAD_ENDED', message: /^pool "stuck" cannot start a thread: / };
    const gate = makeGate();
    try {
      await run(function* () {
        const first = spawn(single.callExport(jobs, 'block', [gate], { onCancel: 'terminate' }));
        yield* begun(gate);
        const waiting = [1, 2].map((n) => spawn(failureOf(single.callExport(jobs, 'add', [n, n]))));
        yield* sleep(0);
        // What cannot be cloned cannot be given to a thread.
        Reflect.set(globalThis, preload, [() => 1]);
        first.abort();
        for (const error of yield* join(waiting))
          yield* fromPromise(assert.rejects(Promise.reject(error as Error), failure));
      });
      await assert.rejects(run(single.callExport(jobs, 'add', [1, 1])), failure);
    } finally {
      Reflect.set(globalThis, preload, before);
    }
    assert.equal(await run(single.callExport(jobs, 'add', [1, 1])), 2);
    await run(single.close());
  });

  test('options that do not exist are refused', () => {
    const bad = { code: 'BAD_ARGUMENT', message: /has no option "(prority|thread|capcity|tranfer|conut)"/ };
    assert.throws(() => pool.callExport(jobs, 'add', [], { prority: 'high' } as never), bad);
    assert.throws(() => new BlockingPool({ thread: 1 } as never), bad);
    assert.throws(() => threadChannel(1, { capcity: 1 } as never), bad);
    assert.throws(() => threadOneshot({ capcity: 1 } as never), bad);
    assert.throws(() => threadBroadcast(1, { capcity: 1 } as never), bad);
    assert.throws(() => byteChannel(1024, { capcity: 1 } as never), bad);
    assert.throws(() => withThreads({ conut: 1 } as never, () => sleep(1)), bad);
    assert.throws(() => threads({ conut: 1, entry: jobs } as never), bad);
    assert.throws(() => superviseThread({ conut: 1, entry: jobs } as never), bad);
  });

  test('buffers are copied, or moved in both directions when that is asked for', async () => {
    const copied = new Uint8Array(1000).fill(1);
    assert.equal(await run(call('sum', copied)), 1000);
    assert.equal(copied.length, 1000);
    const moved = new Uint8Array(1000).fill(2);
    const sum = pool.callExport(jobs, 'sum', [moved], { transfer: [moved.buffer] });
    assert.equal(moved.length, 1000);
    assert.equal(await run(sum), 2000);
    assert.equal(moved.length, 0);
    const bytes = await run(pool.callExport<Uint8Array>(jobs, 'bytes', [5], { moveResult: true }));
    assert.deepEqual(bytes, new Uint8Array(5).fill(7));
  });

  test('a thread that exits or fails surfaces at its call, and is replaced', async () => {
    await assert.rejects(run(call('exit', 3)), { code: 'THREAD_ENDED', message: /with code 3/ });
    await assert.rejects(run(call('throwLater')), (error: Error & { code: string }) => {
      assert.equal(error.code, 'THREAD_ENDED');
      assert.ok(error.cause instanceof RangeError);
      return /nobody catches it/.test(error.message);
    });
    assert.equal(await run(call('add', 2, 2)), 4);
  });

  test('what has priority is taken first, and the queue has its limit', async () => {
    const gate = makeGate();
    const order: string[] = [];
    await run(function* () {
      const single = new BlockingPool({ threads: 1, queueLimit: 3 });
      const doing = coroutine(function* (name: string, priority: 'high' | 'normal' | 'low') {
        yield* single.callExport(jobs, 'add', [1, 1], { priority });
        order.push(name);
      });
      const first = spawn(single.callExport(jobs, 'block', [gate]));
      yield* begun(gate);
      const others = [spawn(doing('low', 'low')), spawn(doing('normal', 'normal')), spawn(doing('high', 'high'))];
      yield* sleep(1);
      assert.deepEqual([single.metrics.queued, single.metrics.running, single.metrics.threads], [3, 1, 1]);
      try {
        yield* single.callExport(jobs, 'add', [1, 1]);
        assert.fail('the queue is full');
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'LIMIT_EXCEEDED');
      }
      open(gate);
      assert.equal(yield* first, 'unblocked');
      yield* join(others);
      yield* single.close();
    });
    assert.deepEqual(order, ['high', 'normal', 'low']);
  });

  test('what waits and is cancelled never runs; what runs is waited for', async () => {
    const gate = makeGate();
    const never = makeGate();
    await run(function* () {
      const single = new BlockingPool({ threads: 1 });
      const first = spawn(single.callExport(jobs, 'block', [gate]));
      yield* begun(gate);
      const queued = spawn(single.callExport(jobs, 'block', [never]));
      yield* sleep(1);
      queued.abort();
      yield* sleep(1);
      assert.equal(queued.state, 'cancelled');
      first.abort();
      yield* sleep(1);
      assert.equal(first.state, 'cancelling', 'it has not ended');
      open(gate);
      yield* join([sleep(0), single.callExport(jobs, 'add', [1, 2])]);
      assert.equal(first.state, 'cancelled');
      assert.equal(single.metrics.terminated, 0);
      yield* single.close();
    });
    assert.equal(never[0], 0);
  });

  test('what runs is terminated on request, what it had open is closed, and its thread is replaced', async () => {
    const gate = makeGate();
    await run(function* () {
      const single = new BlockingPool({ threads: 1 });
      yield* single.callExport(jobs, 'add', [1, 2]);
      const before = descriptors();
      const hanging = spawn(single.callExport(jobs, 'openAndHang', [gate], { onCancel: 'terminate' }));
      yield* begun(gate);
      assert.ok(descriptors() > before);
      hanging.abort();
      assert.equal(yield* single.callExport(jobs, 'add', [1, 2]), 3);
      assert.equal(hanging.state, 'cancelled');
      assert.equal(single.metrics.terminated, 1);
      assert.ok(descriptors() <= before, `${descriptors()} descriptors, not more than ${before}`);
      yield* single.close();
    });
  });

  test('a timeout stops the work', async () => {
    const gate = makeGate();
    const endless = pool.callExport(jobs, 'block', [gate], { onCancel: 'terminate' });
    await assert.rejects(run(timeout(200, endless)), { code: 'TIMEOUT' });
    assert.equal(pool.metrics.running, 0);
  });

  test('a thread that was terminated when its answer was under way gets no other call', async () => {
    using single = new BlockingPool({ threads: 1 });
    await run(function* () {
      yield* single.callExport(jobs, 'add', [1, 1]);
      const first = spawn(single.callExport(jobs, 'add', [2, 2], { onCancel: 'terminate' }));
      const second = spawn(single.callExport(jobs, 'add', [3, 3]));
      yield* yieldNow();
      // The answer to the first comes, and is not read before its thread is told to end.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      first.abort();
      assert.equal(yield* second, 6);
    });
  });

  test('it is cancelled at every suspension, and no thread is left', async () => {
    const before = liveThreads();
    await cancelAtEverySuspension(
      coroutine(function* (watch) {
        const single = new BlockingPool({ threads: 1 });
        try {
          const two = [1, 2].map((n) => watch(single.callExport(jobs, 'add', [n, n], { onCancel: 'terminate' })));
          assert.deepEqual(yield* join(two), [2, 4]);
        } finally {
          yield* single.close();
        }
      }),
      // Cancelled where it waits for them, the threads end a little later.
      async () => {
        while (liveThreads() > before) await new Promise((resolve) => setTimeout(resolve, 1));
      },
    );
  });

  test('a dump says what it waits for and where', async () => {
    const gate = makeGate();
    let runtime: Runtime | undefined;
    await run(
      function* () {
        spawn(pool.callExport(jobs, 'block', [gate]));
        yield* begun(gate);
        assert.match(runtime!.dump(), /the end of block of file:.*thread-jobs\.ts on thread \d+ of pool "tested"/);
        assert.equal(runtime!.metrics.threads.calls, 1);
        open(gate);
      },
      { onRuntime: (made) => (runtime = made) },
    );
  });

  test('a closed pool fails what waits and what runs', async () => {
    const gate = makeGate();
    await run(function* () {
      const single = new BlockingPool({ threads: 1 });
      const codes: string[] = [];
      const failing = coroutine(function* () {
        try {
          yield* single.callExport(jobs, 'block', [gate]);
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      });
      const both = [spawn(failing()), spawn(failing())];
      yield* begun(gate);
      yield* single.close();
      yield* join(both);
      assert.deepEqual(codes.sort(), ['CLOSED', 'THREAD_ENDED']);
    });
  });

  test('an idle thread keeps no process alive, and ends after its time', async () => {
    const { code, stderr, stdout } = await runScript(
      `const { BlockingPool } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
      const { run } = await import(${JSON.stringify(new URL('../task/run.ts', import.meta.url).href)});
      const pool = new BlockingPool({ threads: 1 });
      console.log(await run(pool.call((n) => n + 1, [1])));`,
    );
    assert.deepEqual([code, stderr, stdout], [0, '', '2\n']);
    await run(function* () {
      using short = new BlockingPool({ threads: 1, idleTimeout: 1 });
      yield* short.call(() => 1, []);
      while (short.metrics.threads > 0) yield* sleep(1);
    });
  });

  test('the tested pool ends', () => run(pool.close()));
});
