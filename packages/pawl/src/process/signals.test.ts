import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { blockOn, dumpAll, join as joinFutures, race, run, sleep, spawn, yieldNow } from 'pawl';
import { assertNoLeaks } from 'pawl/testing';
import { pawl, root } from '../../test/support/command.ts';
import { failure } from '../../test/support/loopback.ts';
import { runScript } from '../../test/support/script.ts';
import { END } from '../stream/index.ts';
import { type SignalName, signals } from './index.ts';

const send = (name: NodeJS.Signals): void => void process.kill(process.pid, name);

describe('signals', () => {
  it('come as a stream, of several names', async () => {
    const listeners = (): number => process.listenerCount('SIGHUP') + process.listenerCount('SIGUSR2');
    const before = listeners();
    await run(function* () {
      const stream = yield* signals('SIGHUP', 'SIGUSR2');
      send('SIGUSR2');
      assert.equal(yield* stream.next(), 'SIGUSR2');
      send('SIGHUP');
      assert.equal(yield* stream.next(), 'SIGHUP');
      yield* stream.close();
      assert.equal(yield* stream.next(), END);
    });
    assert.equal(listeners(), before);
  });

  it('are told once, however often they came before', async () => {
    await run(function* () {
      const stream = yield* signals('SIGHUP');
      for (let i = 0; i < 3; i++) send('SIGHUP');
      assert.equal(yield* stream.next(), 'SIGHUP');
      assert.equal(yield* race([stream.next(), sleep(20)]), undefined);
      yield* stream.close();
    });
  });

  it('reach every listener, Node’s among them', async () => {
    const node = once(process, 'SIGHUP');
    await run(function* () {
      const [first, second] = [yield* signals('SIGHUP'), yield* signals('SIGHUP')];
      send('SIGHUP');
      assert.deepEqual(yield* joinFutures([first.next(), second.next()]), ['SIGHUP', 'SIGHUP']);
      yield* first.close();
      send('SIGHUP');
      assert.equal(yield* second.next(), 'SIGHUP');
      yield* second.close();
    });
    await node;
  });

  it('lose nothing when a wait is cancelled', async () => {
    await run(function* () {
      const stream = yield* signals('SIGHUP');
      yield* race([stream.next(), yieldNow()]);
      send('SIGHUP');
      yield* sleep(5);
      assert.equal(yield* stream.next(), 'SIGHUP');
      yield* stream.close();
    });
  });

  it('let a closed stream end whoever waits', async () => {
    await run(function* () {
      const stream = yield* signals('SIGHUP');
      const waiting = spawn(stream.next(), { name: 'waiter' });
      yield* yieldNow();
      assert.match(dumpAll(), /waiter.*\n?.*SIGHUP/);
      yield* stream.close();
      assert.equal(yield* waiting, END);
    });
  });

  it('are refused where nobody could be told', () => {
    const refused: string[] = ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGNOT', 'sigterm', 'toString'];
    for (const name of refused) assert.throws(() => signals(name as SignalName), { code: 'BAD_ARGUMENT' }, name);
    assert.throws(() => (signals as () => unknown)(), { code: 'BAD_ARGUMENT' });
  });

  it('do not come inside blockOn, which says so', () => {
    const code = blockOn(function* () {
      const stream = yield* signals('SIGHUP');
      const error = yield* failure(stream.next());
      yield* stream.close();
      return error.code;
    });
    assert.equal(code, 'BLOCKING_NODE');
  });

  it('are named when a listener is left behind', async () => {
    let close = (): unknown => undefined;
    await assert.rejects(
      run(
        assertNoLeaks(function* () {
          const stream = yield* signals('SIGHUP');
          close = () => run(stream.close());
        }),
      ),
      (error: Error) => /signal SIGHUP/.test(error.message),
    );
    await close();
  });

  it('end the process again when nobody listens any more', async () => {
    const { signal, stdout } = await runScript(`
      import { run } from 'pawl';
      import { signals } from 'pawl/process';
      await run(function* () {
        const stream = yield* signals('SIGTERM');
        process.kill(process.pid, 'SIGTERM');
        console.log(yield* stream.next());
        yield* stream.close();
      });
      process.kill(process.pid, 'SIGTERM');
      setTimeout(() => console.log('still there'), 10_000);
    `);
    assert.deepEqual([signal, stdout], ['SIGTERM', 'SIGTERM\n']);
  });

  it('keep the process alive while somebody waits', async () => {
    const { code, stdout } = await runScript(`
      import { run } from 'pawl';
      import { signals } from 'pawl/process';
      import { spawn } from 'node:child_process';
      await run(function* () {
        const stream = yield* signals('SIGHUP');
        spawn('sh', ['-c', 'sleep 0.1; kill -HUP ' + process.pid], { stdio: 'ignore' }).unref();
        console.log(yield* stream.next());
        yield* stream.close();
      });
    `);
    assert.deepEqual([code, stdout], [0, 'SIGHUP\n']);
  });

  it('leave to pawl run what it makes of SIGINT', async () => {
    const program = join(root, 'packages/pawl/test/programs/listens-to-interrupts.ts');
    const { code, stdout } = await pawl(['run', program], {
      onLine: (line, kill) => void (line === 'ready' && kill('SIGINT')),
    });
    assert.deepEqual([code, stdout], [130, 'ready\ncleaned up\n']);
  });

  it('are refused in a worker, which none reaches', async () => {
    const program = `
      import { parentPort } from 'node:worker_threads';
      import { run } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
      import { signals } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      parentPort.postMessage(await run(signals('SIGHUP')).then(() => 'listens', (error) => error.code));
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    const [said] = (await once(worker, 'message')) as [string];
    assert.equal(said, 'UNSUPPORTED_PLATFORM');
    await worker.terminate();
  });
});
