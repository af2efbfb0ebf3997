/** Executors on several threads: tasks, failures, cancellation, deaths, and what is left of them. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join as inFolder } from 'node:path';
import { describe, test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { coroutine } from '../future/coroutine.ts';
import { join } from '../future/join.ts';
import { TcpStream } from '../net/index.ts';
import { makeFifo } from '../process/index.ts';
import { folder } from '../../test/support/folder.ts';
import { fromPromise } from '../node/promise.ts';
import { CLOSED } from '../sync/index.ts';
import { blockOn, run } from '../task/run.ts';
import type { Runtime } from '../task/runtime.ts';
import { spawn } from '../task/spawn.ts';
import { cancelAtEverySuspension } from '../testing/index.ts';
import { timeout } from '../time/timeout.ts';
import { sleep } from '../time/sleep.ts';
import { byteChannel, spawnOn, superviseThread, threadChannel, threadOneshot, threads, withThreads } from './index.ts';
import { liveThreads } from './worker.ts';

const place = folder();

const tasks = new URL('../../test/support/thread-tasks.ts', import.meta.url);

const makeStage = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4));

/** Until the other thread has come to 1. */
const begun = (stage: Int32Array<SharedArrayBuffer>) =>
  fromPromise(Promise.resolve(Atomics.waitAsync(stage, 0, 0).value));

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const codeOf = coroutine(function* (what: Generator<never, unknown> | ReturnType<typeof spawnOn>) {
  try {
    yield* what as ReturnType<typeof spawnOn>;
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'no error';
});

describe('threads', { timeout: 120_000 }, () => {
  test('an entry runs on each thread with its own arguments, and none is left', async () => {
    const before = [liveThreads(), descriptors()];
    const got = await run(threads({ count: 2, name: 'part', entry: tasks, args: (index) => [index * 10] }));
    assert.deepEqual(got, [
      { name: 'part 0', index: 0, count: 2, args: [0] },
      { name: 'part 1', index: 1, count: 2, args: [10] },
    ]);
    assert.equal(liveThreads(), before[0]);
    // A first run loads the driver here, which opens what this thread keeps.
    const kept = descriptors();
    await run(threads({ count: 2, entry: tasks }));
    assert.equal(descriptors(), kept);
  });

  test('the first failure is thrown when the others have cleaned up', async () => {
    const cleanups = new Int32Array(new SharedArrayBuffer(8));
    await assert.rejects(
      run(threads({ count: 3, entry: tasks, export: 'failsOn', args: [1, cleanups] })),
      (error: Error & { code: string }) => {
        assert.ok(error instanceof RangeError);
        assert.equal(error.code, 'E_MEANT');
        assert.match(error.stack!, /thread-tasks\.ts/);
        return true;
      },
    );
    assert.equal(cleanups[0], 2);
    assert.equal(liveThreads(), 0);
  });

  test('a task is awaited from here, and is a main of its own there', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        assert.deepEqual(
          yield* join([spawnOn(thread!, tasks, 'sum', [1, 2]), spawnOn(thread!, tasks, 'sum', [3, 4])]),
          [3, 7],
        );
        const there = yield* spawnOn(thread!, tasks, 'whichThread');
        assert.notEqual(there, threadId);
        assert.equal(yield* codeOf(spawnOn(thread!, tasks, 'absent')), 'NO_EXPORT');
        assert.equal(yield* codeOf(spawnOn(thread!, tasks, 'sum', [() => {}])), 'NOT_CLONEABLE');
        assert.equal(yield* codeOf(spawnOn(thread!, tasks, 'failing', [0])), 'E_MEANT');
        assert.equal(thread!.taskCount, 0);
      }),
    );
  });

  test('a cancellation crosses, and waits for the cleanup there', async () => {
    const stage = makeStage();
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const handle = spawn(spawnOn(thread!, tasks, 'cleansUp', [stage]));
        yield* begun(stage);
        handle.abort('enough');
        while (!handle.finished) yield* sleep(1);
        assert.equal(handle.state, 'cancelled');
        assert.equal(stage[0], 2);
        assert.equal(yield* spawnOn(thread!, tasks, 'sum', [1, 1]), 2);
      }),
    );
  });

  test('a cleanup that fails there fails the cancellation here', async () => {
    const stage = makeStage();
    await assert.rejects(
      run(
        withThreads({ count: 1 }, function* ([thread]) {
          const handle = spawn(spawnOn(thread!, tasks, 'failsInCleanup', [stage]));
          yield* begun(stage);
          handle.abort();
          while (!handle.finished) yield* sleep(1);
        }),
      ),
      (error: SuppressedError) => (error.suppressed as { code: string }).code === 'E_MEANT',
    );
  });

  test('what is left on the threads is cancelled when the body has ended', async () => {
    const stage = makeStage();
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        spawn(spawnOn(thread!, tasks, 'cleansUp', [stage]), { daemon: true });
        yield* begun(stage);
      }),
    );
    assert.equal(stage[0], 2);
  });

  for (const [name, args, code] of [
    ['exit', [3], /with code 3/],
    ['dies', [], /from nowhere/],
  ] as const)
    test(`a thread that dies (${name}) fails who waits for it, and whoever has started it`, async () => {
      const seen: string[] = [];
      await assert.rejects(
        run(
          withThreads({ count: 2 }, function* ([first, second]) {
            yield* join([
              codeOf(spawnOn(first!, tasks, name, args)),
              sleep(60_000),
              spawnOn(second!, tasks, 'cleansUp', [makeStage()]),
            ]);
          }),
        ),
        (error: Error & { code: string }) => {
          seen.push(error.code);
          return code.test(error.message);
        },
      );
      assert.deepEqual(seen, ['THREAD_ENDED']);
      assert.equal(liveThreads(), 0);
    });

  test('a thread that does not end is terminated after its time', async () => {
    const stage = makeStage();
    await run(
      withThreads({ count: 1, stopTimeout: 10 }, function* ([thread]) {
        spawn(spawnOn(thread!, tasks, 'spin', [stage]), { daemon: true });
        yield* begun(stage);
        thread!.terminate();
        yield* codeOf(sleep(60_000) as never);
      }),
    ).catch((error: { code: string }) => assert.equal(error.code, 'THREAD_ENDED'));
    const again = makeStage();
    const busy = withThreads({ count: 1, stopTimeout: 10 }, function* ([thread]) {
      spawn(codeOf(spawnOn(thread!, tasks, 'spin', [again])), { daemon: true });
      yield* begun(again);
    });
    await run(busy, { cleanupTimeout: 20, onReport: () => {} });
    assert.equal(liveThreads(), 0);
  });

  test('listeners share a port, and that of a killed thread is closed', async () => {
    const before = descriptors();
    await run(function* () {
      const died = yield* codeOf(
        withThreads({ count: 2 }, function* (list) {
          let port = 0;
          for (const thread of list) {
            const [told, receiver] = threadChannel<number>(1);
            spawn(codeOf(spawnOn(thread, tasks, 'listens', [port, told])), { daemon: true });
            port = (yield* receiver.recv()) as number;
            receiver.close();
          }
          const ask = coroutine(function* () {
            using connection = yield* TcpStream.connect(port);
            const target = new Uint8Array(1);
            yield* connection.read(target);
            return target[0]!;
          });
          const seen = new Set<number>();
          while (seen.size < 2) seen.add(yield* ask());
          list[0]!.terminate();
          yield* sleep(60_000);
        }) as never,
      );
      assert.equal(died, 'THREAD_ENDED');
    });
    assert.equal(descriptors(), before);
  });

  test('files and FIFOs of a killed thread are closed, and none that others have got since', async () => {
    const [file, fifo] = ['file', 'fifo'].map((name) => inFolder(place, name)) as [string, string];
    writeFileSync(file, 'text');
    await run(makeFifo(fifo));
    const before = descriptors();
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        assert.deepEqual(yield* spawnOn(thread!, tasks, 'reopens', [file, fifo]), []);
      }),
    );
    const stage = makeStage();
    const killed = withThreads({ count: 1 }, function* ([thread]) {
      spawn(codeOf(spawnOn(thread!, tasks, 'holdsFiles', [stage, file, fifo])), { daemon: true });
      yield* begun(stage);
      thread!.terminate();
      yield* sleep(60_000);
    });
    await assert.rejects(run(killed), { code: 'THREAD_ENDED' });
    assert.equal(descriptors(), before);
  });

  test('channels cross: small and large, in order, with back-pressure', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const [out, input] = threadChannel<unknown>(4);
        const [output, back] = threadChannel<unknown>(4);
        using _back = back;
        const echoing = spawn(spawnOn(thread!, tasks, 'echo', [input, output]));
        const messages = Array.from({ length: 500 }, (_, n) => (n % 50 === 0 ? new Uint8Array(1000).fill(n) : { n }));
        spawn(function* () {
          using _ends = out;
          for (const message of messages) yield* out.send(message);
        });
        const got: unknown[] = [];
        yield* back.forEach((message) => void got.push(message));
        assert.deepEqual(got, messages);
        assert.equal(yield* echoing, 'ended');
      }),
    );
  });

  test('a receiver that waits awake gets the same messages', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const [out, input] = threadChannel<number>(4, { spin: 0.05 });
        const [output, back] = threadChannel<number>(4);
        const echoing = spawn(spawnOn(thread!, tasks, 'echo', [input, output]));
        yield* out.send(1);
        assert.equal(yield* back.recv(), 1);
        yield* out.send(2);
        yield* out.send(3);
        out.close();
        assert.equal(yield* echoing, 'ended');
        const rest: unknown[] = [yield* back.recv(), yield* back.recv(), yield* back.recv()];
        assert.deepEqual(rest, [2, 3, CLOSED]);
        back.close();
      }),
    );
  });

  test('bytes cross through less memory than they are', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const [out, input] = byteChannel(1024);
        const [output, back] = byteChannel(512);
        using _back = back;
        spawn(spawnOn(thread!, tasks, 'echoBytes', [input, output]));
        const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i * 31);
        spawn(function* () {
          yield* out.writeAll(bytes);
          yield* out.shutdown();
        });
        const got = new Uint8Array(bytes.length + 1);
        let count = 0;
        for (let read = 1; read > 0; count += read) read = yield* back.read(got.subarray(count));
        assert.equal(count, bytes.length);
        assert.deepEqual(got.subarray(0, count), bytes);
      }),
    );
  });

  test('a oneshot carries an answer from another thread', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const [reply, receiver] = threadOneshot<string>();
        spawn(spawnOn(thread!, tasks, 'answer', [reply]));
        assert.equal(yield* receiver.recv(), 'the answer');
        receiver.close();
      }),
    );
  });

  test('who has waited since before an end was moved hears that the thread it went to has died', async () => {
    await run(function* () {
      const [out, input] = threadChannel<number>(1);
      const [output, back] = threadChannel<unknown>(1);
      const receiving = spawn(() => back.recv());
      yield* out.send(1);
      const sending = spawn(codeOf(out.send(2)));
      yield* sleep(1);
      const stage = makeStage();
      yield* codeOf(
        withThreads({ count: 1 }, function* ([thread]) {
          spawn(codeOf(spawnOn(thread!, tasks, 'holds', [stage, input, output])), { daemon: true });
          yield* begun(stage);
          thread!.terminate();
          yield* sleep(60_000);
        }) as never,
      );
      assert.equal(yield* timeout(5000, receiving), CLOSED);
      assert.equal(yield* timeout(5000, sending), 'CLOSED');
      out.close();
      back.close();
    });
  });

  test('a thread that is killed closes the ends that it held, after what it has sent', async () => {
    await run(function* () {
      const [out, input] = threadChannel<number>(1);
      const [output, back] = threadChannel<unknown>(8);
      const stage = makeStage();
      const died = yield* codeOf(
        withThreads({ count: 1 }, function* ([thread]) {
          spawn(codeOf(spawnOn(thread!, tasks, 'holds', [stage, input])), { daemon: true });
          yield* begun(stage);
          yield* out.send(1);
          const waiting = spawn(codeOf(out.send(2)));
          yield* sleep(1);
          thread!.terminate();
          assert.equal(yield* waiting, 'CLOSED');
        }) as never,
      );
      assert.ok(['THREAD_ENDED', 'no error'].includes(died), died);
      out.close();
      yield* codeOf(
        withThreads({ count: 1 }, ([thread]) => spawnOn(thread!, tasks, 'sendsAndDies', [output])) as never,
      );
      assert.equal(yield* back.recv(), 'small');
      assert.equal(((yield* back.recv()) as Uint8Array).length, 10_000);
      assert.equal(yield* back.recv(), CLOSED);
      back.close();
    });
  });

  test('a supervised entry is started again on a new thread, and gives up in the end', async () => {
    const failures: string[] = [];
    const supervised = superviseThread({
      entry: tasks,
      export: 'succeedsAt3',
      args: (attempt) => [attempt],
      base: 0,
      when: (error) => failures.push((error as { code: string }).code) > 0,
    });
    assert.equal(await run(supervised), 'at last');
    assert.deepEqual(failures, ['THREAD_ENDED', 'E_MEANT']);
    await assert.rejects(run(superviseThread({ entry: tasks, export: 'exit', args: [1], attempts: 2, base: 0 })), {
      code: 'THREAD_ENDED',
    });
  });

  test('a dump says what runs where', async () => {
    const stage = makeStage();
    let runtime: Runtime | undefined;
    await run(
      withThreads({ count: 1, name: 'worker' }, function* ([thread]) {
        spawn(spawnOn(thread!, tasks, 'cleansUp', [stage]), { daemon: true });
        yield* begun(stage);
        assert.match(runtime!.dump(), /task cleansUp of file:.*thread-tasks\.ts on worker 0/);
        const [sender, receiver] = threadChannel<number>(1);
        assert.deepEqual(runtime!.metrics.threads, { live: 1, tasks: 1, calls: 0, ends: 2 });
        sender.close();
        receiver.close();
      }),
      { onRuntime: (made) => (runtime = made) },
    );
    assert.deepEqual(runtime!.metrics.threads, { live: 0, tasks: 0, calls: 0, ends: 0 });
  });

  test('bad arguments are refused, and so are places without threads', async () => {
    const bad = [
      () => threads({ entry: './relative.ts' }),
      () => threads({ entry: tasks, count: 0 }),
      () => withThreads({ stopTimeout: -1 }, () => sleep(1)),
      () => spawnOn({} as never, tasks, 'sum'),
      () => superviseThread({ entry: tasks, args: 7 as never }),
    ];
    for (const make of bad) assert.throws(make, { code: 'BAD_ARGUMENT' });
    assert.throws(() => blockOn(threads({ entry: tasks, count: 1 })), { code: 'BLOCKING_NODE' });
  });

  test('cancelled at every suspension nothing is left', async () => {
    const before = descriptors();
    await cancelAtEverySuspension(
      coroutine(function* (watch) {
        const [out, input] = threadChannel<number>(1);
        const [output, back] = threadChannel<number>(1);
        try {
          yield* watch(
            withThreads({ count: 1 }, function* ([thread]) {
              const echoing = spawn(spawnOn(thread!, tasks, 'echo', [input, output]));
              yield* out.send(1);
              assert.equal(yield* back.recv(), 1);
              out.close();
              yield* echoing;
            }),
          );
        } finally {
          for (const end of [out, input, output, back]) end.close();
        }
      }),
      () => {
        assert.equal(liveThreads(), 0);
        assert.equal(descriptors(), before);
      },
    );
  });

  test('a timeout ends the threads', async () => {
    const stage = makeStage();
    await assert.rejects(run(timeout(300, threads({ count: 1, entry: tasks, export: 'cleansUp', args: [stage] }))), {
      code: 'TIMEOUT',
    });
    assert.equal(liveThreads(), 0);
  });
});
