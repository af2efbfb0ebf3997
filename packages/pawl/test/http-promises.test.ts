/** Handlers that are ordinary async functions: nothing can stop them, so they are told. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type PawlError, coroutine, sleep, spawn } from 'pawl';
import type { ServerRequest } from 'pawl/http';
import { get, head } from './support/fake-server.ts';
import { realServer } from './support/real-server.ts';

const oops = new Error('oops');
const UNTIMED = { head: Infinity, body: Infinity, idle: Infinity, send: Infinity };

/** Until a signal is aborted: its reason's code. */
async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, 'abort');
  return (signal.reason as PawlError).code;
}

describe('an async handler', () => {
  test('answers in order with others, is told of what it throws, and reads its content', async () => {
    const handler = async (request: ServerRequest): Promise<string> => {
      await turn();
      if (request.path === '/throws') throw oops;
      return request.path === '/echo' ? await request.body.text() : request.path;
    };
    await realServer({ handler }, async ({ connect, errors }) => {
      const client = await connect();
      const echo = `${head('POST /echo HTTP/1.1', 'Host: a', 'Content-Length: 3')}abc`;
      client.send(get('/a') + echo + get('/throws') + get('/b'));
      const answers = [await client.answer(), await client.answer(), await client.answer(), await client.answer()];
      assert.deepEqual(
        answers.map(({ status, content }) => [status, content]),
        [
          [200, '/a'],
          [200, 'abc'],
          [500, 'Internal Server Error\n'],
          [200, '/b'],
        ],
      );
      assert.deepEqual(errors.splice(0), [oops]);
    });
  });

  test('is told by its signal when the client goes, also after it has waited for content', async () => {
    const codes: Promise<unknown>[] = [];
    const begun: (() => void)[] = [];
    const handler = async (request: ServerRequest): Promise<string> => {
      if (request.method === 'POST') await request.body.text();
      const told = aborted(request.signal);
      codes.push(told);
      begun.shift()?.();
      await told;
      return 'nobody hears this';
    };
    await realServer({ handler }, async ({ connect, server }) => {
      for (const request of [get(), `${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 3')}a`]) {
        const { promise, resolve } = Promise.withResolvers<void>();
        begun.push(resolve);
        const client = await connect();
        client.send(request);
        if (request.endsWith('a')) {
          await turn();
          client.send('bc');
        }
        await promise;
        client.reset();
        assert.equal(await codes.pop(), 'CLIENT_GONE');
      }
      while (server.connectionCount > 0) await turn();
    });
  });

  test('that answers after the client has gone gives its stream back', async () => {
    const gone = Promise.withResolvers<unknown>();
    const cancelled = Promise.withResolvers<unknown>();
    const handler = async ({ signal }: ServerRequest): Promise<{ body: ReadableStream<Uint8Array> }> => {
      gone.resolve(aborted(signal));
      await aborted(signal);
      return { body: new ReadableStream({ cancel: (reason) => cancelled.resolve(reason) }) };
    };
    await realServer({ handler }, async ({ connect }) => {
      const client = await connect();
      client.send(get());
      while (client.socket.bytesWritten === 0) await turn();
      await turn();
      client.reset();
      assert.equal(await gone.promise, 'CLIENT_GONE');
      assert.equal(await cancelled.promise, 'nobody waits for this answer');
    });
  });

  test('that waits for content too slow in coming is told, and the client gets 408', async () => {
    const handler = async (request: ServerRequest): Promise<string> => await request.body.text();
    await realServer({ handler, timeouts: { body: 30 } }, async ({ connect }) => {
      const client = await connect();
      client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 3')}a`);
      assert.equal((await client.answer()).status, 408);
    });
  });

  test('that takes too long is told, and the client gets 503', async () => {
    const codes: unknown[] = [];
    const handler = async ({ signal }: ServerRequest): Promise<string> => {
      codes.push(await aborted(signal));
      return 'late';
    };
    await realServer({ handler, timeouts: { request: 30 } }, async ({ connect }) => {
      const client = await connect();
      client.send(get());
      assert.equal((await client.answer()).status, 503);
      assert.deepEqual(codes, ['TIMEOUT']);
    });
  });

  test('is told when the server stops', async () => {
    const codes: unknown[] = [];
    const handler = async ({ signal }: ServerRequest): Promise<string> => {
      codes.push(await new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason.code))));
      return 'late';
    };
    await realServer({ handler }, async ({ connect, server }) => {
      const client = await connect();
      client.send(get());
      while (server.connectionCount === 0) await turn();
      await turn();
      await server.close({ deadline: 10 });
      assert.deepEqual(codes, ['CANCELLED']);
    });
  });

  test('may be a thenable that throws, or that answers twice', async () => {
    const handler = ({ path }: ServerRequest): PromiseLike<string> =>
      ({
        // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
        then(resolve: (value: string) => unknown, reject: (error: unknown) => unknown) {
          if (path === '/throws') throw oops;
          resolve('first');
          resolve('second');
          reject(oops);
        },
      }) as PromiseLike<string>;
    await realServer({ handler }, async ({ connect, errors }) => {
      const client = await connect();
      client.send(get('/throws') + get('/twice'));
      assert.equal((await client.answer()).status, 500);
      assert.equal((await client.answer()).content, 'first');
      assert.deepEqual(errors.splice(0), [oops]);
    });
  });

  test('may spawn in its call: that belongs to the request', async () => {
    const events: string[] = [];
    const handler = async (): Promise<string> => {
      spawn(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          events.push('stopped');
        }
      });
      await turn();
      return 'answered';
    };
    await realServer({ handler }, async ({ connect, server }) => {
      const client = await connect();
      client.send(get());
      assert.equal((await client.answer()).content, 'answered');
      client.reset();
      while (server.connectionCount > 0) await turn();
      assert.deepEqual(events, ['stopped']);
    });
  });

  test('gets a web stream’s failure as the answer’s breaking off', async () => {
    const handler = async (): Promise<{ body: ReadableStream<Uint8Array> }> => {
      let at = 0;
      return {
        body: new ReadableStream({
          async pull(controller) {
            await turn();
            if (at++ === 2) throw oops;
            controller.enqueue(new TextEncoder().encode('piece'));
          },
        }),
      };
    };
    // Without times, nothing but the failure itself can wake the connection.
    await realServer({ handler, timeouts: UNTIMED }, async ({ connect, errors }) => {
      const client = await connect();
      const text = await client.send(get()).rest();
      assert.ok(!text.endsWith('0\r\n\r\n'));
      assert.equal(client.error?.code, 'ECONNRESET');
      assert.deepEqual(errors.splice(0), [oops]);
    });
  });
});

test('the asynchronous context is that of who called serve, and each request’s own', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const own = coroutine(function* (path: string) {
    storage.enterWith(path);
    yield* sleep(1);
    return `${storage.getStore()}`;
  });
  const handler = (request: ServerRequest) => {
    seen.push(storage.getStore());
    if (request.path === '/async') {
      return (async () => {
        storage.enterWith('async');
        await turn();
        return `${storage.getStore()}`;
      })();
    }
    return own(request.path);
  };
  await storage.run('outside', async () => {
    await realServer({ handler, asyncContext: true }, async ({ connect }) => {
      const [one, two] = [await connect(), await connect()];
      one.send(get('/1') + get('/2') + get('/async'));
      two.send(get('/3') + get('/4'));
      const contents = [
        await one.answer(),
        await one.answer(),
        await one.answer(),
        await two.answer(),
        await two.answer(),
      ];
      assert.deepEqual(
        contents.map(({ content }) => content),
        ['/1', '/2', 'async', '/3', '/4'],
      );
    });
  });
  assert.deepEqual(seen, Array(5).fill('outside'));
});

describe('a fetch handler', () => {
  test('a thousand kept requests say later what they said', async () => {
    const kept: Request[] = [];
    const fetch = (request: Request): Response => {
      kept.push(request);
      return new Response('kept');
    };
    await realServer({ fetch }, async ({ connect, server }) => {
      const client = await connect();
      let text = '';
      for (let i = 0; i < 1000; i++) {
        text += `${head(`POST /${i}?q=${i} HTTP/1.1`, 'Host: example', `X-At: ${i}`, `Content-Length: ${`body ${i}`.length}`)}body ${i}`;
      }
      client.send(text);
      for (let i = 0; i < 1000; i++) assert.equal((await client.answer()).content, 'kept');
      const other = await connect();
      other.send(get(`/${'x'.repeat(8000)}`).repeat(50));
      for (let i = 0; i < 50; i++) await other.answer();
      for (const [at, request] of kept.slice(0, 1000).entries()) {
        assert.equal(request.url, `http://example/${at}?q=${at}`);
        assert.equal(request.method, 'POST');
        assert.equal(request.headers.get('x-at'), String(at));
        assert.equal(await request.text(), `body ${at}`);
      }
      assert.equal(server.connectionCount, 2);
    });
  });

  test('that gives no Response, or a used one, is told', async () => {
    const used = new Response('used');
    await used.text();
    const answers: Record<string, () => unknown> = {
      '/nothing': () => undefined,
      '/text': () => 'text',
      '/used': () => used,
      '/error': () => Response.error(),
      '/promise': async () => await Promise.resolve(7),
    };
    const fetch = ({ url }: Request) => (answers[new URL(url).pathname] as () => Response)();
    await realServer({ fetch }, async ({ connect, errors }) => {
      const client = await connect();
      for (const path of Object.keys(answers)) {
        assert.equal((await client.send(get(path)).answer()).status, 500, path);
        assert.ok(errors.splice(0)[0] instanceof TypeError, path);
      }
    });
  });
});
