import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { coroutine, run } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { runScript } from '../../../test/support/script.ts';
import { serving, trusting } from '../../../test/support/secure.ts';
import { text } from '../../../test/support/loopback.ts';
import { nativeDriver } from '../../driver/native/index.ts';
import { TlsStream } from '../index.ts';

const file = new URL('../../../test/support/tls-worker.ts', import.meta.url);
const execArgv = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'];

const visit = coroutine(function* (port: number) {
  using stream = yield* TlsStream.connect(port, trusting);
  return text(yield* new BufferedReader(stream).readToEnd());
});

describe('TLS', () => {
  it('is served by a worker, which then ends', async () => {
    const worker = new Worker(file, { workerData: serving, execArgv });
    const end = once(worker, 'exit');
    const [port] = (await once(worker, 'message')) as [number];
    for (let i = 0; i < 3; i++) assert.equal(await run(visit(port)), 'hello from a worker');
    worker.postMessage('end', []);
    assert.deepEqual(await end, [0]);
  });

  it('is served by two workers and their parent at the same time', async () => {
    const workers = [1, 2].map(() => new Worker(file, { workerData: serving, execArgv }));
    const ports = await Promise.all(workers.map(async (worker) => ((await once(worker, 'message')) as [number])[0]));
    const visits = ports.flatMap((port) => Array.from({ length: 10 }, () => run(visit(port))));
    assert.deepEqual(new Set(await Promise.all(visits)), new Set(['hello from a worker']));
    await Promise.all(
      workers.map((worker) => {
        const end = once(worker, 'exit');
        worker.postMessage('end', []);
        return end;
      }),
    );
  });

  // Where no code can be loaded, JavaScript is called back by C: see sys/ssl/callbacks.ts.
  const skip = nativeDriver().reason.includes('libc') ? 'the callbacks are not emitted code here' : false;
  it('may be in the midst of a handshake when its worker is terminated', { skip }, async () => {
    const workerData = { ...serving, alpn: ['x'], requestCert: true, rejectUnauthorized: false, endless: true };
    const script = `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      const workerData = ${JSON.stringify({ ...workerData, trusting: { ...trusting, alpn: ['x'] } })};
      for (let i = 0; i < 12; i++) {
        const worker = new Worker(new URL(${JSON.stringify(file.href)}), { workerData, execArgv: ${JSON.stringify(execArgv)} });
        await once(worker, 'message');
        await new Promise((resolve) => setTimeout(resolve, 10 + i));
        await worker.terminate();
      }
      console.log('survived');`;
    const { code, signal, stdout } = await runScript(script);
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'survived\n' });
  });

  it('works in guest mode', async () => {
    const script = `
      import { join, run } from 'pawl';
      import { TlsListener, TlsStream } from 'pawl/net';
      const text = await run(function* () {
        using listener = yield* TlsListener.bind(0, ${JSON.stringify(serving)});
        const [far, near] = yield* join([listener.accept(), TlsStream.connect(listener.localAddress, ${JSON.stringify(trusting)})]);
        yield* far.writeAll(new TextEncoder().encode('a guest'));
        const target = new Uint8Array(100);
        const count = yield* near.read(target);
        near.close();
        far.close();
        return new TextDecoder().decode(target.subarray(0, count));
      });
      console.log(text);`;
    const { code, stdout } = await runScript(script, { env: { PAWL_LOOP: 'guest' } });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'a guest\n' });
  });
});
