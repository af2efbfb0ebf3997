/** Requests and responses: what is sent, and what is understood. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answering, nodeServer, ok, rawServer } from '../../../test/support/http-servers.ts';
import { blockOn, run } from '../../task/run.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { serve } from '../server/serve.ts';
import { Client, get, request } from '../index.ts';
import type { RequestOptions } from './options.ts';

interface Said {
  readonly status: number;
  readonly text: string;
}

const ask: (client: Client, url: string, options?: RequestOptions) => Future<Said> = coroutine(function* (
  client: Client,
  url: string,
  options?: RequestOptions,
): Steps<Said> {
  const response = yield* client.request(url, options);
  return { status: response.status, text: yield* response.text() };
});

describe('a request', () => {
  /** What a server is sent for it, after Host. */
  const sent = async (options: RequestOptions | undefined, path = '/'): Promise<string> => {
    let head = '';
    await using server = await rawServer(async (line) => {
      head = (await line.head()) ?? '';
      line.say(ok('', 'Connection: close\r\n'));
    });
    using client = new Client({ proxy: null });
    await run(ask(client, server.url + path, options));
    assert.ok(head.includes(`\r\nHost: 127.0.0.1:${server.port}\r\n`), head);
    return head.replace(`\r\nHost: 127.0.0.1:${server.port}`, '');
  };
  const usual = 'Accept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nUser-Agent: pawl\r\n';

  test('says what it accepts and who asks', async () => {
    assert.equal(await sent(undefined, '/a%20b?c=d#e'), `GET /a%20b?c=d HTTP/1.1\r\n${usual}\r\n`);
    assert.equal(await sent({}), `GET / HTTP/1.1\r\n${usual}\r\n`);
    assert.equal(await sent({ decompress: false }), 'GET / HTTP/1.1\r\nAccept: */*\r\nUser-Agent: pawl\r\n\r\n');
  });

  test('lets the program say it otherwise, in its own order and letters', async () => {
    const headers = { 'user-AGENT': 'me', Accept: 'text/html', 'X-Two': ['1', '2'], 'accept-encoding': 'identity' };
    assert.equal(
      await sent({ headers }),
      'GET / HTTP/1.1\r\nuser-AGENT: me\r\nAccept: text/html\r\nX-Two: 1\r\nX-Two: 2\r\naccept-encoding: identity\r\n\r\n',
    );
  });

  test('frames its content by itself', async () => {
    const frame = async (options: RequestOptions): Promise<string> =>
      (await sent({ decompress: false, headers: { accept: 'x', 'user-agent': 'x' }, ...options }))
        .replace('accept: x\r\nuser-agent: x\r\n', '')
        .trimEnd();
    assert.equal(await frame({ method: 'POST' }), 'POST / HTTP/1.1\r\nContent-Length: 0');
    assert.equal(await frame({ method: 'DELETE' }), 'DELETE / HTTP/1.1');
    assert.equal(
      await frame({ method: 'PUT', body: 'äö' }),
      'PUT / HTTP/1.1\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 4',
    );
    assert.equal(await frame({ method: 'POST', body: new Uint8Array(3) }), 'POST / HTTP/1.1\r\nContent-Length: 3');
    assert.equal(await frame({ method: 'POST', body: ['a'] }), 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked');
    assert.equal(
      await frame({ method: 'POST', body: new Blob(['a'], { type: 'a/b' }) }),
      'POST / HTTP/1.1\r\nContent-Type: a/b\r\nContent-Length: 1',
    );
    assert.equal(
      await frame({ method: 'POST', body: new URLSearchParams({ a: 'b c' }) }),
      'POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: 5',
    );
    const told = { accept: 'x', 'user-agent': 'x', 'Content-Length': '1', Connection: 'close', 'Keep-Alive': 'x' };
    assert.equal(
      await frame({ method: 'POST', body: ['a'], headers: told }),
      'POST / HTTP/1.1\r\nContent-Length: 1\r\nConnection: close',
    );
  });

  test('sends the credentials of its URL, and another Host if it is told so', async () => {
    let head = '';
    await using server = await rawServer(async (line) => {
      head = (await line.head()) ?? '';
      line.say(ok(''));
    });
    using client = new Client({ proxy: null });
    const url = `http://us%40er:p%C3%A4ss@127.0.0.1:${server.port}/`;
    await run(ask(client, url, { headers: { host: 'elsewhere.test' } }));
    assert.match(head, /^GET \/ HTTP\/1.1\r\nHost: elsewhere.test\r\n/);
    assert.equal(head.match(/host/gi)?.length, 1);
    assert.ok(head.includes(`\r\nAuthorization: Basic ${Buffer.from('us@er:päss').toString('base64')}\r\n`));
  });

  test('that cannot be one is refused at once', () => {
    const refused = (call: () => unknown, code: string): void => assert.throws(call, { code }, code);
    for (const url of ['', '/x', 'foo', 'http://', 'http://a b/', 'http://[::1', 'http://x:99999/']) {
      refused(() => get(url), 'BAD_URL');
    }
    for (const url of ['ftp://x/', 'data:text/plain,x', 'file:///etc/passwd', 'ws://x/'])
      refused(() => get(url), 'BAD_URL');
    const url = 'http://127.0.0.1:1/';
    refused(() => request(url, { method: 'A B' }), 'HTTP_BAD_FIELD');
    refused(() => request(url, { method: 'CONNECT' }), 'BAD_ARGUMENT');
    refused(() => request(url, { headers: { a: 'b\r\nc: d' } }), 'HTTP_BAD_FIELD');
    refused(() => request(url, { headers: { 'a b': 'c' } }), 'HTTP_BAD_FIELD');
    refused(() => request(url, { headers: { 'content-length': '-1' } }), 'HTTP_BAD_FIELD');
    refused(() => request(url, { method: 'POST', body: 'abc', headers: { 'content-length': '2' } }), 'HTTP_BAD_FIELD');
    refused(() => request(url, { method: 'POST', body: 7 as unknown as string }), 'BAD_ARGUMENT');
    refused(() => request(url, { method: 'POST', body: {} as unknown as string }), 'BAD_ARGUMENT');
    refused(() => request(url, { timeout: -1 }), 'BAD_ARGUMENT');
    refused(() => request(url, { redirect: 'none' as 'manual' }), 'BAD_ARGUMENT');
    refused(() => request(url, { maxRedirects: -1 }), 'BAD_ARGUMENT');
    refused(() => request(url, { signal: 5 as unknown as AbortSignal }), 'BAD_ARGUMENT');
    refused(() => request(url, { headTimeout: Number.NaN }), 'BAD_ARGUMENT');
    refused(() => new Client({ connections: 0 }), 'BAD_ARGUMENT');
    refused(() => new Client({ idleTimeout: -1 }), 'BAD_ARGUMENT');
    refused(() => new Client({ proxy: 'ftp://x' }), 'BAD_URL');
    assert.throws(
      () => get('http://user:secret@[/'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('a response', () => {
  /** What is made of the bytes that a server sends. */
  const read = async (
    text: string,
    options?: RequestOptions,
    ends = false,
  ): Promise<Said & { readonly open: number }> => {
    await using server = await rawServer(async (line) => {
      await line.head();
      line.say(text);
      if (ends) line.socket.end();
    });
    using client = new Client({ proxy: null });
    return await run(function* () {
      const said = yield* ask(client, server.url, options);
      return { ...said, open: client.connections.open };
    });
  };

  test('has content by length, by chunks, or to the end of the connection', async () => {
    assert.deepEqual(await read(ok('tea')), { status: 200, text: 'tea', open: 1 });
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nte\r\n1\r\na\r\n0\r\n\r\n';
    assert.deepEqual(await read(chunks), { status: 200, text: 'tea', open: 1 });
    assert.deepEqual(await read('HTTP/1.1 200 OK\r\n\r\ntea', {}, true), { status: 200, text: 'tea', open: 0 });
    assert.deepEqual(await read('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\ntea'), {
      status: 200,
      text: 'tea',
      open: 0,
    });
  });

  test('has none to HEAD, and with 204 and 304, whatever its fields say', async () => {
    assert.deepEqual(await read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', { method: 'HEAD' }), {
      status: 200,
      text: '',
      open: 1,
    });
    assert.deepEqual(await read('HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n'), {
      status: 304,
      text: '',
      open: 1,
    });
    assert.deepEqual(await read('HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n'), {
      status: 204,
      text: '',
      open: 1,
    });
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n';
    assert.deepEqual(await read(head, { method: 'HEAD' }), { status: 200, text: '', open: 1 });
  });

  test('comes after interim ones', async () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('tea')}`;
    assert.deepEqual(await read(text), { status: 200, text: 'tea', open: 1 });
  });

  test('that is none is an error, and its connection is closed', async () => {
    const failed = async (text: string, code: string): Promise<void> => {
      await using server = await rawServer(async (line) => {
        await line.head();
        line.say(text);
        line.socket.end();
      });
      using client = new Client({ proxy: null });
      await assert.rejects(run(ask(client, server.url)), { code }, text);
      assert.equal(client.connections.open, 0);
    };
    await failed('', 'UNEXPECTED_EOF');
    await failed('HTTP/1.1 200 OK\r\nA', 'UNEXPECTED_EOF');
    await failed('SSH-2.0-x\r\n', 'HTTP_SYNTAX');
    await failed('HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'HTTP_SYNTAX');
    await failed('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP_FRAMING');
    await failed('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntea', 'UNEXPECTED_EOF');
    await failed('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n', 'UNEXPECTED_EOF');
    await failed('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'HTTP_SYNTAX');
    await failed('HTTP/1.1 101 Switching Protocols\r\n\r\n', 'HTTP_SYNTAX');
    await failed(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`, 'HTTP_FIELDS_TOO_LARGE');
    await failed(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(1001)}\r\n`, 'HTTP_FIELDS_TOO_LARGE');
  });

  test('that is followed by more than it said is the last of its connection', async () => {
    await using server = await answering(
      ok('tea', '\r\n').replace('\r\n\r\n\r\n', '\r\n\r\n') + 'HTTP/1.1 200 smuggled\r\n\r\n',
    );
    using client = new Client({ proxy: null });
    await run(function* () {
      assert.equal((yield* ask(client, server.url)).text, 'tea');
      assert.equal(client.connections.open, 0);
      assert.equal((yield* ask(client, server.url)).text, 'tea');
    });
    assert.equal(server.connections, 2);
  });

  test('gives status, reason, fields, URL and trailers', async () => {
    await using server = await answering(
      'HTTP/1.1 404 Not Here\r\nTrailer: x\r\nSet-Cookie: a\r\nset-cookie: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\nX-Sum: 1\r\n\r\n',
    );
    using client = new Client({ proxy: null });
    await run(function* () {
      const response = yield* client.get(`${server.url}/x?y#z`);
      const { status, ok: success, reason, url, redirected, trailers } = response;
      assert.deepEqual(
        { status, success, reason, url, redirected, trailers },
        {
          status: 404,
          success: false,
          reason: 'Not Here',
          url: `${server.url}/x?y#z`,
          redirected: false,
          trailers: null,
        },
      );
      assert.deepEqual(response.headers.getAll('set-cookie'), ['a', 'b']);
      assert.equal(yield* response.text(), 'tea');
      assert.equal(response.trailers?.get('x-sum'), '1');
    });
  });

  test('of many pieces is the same, however they come', async () => {
    const content = 'content '.repeat(20_000);
    await using server = await nodeServer((incoming, outgoing) => {
      if (incoming.url === '/length') outgoing.setHeader('Content-Length', content.length);
      let at = 0;
      const next = (): void => {
        if (at >= content.length) {
          outgoing.end();
          return;
        }
        const size = 1 + ((at * 7919) % 9000);
        outgoing.write(content.slice(at, at + size), next);
        at += size;
      };
      next();
    });
    using client = new Client({ proxy: null });
    await run(function* () {
      for (const path of ['/length', '/chunks']) {
        const response = yield* client.get(server.url + path);
        assert.equal(response.body.length, path === '/length' ? content.length : -1);
        assert.ok((yield* response.text()) === content);
        const chunked = yield* client.get(server.url + path);
        let size = 0;
        yield* chunked.body.chunks().forEach((chunk) => {
          size += chunk.length;
        });
        assert.equal(size, content.length);
      }
      assert.deepEqual(client.connections, { open: 1, idle: 1, waiting: 0 });
    });
  });
});

test('our server and our client understand each other', async () => {
  await run(function* () {
    const server = yield* serve({
      *handler(call) {
        const text = yield* call.body.text();
        return {
          status: 201,
          headers: { 'X-Method': call.method },
          body: [text, '!'] as unknown as AsyncIterable<string>,
        };
      },
    });
    using client = new Client({ proxy: null });
    const response = yield* client.request(`${server.url}/`, {
      method: 'PUT',
      body: (function* () {
        yield 'some ';
        yield new TextEncoder().encode('tea');
      })(),
    });
    assert.equal(response.headers.get('x-method'), 'PUT');
    assert.equal(yield* response.text(), 'some tea!');
    yield* server.close();
  });
});

test('requests work where nothing of Node runs', () => {
  const text = blockOn(function* () {
    const server = yield* serve({ handler: (call) => call.path });
    using client = new Client({ proxy: null });
    const response = yield* client.get(`${server.url}/tea`);
    const said = yield* response.text();
    yield* server.close();
    return said;
  });
  assert.equal(text, '/tea');
});

test('ordinary async code awaits requests, over the connections that coroutines use', async () => {
  await using server = await answering(ok('{"tea":"green"}'));
  const response = await get(server.url);
  assert.deepEqual(await response.json(), { tea: 'green' });
  assert.deepEqual(
    await run(function* () {
      return yield* (yield* get(server.url)).json();
    }),
    { tea: 'green' },
  );
  assert.equal(server.connections, 1);
});
