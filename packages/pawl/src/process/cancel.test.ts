/** Every operation on processes, cancelled at every suspension: no descriptor, child, zombie or listener is left. */
import assert from 'node:assert/strict';
import { constants, openSync, readSync, writeSync } from 'node:fs';
import { describe, it } from 'node:test';
import { coroutine, run, sleep, spawn, timeout } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { assertNoLeaks } from 'pawl/testing';
import { nativeDriver } from '../driver/native/index.ts';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { children } from '../../test/support/children.ts';
import { folder } from '../../test/support/folder.ts';
import { bytes } from '../../test/support/loopback.ts';
import { AsyncFd, type Child, Command, makeFifo, openFifoReader, openFifoWriter, pipe, signals } from './index.ts';

describe('a program that is cancelled at any suspension', () => {
  it('leaks nothing of a pipe', async () => {
    const suspensions = await cancelEverywhere(function* (watch) {
      const [reader, writer] = yield* pipe();
      using _reader = reader;
      using _writer = writer;
      const child = spawn(watch(writer.writeAll(new Uint8Array(100_000))));
      const buffer = new Uint8Array(10_000);
      for (let left = 100_000; left > 0;) left -= yield* reader.read(buffer);
      yield* child;
    });
    assert.ok(suspensions >= 3, String(suspensions));
  });

  it('leaks nothing of a FIFO whose other end does not come', async () => {
    const at = folder();
    let number = 0;
    const suspensions = await cancelEverywhere(function* (watch) {
      const path = `${at}/${number++}`;
      yield* makeFifo(path);
      const writing = coroutine(function* () {
        using writer = yield* openFifoWriter(path);
        yield* writer.writeAll(bytes('x'));
      });
      const child = spawn(watch(writing()));
      yield* sleep(3);
      using reader = yield* openFifoReader(path);
      yield* reader.read(new Uint8Array(1));
      yield* child;
    });
    assert.ok(suspensions >= 3, String(suspensions));
  });

  it('leaks nothing of a child that it stops in its cleanup', async () => {
    let finished = 0;
    const suspensions = await cancelEverywhere(function* (watch) {
      let child: Child | undefined;
      try {
        child = yield* new Command('cat', [], { stdin: 'pipe', stdout: 'pipe' }).spawn();
        const writing = spawn(watch(child.stdin!.writeAll(bytes('line\n'))));
        assert.equal(yield* new BufferedReader(child.stdout!).readLine(), 'line');
        yield* writing;
        child.stdin!.close();
        yield* child.wait();
        finished++;
      } finally {
        child?.closePipes();
        yield* child?.stop() ?? sleep(0);
      }
    });
    assert.ok(suspensions >= 2, String(suspensions));
    assert.ok(finished >= 2);
    assert.deepEqual(children(), []);
  });

  it('leaks nothing of an output whose child is to be stopped with it', async () => {
    const suspensions = await cancelEverywhere(function* (watch) {
      const command = new Command('sh', ['-c', 'cat; sleep 0.02; echo done'], {
        stopOnCancel: { grace: 0 },
        group: true,
      });
      const { text } = yield* watch(command.output({ input: 'in ' }));
      assert.equal(text, 'in done\n');
    });
    assert.ok(suspensions >= 2, String(suspensions));
    assert.deepEqual(children(), []);
  });

  it('leaks nothing of a stop', async () => {
    const script = 'trap "" TERM; echo ready; while :; do sleep 0.01; done';
    const suspensions = await cancelEverywhere(
      function* (watch) {
        const child = yield* new Command('sh', ['-c', script], { stdout: 'pipe', group: true }).spawn();
        try {
          yield* new BufferedReader(child.stdout!).readLine();
          yield* watch(child.stop({ grace: 5 }));
        } finally {
          child.closePipes();
          child.sweep();
          child.kill('SIGKILL');
          yield* child.wait();
        }
      },
      { settle: async () => void (await new Promise((resolve) => setTimeout(resolve, 5))) },
    );
    assert.ok(suspensions >= 2, String(suspensions));
    assert.deepEqual(children(), []);
  });

  it('leaks nothing of signals', async () => {
    const before = process.listenerCount('SIGHUP');
    const suspensions = await cancelEverywhere(
      function* (watch) {
        const stream = yield* signals('SIGHUP', 'SIGUSR2');
        try {
          const sending = coroutine(function* () {
            yield* sleep(1);
            process.kill(process.pid, 'SIGHUP');
          });
          const child = spawn(watch(sending()));
          yield* timeout(1000, stream.next());
          yield* child;
        } finally {
          yield* stream.close();
        }
      },
      { afterEach: () => assert.equal(process.listenerCount('SIGHUP'), before) },
    );
    assert.ok(suspensions >= 2, String(suspensions));
  });

  it('leaks nothing of a foreign descriptor', async () => {
    const path = `${folder()}/fifo`;
    await run(makeFifo(path));
    const suspensions = await cancelEverywhere(function* (watch) {
      using fd = yield* AsyncFd.watch(openSync(path, constants.O_RDWR | constants.O_NONBLOCK), { own: true });
      const writing = coroutine(function* () {
        yield* sleep(1);
        yield* fd.writable();
        writeSync(fd.fd, 'x');
      });
      const child = spawn(watch(writing()));
      yield* fd.io('read', () => readSync(fd.fd, new Uint8Array(1)));
      yield* child;
    });
    assert.ok(suspensions >= 2, String(suspensions));
  });

  it('is told of a child that was left behind, by name', async () => {
    let child: Child | undefined;
    await assert.rejects(
      run(
        assertNoLeaks(function* () {
          child = yield* new Command('sleep', ['60']).spawn();
        }),
      ),
      (error: Error) => error.message.includes(`process ${child!.pid} (sleep)`),
    );
    assert.equal(nativeDriver().processes.children, 1);
    await run(child!.stop());
    assert.equal(nativeDriver().processes.children, 0);
  });
});
