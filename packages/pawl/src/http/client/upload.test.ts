/** Content on its way out: of every kind, slow and fast, asked for or not, and answered too early. */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { array, asyncProperty, assert as check, constantFrom, record, string, uint8Array } from 'fast-check';
import { eventually, nodeServer, ok, rawServer, type TestServer } from '../../../test/support/http-servers.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { fromPromise } from '../../node/promise.ts';
import { duplex } from '../../io/duplex.ts';
import { run } from '../../task/run.ts';
import { spawn } from '../../task/spawn.ts';
import { Stream } from '../../stream/stream.ts';
import { Client } from './client.ts';
import type { RequestBody } from './content.ts';
import type { RequestOptions } from './options.ts';

interface Echo {
  readonly rawHeaders: string[];
  readonly body: string;
  readonly bytes: Buffer;
  readonly trailers: NodeJS.Dict<string>;
}

/** Answers with what it was sent, as JSON. */
const mirror = (): Promise<TestServer> =>
  nodeServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { rawHeaders, trailers } = incoming;
      outgoing.end(JSON.stringify({ rawHeaders, trailers, body: Buffer.concat(chunks).toString('base64') }));
    });
  });

const mirrored: (client: Client, url: string, options: RequestOptions) => Future<Echo> = coroutine(function* (
  client: Client,
  url: string,
  options: RequestOptions,
): Steps<Echo> {
  const response = yield* client.request(url, { method: 'POST', ...options });
  const echo = yield* response.json<Echo>();
  const bytes = Buffer.from(echo.body, 'base64');
  return { ...echo, bytes, body: bytes.toString() };
});

test('content of every kind arrives as it is', async () => {
  await using server = await mirror();
  using client = new Client({ proxy: null });
  const bytes = new TextEncoder().encode('grüner tea');
  const form = new FormData();
  form.append('a "b"\n', 'x\ny');
  form.append('file', new File(['content'], 'name.txt', { type: 'text/x' }));
  async function* pieces(): AsyncGenerator<string | Uint8Array> {
    yield 'grüner ';
    yield bytes.subarray(8);
  }
  const kinds: Record<string, () => RequestBody> = {
    text: () => 'grüner tea',
    bytes: () => bytes,
    buffer: () => Buffer.from(bytes),
    'array buffer': () => bytes.buffer,
    view: () => new DataView(bytes.buffer),
    blob: () => new Blob([bytes]),
    'array of pieces': () => ['grüner ', '', bytes.subarray(8)],
    generator: pieces,
    stream: () => Stream.of('grüner ', 'tea'),
    'Readable of Node': () => Readable.from(['grüner ', Buffer.from('tea')]),
    'readable stream': () => new Blob([bytes]).stream(),
  };
  await run(function* () {
    for (const [name, make] of Object.entries(kinds)) {
      assert.equal((yield* mirrored(client, server.url, { body: make() })).body, 'grüner tea', name);
    }
    const [writer, reader] = duplex(16);
    const writing = spawn(
      coroutine(function* (): Steps<void> {
        for (let at = 0; at < bytes.length;) at += yield* writer.write(bytes.subarray(at));
        yield* writer.shutdown();
      })(),
    );
    assert.equal((yield* mirrored(client, server.url, { body: reader })).body, 'grüner tea', 'reader');
    yield* writing;
    const incoming = yield* client.request(server.url, { method: 'POST', body: 'grüner tea' });
    const relayed = yield* mirrored(client, server.url, { body: incoming.body });
    assert.equal(
      Buffer.from((JSON.parse(relayed.body) as Echo).body, 'base64').toString(),
      'grüner tea',
      'a body that came in',
    );
    const { rawHeaders, body } = yield* mirrored(client, server.url, { body: form });
    const type = rawHeaders[rawHeaders.indexOf('Content-Type') + 1] as string;
    const made = yield* parsed(type, body);
    assert.deepEqual(made, [
      ['a "b"\r\n', 'x\r\ny'],
      ['file', 'name.txt text/x content'],
    ]);
    assert.ok(rawHeaders.includes('Content-Length'));
  });
});

/** A form, as the platform reads it. */
const parsed = coroutine(function* (type: string, body: string): Steps<[string, string][]> {
  const form = yield* fromPromise(new Response(body, { headers: { 'content-type': type } }).formData());
  const entries: [string, string][] = [];
  for (const [name, value] of form) {
    entries.push([
      name,
      typeof value === 'string' ? value : `${value.name} ${value.type} ${yield* fromPromise(value.text())}`,
    ]);
  }
  return entries;
});

test('whatever is sent comes back equal from a server that echoes it', async () => {
  await using server = await mirror();
  using client = new Client({ proxy: null });
  const name = string({ minLength: 1, maxLength: 10, unit: constantFrom(...'abcXYZ019-_!~'.split('')) }).map(
    (text) => `x-${text}`,
  );
  const value = string({ maxLength: 20, unit: constantFrom(...' \tabc:,;"=/äÿ'.split('')) }).map((text) => text.trim());
  const message = record({
    headers: array(record({ name, value }), { maxLength: 8 }),
    body: array(uint8Array({ maxLength: 3000 }), { maxLength: 12 }),
    whole: constantFrom(true, false),
  });
  await check(
    asyncProperty(message, async ({ headers, body, whole }) => {
      const content = Buffer.concat(body);
      const echo = await run(
        mirrored(client, server.url, {
          headers: headers.map(({ name, value }) => [name, value] as const),
          body: whole ? content : body,
        }),
      );
      assert.ok(echo.bytes.equals(content));
      const raw = echo.rawHeaders;
      const pairs = raw.flatMap((text, at) => (at % 2 === 0 && text.startsWith('x-') ? [[text, raw[at + 1]]] : []));
      assert.deepEqual(
        pairs,
        headers.map(({ name, value }) => [name, value]),
      );
    }),
    { numRuns: 100 },
  );
});

test('trailers follow content in chunks', async () => {
  await using server = await mirror();
  using client = new Client({ proxy: null });
  for (const body of [['a'], 'a', new Blob(['a'])]) {
    const echo = await run(mirrored(client, server.url, { body, trailers: () => ({ 'X-Sum': '97' }) }));
    assert.deepEqual([echo.body, echo.trailers], ['a', { 'x-sum': '97' }]);
  }
  assert.throws(() => client.request(server.url, { trailers: () => ({}) }), { code: 'BAD_ARGUMENT' });
  const split = mirrored(client, server.url, { body: 'a', trailers: () => ({ 'X-Sum': 'a\r\nb' }) });
  await assert.rejects(run(split), { code: 'HTTP_BAD_FIELD' });
});

describe('content whose length was announced', () => {
  test('is an error when there is more or less of it, and the connection is closed', async () => {
    await using server = await mirror();
    using client = new Client({ proxy: null });
    for (const length of ['1', '5']) {
      const call = mirrored(client, server.url, { body: ['tea'], headers: { 'content-length': length } });
      await assert.rejects(run(call), { code: 'HTTP_BAD_FIELD', message: /announced/ });
      assert.equal(client.connections.open, 0);
    }
  });
});

describe('what gives the content', () => {
  test('fails the request by failing', async () => {
    await using server = await mirror();
    using client = new Client({ proxy: null });
    async function* broken(): AsyncGenerator<string> {
      yield 'tea';
      throw new Error('no more');
    }
    await assert.rejects(run(mirrored(client, server.url, { body: broken() })), /no more/);
    await assert.rejects(run(mirrored(client, server.url, { body: [7] as never })), {
      code: 'BAD_ARGUMENT',
    });
    assert.equal(client.connections.open, 0);
  });

  test('is closed when the request ends before it, and when it was never begun', async () => {
    let closed = 0;
    const pieces = (): AsyncGenerator<string> =>
      (async function* () {
        try {
          for (;;) yield 'x'.repeat(10_000);
        } finally {
          closed++;
        }
      })();
    await using server = await rawServer(async (line) => {
      await line.head();
      line.say(ok('enough', 'Connection: close\r\n'));
      line.socket.resume();
      await line.gone();
      line.socket.end();
    });
    using client = new Client({ proxy: null });
    await run(function* () {
      const response = yield* client.request(server.url, { method: 'POST', body: pieces() });
      assert.equal(yield* response.text(), 'enough');
    });
    assert.equal(closed, 1);
    assert.equal(client.connections.open, 0);
    let cancelled = false;
    const never = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    const refused = client.request('http://127.0.0.1:1/', { method: 'POST', body: never });
    await assert.rejects(run(refused), { code: 'ECONNREFUSED' });
    assert.ok(cancelled);
  });
});

describe('a server that answers early', () => {
  test('is heard before all has been sent, and sends its answer while more is sent to it', async () => {
    await using server = await nodeServer((incoming, outgoing) => {
      incoming.pipe(outgoing);
    });
    using client = new Client({ proxy: null });
    const size = 4_000_000;
    await run(function* () {
      for (const body of [new Uint8Array(size).fill(65), Array.from({ length: 100 }, () => 'A'.repeat(size / 100))]) {
        const response = yield* client.request(server.url, { method: 'POST', body });
        const text = yield* response.text();
        assert.ok(text === 'A'.repeat(size));
      }
      assert.deepEqual(client.connections, { open: 1, idle: 1, waiting: 0 });
    });
    assert.equal(server.connections, 1);
  });

  test('and closes, has still answered', async () => {
    await using server = await rawServer(async (line) => {
      await line.head();
      line.socket.pause();
      line.say('HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      line.socket.end();
    });
    using client = new Client({ proxy: null });
    await run(function* () {
      for (const body of ['x'.repeat(20_000_000), Array.from({ length: 200 }, () => 'x'.repeat(100_000))]) {
        const response = yield* client.request(server.url, { method: 'POST', body });
        assert.deepEqual([response.status, yield* response.text()], [413, 'no']);
        assert.equal(client.connections.open, 0);
      }
    });
  });
});

describe('content that waits for 100 (Continue)', () => {
  const talk = async (
    answers: (body: () => Promise<string | null>, say: (text: string) => void) => Promise<void>,
    options: RequestOptions = {},
  ): Promise<{ readonly head: string; readonly status: number; readonly text: string; readonly open: number }> => {
    let head = '';
    await using server = await rawServer(async (line) => {
      head = (await line.head()) ?? '';
      await answers(
        () => line.until(/tea/),
        (text) => line.say(text),
      );
    });
    using client = new Client({ proxy: null });
    return await run(function* () {
      const response = yield* client.request(server.url, {
        method: 'POST',
        body: 'tea',
        expectContinue: true,
        ...options,
      });
      return { head, status: response.status, text: yield* response.text(), open: client.connections.open };
    });
  };

  test('is sent when the server asks for it', async () => {
    const { head, status, open } = await talk(async (body, say) => {
      say('HTTP/1.1 100 Continue\r\n\r\n');
      assert.equal(await body(), 'tea');
      say(ok('thanks'));
    });
    assert.match(head, /\r\nExpect: 100-continue\r\n/);
    assert.deepEqual({ status, open }, { status: 200, open: 1 });
  });

  test('is not sent when the server answers instead, and the connection is closed', async () => {
    let sent: string | null = 'nothing';
    const { status, open } = await talk(async (body, say) => {
      say('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
      sent = await body();
    });
    assert.deepEqual({ status, open }, { status: 417, open: 0 });
    await eventually(() => sent === null);
  });

  test('is sent after a second without a word', async () => {
    const { text } = await talk(
      async (body, say) => {
        assert.equal(await body(), 'tea');
        say(ok('thanks'));
      },
      { headers: { expect: '100-Continue' } },
    );
    assert.equal(text, 'thanks');
  });
});

test('a Readable of Node is destroyed when it is not sent, and fails the request with what it fails with', async () => {
  await using server = await mirror();
  using client = new Client({ proxy: null });
  const unused = Readable.from(['x']);
  await assert.rejects(async () => await client.request('http://127.0.0.1:1', { method: 'POST', body: unused }), {
    code: 'ECONNREFUSED',
  });
  assert.equal(unused.destroyed, true);
  const missing = createReadStream('/nowhere/at/all');
  await assert.rejects(async () => await client.request(server.url, { method: 'POST', body: missing }), {
    code: 'ENOENT',
  });
  assert.equal(missing.destroyed, true);
});
