/** Connections: how many, who gets them, how long they live, and what happens when they die. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answering, eventually, ok, rawServer } from '../../../test/support/http-servers.ts';
import { runScript } from '../../../test/support/script.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { join } from '../../future/join.ts';
import { fromPromise } from '../../node/promise.ts';
import { TcpListener } from '../../net/listener.ts';
import { TcpStream } from '../../net/stream.ts';
import { run } from '../../task/run.ts';
import { scope } from '../../task/scopes.ts';
import { spawn } from '../../task/spawn.ts';
import { yieldNow } from '../../future/ready.ts';
import { Client } from './client.ts';
import type { RequestOptions } from './options.ts';

const textOf: (client: Client, url: string, options?: RequestOptions) => Future<string> = coroutine(function* (
  client: Client,
  url: string,
  options?: RequestOptions,
): Steps<string> {
  return yield* (yield* client.request(url, options)).text();
});

describe('connections', () => {
  test('are used again, the one used last first', async () => {
    const lines: number[] = [];
    await using server = await rawServer(async (line) => {
      while ((await line.head()) !== null) {
        lines.push(line.number);
        line.say(ok(String(line.number)));
      }
    });
    using client = new Client({ proxy: null });
    await run(function* () {
      yield* join([textOf(client, server.url), textOf(client, server.url)]);
      assert.deepEqual(client.connections, { open: 2, idle: 2, waiting: 0 });
      const last = yield* textOf(client, server.url);
      assert.equal(yield* textOf(client, server.url), last);
    });
    assert.equal(server.connections, 2);
  });

  test('are no more than the limit, and who waits is served in order', async () => {
    const paths: string[] = [];
    await using server = await rawServer(async (line) => {
      for (let head = await line.head(); head !== null; head = await line.head()) {
        const path = head.split(' ')[1] as string;
        paths.push(path);
        line.say(ok(path));
      }
    });
    using client = new Client({ proxy: null, connections: 1 });
    await run(function* () {
      const wanted = Array.from({ length: 20 }, (_, i) => `/${i}`);
      assert.deepEqual(yield* join(wanted.map((path) => textOf(client, server.url + path))), wanted);
      assert.deepEqual(paths, wanted);
      assert.deepEqual(client.connections, { open: 1, idle: 1, waiting: 0 });
    });
    assert.equal(server.connections, 1);
  });

  test('are given on when whoever was given one is cancelled, before or after', async () => {
    await using server = await rawServer(async (line) => {
      while ((await line.head()) !== null) {
        if (line.number === 1) return;
        line.say(ok('tea'));
      }
    });
    using client = new Client({ proxy: null, connections: 1 });
    await run(function* () {
      const first = spawn(textOf(client, server.url));
      while (server.connections === 0) yield* fromPromise(eventually(() => server.connections > 0));
      const second = spawn(textOf(client, server.url));
      const third = spawn(textOf(client, server.url));
      while (client.connections.waiting < 2) yield* yieldNow();
      second.abort();
      yield* yieldNow();
      assert.equal(client.connections.waiting, 1);
      // The first one's connection closes with it, and the right to another passes to the third.
      first.abort();
      assert.equal(yield* third, 'tea');
    });
    assert.equal(server.connections, 2);
  });

  test('close when they have been idle for long enough, or for as long as their server says', async () => {
    for (const [options, fields] of [
      [{ idleTimeout: 5 }, ''],
      [{}, 'Keep-Alive: timeout=0.01, max=5\r\n'],
      [{}, 'Keep-Alive: timeout=0\r\n'],
    ] as const) {
      await using server = await answering(ok('tea', fields.replace('0.01', '1')));
      using client = new Client({ proxy: null, ...options });
      assert.equal(await run(textOf(client, server.url)), 'tea');
      await eventually(() => client.connections.open === 0);
      await eventually(() => server.sockets.size === 0);
    }
  });

  test('close at once when their server ends them, resets them, or speaks out of turn', async () => {
    for (const how of ['end', 'resetAndDestroy', 'write'] as const) {
      await using server = await answering(ok('tea'));
      using client = new Client({ proxy: null });
      assert.equal(await run(textOf(client, server.url)), 'tea');
      assert.equal(client.connections.idle, 1);
      await run(function* () {
        for (const socket of server.sockets) {
          if (how === 'write') socket.write('HTTP/1.1 408 Too late\r\n\r\n');
          else socket[how]();
        }
        while (client.connections.open > 0) yield* fromPromise(new Promise(setImmediate));
      });
    }
  });

  test('that their server ends with an answer are given to nobody who waits', async () => {
    // A server on this thread: the client is not polled between its last byte and its end.
    const answer = coroutine(function* (stream: TcpStream): Steps<void> {
      using _closed = stream;
      const buffer = new Uint8Array(1000);
      let text = '';
      while (!text.endsWith('tea')) text += Buffer.from(buffer.subarray(0, yield* stream.read(buffer))).toString();
      yield* stream.writeAll(Buffer.from(ok('thanks')));
      yield* stream.shutdown();
      yield* stream.read(buffer);
    });
    await run(
      scope(function* (scope): Steps<void> {
        using listener = yield* TcpListener.bind(0);
        let connections = 0;
        const serving = scope.spawn(
          coroutine(function* (): Steps<void> {
            for (; ; connections++) scope.spawn(answer(yield* listener.accept()));
          })(),
          { daemon: true },
        );
        using client = new Client({ proxy: null, connections: 1 });
        const url = `http://127.0.0.1:${listener.localAddress.port}`;
        const calls = Array.from({ length: 5 }, () => textOf(client, url, { method: 'POST', body: 'tea' }));
        assert.deepEqual(
          yield* join(calls),
          Array.from({ length: 5 }, () => 'thanks'),
        );
        assert.equal(connections, 5);
        serving.abort();
      }),
    );
  });

  test('close with the client, and requests then fail', async () => {
    await using server = await rawServer(async (line) => {
      const head = await line.head();
      if (head?.startsWith('GET /part') === true) line.say('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nte');
    });
    const client = new Client({ proxy: null, connections: 2 });
    await run(function* () {
      const part = yield* client.get(`${server.url}/part`);
      const calls = [part.text(), textOf(client, server.url), textOf(client, server.url)].map((call) =>
        spawn(
          coroutine(function* (): Steps<unknown> {
            try {
              return yield* call;
            } catch (error) {
              return (error as { code?: unknown }).code;
            }
          })(),
        ),
      );
      while (client.connections.waiting === 0) yield* yieldNow();
      client.close();
      client.close();
      assert.deepEqual(yield* join(calls), ['CLOSED', 'CLOSED', 'CLOSED']);
      assert.deepEqual(client.connections, { open: 0, idle: 0, waiting: 0 });
    });
    await assert.rejects(run(textOf(client, server.url)), { code: 'CLOSED' });
  });

  test('that are idle keep no process alive', async () => {
    const script = `
      import { createServer } from 'node:http';
      import { once } from 'node:events';
      import { run } from ${JSON.stringify(import.meta.resolve('../../index.ts'))};
      import { get } from ${JSON.stringify(import.meta.resolve('../index.ts'))};
      const server = createServer((_, response) => response.end('tea')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      server.unref();
      server.on('connection', (socket) => socket.unref());
      const url = 'http://127.0.0.1:' + server.address().port;
      console.log(await run(function* () { return yield* (yield* get(url)).text(); }));
      const began = performance.now();
      process.on('exit', () => console.log(performance.now() - began < 2000 ? 'at once' : 'late'));
    `;
    const { code, stdout, stderr } = await runScript(script);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'tea\nat once\n', stderr: '' });
  });
});

describe('a connection that turns out to be gone', () => {
  /** The first connection answers once, and is broken off by what comes next; the others answer always. */
  const stale = (answers: string[]): ReturnType<typeof rawServer> =>
    rawServer(async (line) => {
      for (let head = await line.head(); head !== null; head = await line.head()) {
        answers.push(`${line.number} ${head.split(' ')[0]}`);
        if (line.number > 1 || answers.length === 1) line.say(ok('tea'));
        else line.socket.destroy();
      }
    });

  const again = async (options: RequestOptions): Promise<{ readonly answers: string[]; readonly result: unknown }> => {
    const answers: string[] = [];
    await using server = await stale(answers);
    using client = new Client({ proxy: null });
    const result = await run(function* () {
      yield* textOf(client, server.url);
      try {
        return yield* textOf(client, server.url, options);
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    });
    return { answers, result };
  };

  test('is replaced once for a request that may be sent twice', async () => {
    assert.deepEqual(await again({}), { answers: ['1 GET', '1 GET', '2 GET'], result: 'tea' });
    assert.deepEqual(await again({ method: 'PUT', body: 'x' }), {
      answers: ['1 GET', '1 PUT', '2 PUT'],
      result: 'tea',
    });
    const blob = new Blob(['x'.repeat(1000)]);
    assert.deepEqual(await again({ method: 'PUT', body: blob }), {
      answers: ['1 GET', '1 PUT', '2 PUT'],
      result: 'tea',
    });
  });

  test('is an error for a request that may not', async () => {
    for (const options of [{ method: 'POST', body: 'x' }, { method: 'PATCH' }, { method: 'PUT', body: ['x'] }]) {
      const { answers, result } = await again(options);
      // What a server that has gone makes of the content does not matter.
      assert.deepEqual(answers.slice(0, 2), ['1 GET', `1 ${options.method}`]);
      assert.ok(!answers.some((answer) => answer.startsWith('2')));
      assert.ok(result === 'UNEXPECTED_EOF' || result === 'ECONNRESET', String(result));
    }
  });

  test('is an error when it had not answered before, or had begun to', async () => {
    let heads = 0;
    await using server = await rawServer(async (line) => {
      while ((await line.head()) !== null) {
        heads++;
        if (heads === 2) line.say(ok('tea'));
        else {
          if (heads === 3) line.say('HTTP/1.1 ');
          line.socket.end();
        }
      }
    });
    using client = new Client({ proxy: null });
    await assert.rejects(run(textOf(client, server.url)), { code: 'UNEXPECTED_EOF' });
    assert.equal(await run(textOf(client, server.url)), 'tea');
    await assert.rejects(run(textOf(client, server.url)), { code: 'UNEXPECTED_EOF' });
    assert.equal(heads, 3);
  });
});
