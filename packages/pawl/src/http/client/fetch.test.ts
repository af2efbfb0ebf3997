/** fetch: side by side with the platform's, whatever is asked; and what only ours can do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually, nodeServer, rawServer, type TestServer } from '../../../test/support/http-servers.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import { sleep } from '../../time/sleep.ts';
import { timeout } from '../../time/timeout.ts';
import { run } from '../../task/run.ts';
import { fetch as ours } from '../index.ts';
import { Client } from './client.ts';

type Fetch = (input: string | URL | Request, init?: RequestInit) => PromiseLike<Response>;

/** What a server was asked: what both must send alike. */
interface Seen {
  readonly request: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Fields that a client may choose. */
const FREE = new Set([
  'host',
  'connection',
  'accept-encoding',
  'accept-language',
  'user-agent',
  'sec-fetch-mode',
  'accept',
]);

const world = (seen: Seen[]): Promise<TestServer> =>
  nodeServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '' } = incoming;
      const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !FREE.has(name)));
      seen.push({ request: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString('latin1') });
      const { searchParams, pathname } = new URL(url, 'http://x');
      const status = pathname === '/loop' ? 302 : Number(pathname.slice(1)) || 200;
      const location = pathname === '/loop' ? pathname : searchParams.get('to');
      if (location !== null) outgoing.setHeader('location', location);
      const coding = searchParams.get('coding');
      if (coding !== null) outgoing.setHeader('content-encoding', coding);
      outgoing.setHeader('set-cookie', ['a=1', 'b=2']);
      outgoing.setHeader('x-list', ['1', '2']);
      if (searchParams.has('reset')) {
        outgoing.write('part');
        setImmediate(() => incoming.socket.resetAndDestroy());
        return;
      }
      if (searchParams.has('hang')) {
        outgoing.write('part');
        return;
      }
      if (searchParams.has('mute')) return;
      outgoing.writeHead(status, searchParams.get('reason') ?? undefined);
      const text = searchParams.get('text') ?? 'grüner tea';
      outgoing.end(coding === 'gzip' ? gzipSync(text) : text);
    });
  });

/** What became of a call, in words that are the same for both. */
async function outcome(act: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof DOMException) return `DOMException ${error.name}`;
    return error instanceof Error ? error.name : `reason ${String(error)}`;
  }
}

const described = async (response: Response, base: string): Promise<unknown> => ({
  status: response.status,
  statusText: response.statusText,
  ok: response.ok,
  url: response.url.replace(base, ''),
  redirected: response.redirected,
  type: response.type,
  isResponse: response instanceof Response,
  headers: [...response.headers].filter(
    ([name]) => !['date', 'keep-alive', 'connection', 'transfer-encoding'].includes(name),
  ),
  cookies: response.headers.getSetCookie(),
  immutable: await outcome(async () => response.headers.set('a', 'b')),
  bodiless: response.body === null,
  text: await outcome(() => response.text()),
  used: response.bodyUsed,
});

/** With the method that needs none. */
const bodied: RequestInit = { body: 'tea' };

/** Each is run with the platform's fetch and with ours; what they give, and what the server has seen, must be equal. */
const CASES: Readonly<Record<string, (fetch: Fetch, base: string) => PromiseLike<unknown>>> = {
  'a GET': async (fetch, base) => described(await fetch(`${base}/?a=b#c`), base),
  'a URL object': async (fetch, base) => described(await fetch(new URL(`${base}/x`)), base),
  'a HEAD': async (fetch, base) => described(await fetch(base, { method: 'HEAD' }), base),
  'methods in any case': async (fetch, base) => described(await fetch(base, { method: 'post' }), base),
  'a PATCH in small letters': async (fetch, base) => described(await fetch(base, { method: 'patch' }), base),
  'text as a body': async (fetch, base) => described(await fetch(base, { method: 'POST', body: 'tea' }), base),
  'bytes as a body': async (fetch, base) =>
    described(await fetch(base, { method: 'POST', body: new Uint8Array([1, 2]) }), base),
  'parameters as a body': async (fetch, base) =>
    described(await fetch(base, { method: 'PUT', body: new URLSearchParams('a=b&c=ä') }), base),
  'a blob as a body': async (fetch, base) =>
    described(await fetch(base, { method: 'PUT', body: new Blob(['tea'], { type: 'a/b' }) }), base),
  'a stream as a body': async (fetch, base) =>
    described(await fetch(base, { method: 'POST', body: new Blob(['tea']).stream(), duplex: 'half' }), base),
  'a stream without duplex': (fetch, base) => fetch(base, { method: 'POST', body: new Blob(['tea']).stream() }),
  'an empty body': async (fetch, base) => described(await fetch(base, { method: 'POST', body: '' }), base),
  'a content type of its own': async (fetch, base) =>
    described(await fetch(base, { method: 'POST', body: 'tea', headers: { 'Content-Type': 'x/y', 'X-A': 'b' } }), base),
  'a Request': async (fetch, base) =>
    described(await fetch(new Request(`${base}/r`, { method: 'PUT', body: 'tea', headers: { a: 'b' } })), base),
  'a Request and an init': async (fetch, base) =>
    described(
      await fetch(new Request(`${base}/r`, { method: 'PUT', headers: { a: 'b' } }), {
        method: 'POST',
        body: 'tea',
        headers: { c: 'd' },
      }),
      base,
    ),
  'a used Request': async (fetch, base) => {
    const request = new Request(base, { method: 'POST', body: 'tea' });
    await request.text();
    return fetch(request);
  },
  'a reason': async (fetch, base) => described(await fetch(`${base}/404?reason=Not%20Here`), base),
  'a 204': async (fetch, base) => described(await fetch(`${base}/204`), base),
  'a 304': async (fetch, base) => described(await fetch(`${base}/304`), base),
  'a status beyond 599': async (fetch, base) => described(await fetch(`${base}/999`), base),
  'compressed content': async (fetch, base) => described(await fetch(`${base}/?coding=gzip`), base),
  'content of an unknown coding': async (fetch, base) => described(await fetch(`${base}/?coding=nobody`), base),
  'content that is not what it says': async (fetch, base) =>
    ((await described(await fetch(`${base}/?coding=br`), base)) as { text: unknown }).text,
  'a clone': async (fetch, base) => {
    const response = await fetch(`${base}/q`);
    const clone = response.clone();
    return [clone.url.replace(base, ''), clone.type, await clone.text(), await response.text()];
  },
  'a body as a stream': async (fetch, base) => {
    const { body } = await fetch(base);
    let text = '';
    for await (const chunk of body as ReadableStream<Uint8Array>) text += Buffer.from(chunk).toString('latin1');
    return text;
  },
  'json that is none': async (fetch, base) => (await fetch(base)).json(),
  'a body read twice': async (fetch, base) => {
    const response = await fetch(base);
    await response.text();
    return response.text();
  },
  'a connection that breaks in the body': async (fetch, base) => (await fetch(`${base}/?reset`)).text(),
  'an abort before': (fetch, base) => fetch(base, { signal: AbortSignal.abort() }),
  'an abort before, with a reason': (fetch, base) => fetch(base, { signal: AbortSignal.abort('why') }),
  'an abort before the head': (fetch, base) => fetch(`${base}/?mute`, { signal: AbortSignal.timeout(300) }),
  'an abort in the body': async (fetch, base) => {
    const controller = new AbortController();
    const response = await fetch(`${base}/?hang`, { signal: controller.signal });
    const text = response.text();
    controller.abort('why');
    return text;
  },
  'an abort by the signal of a Request': (fetch, base) =>
    fetch(new Request(base, { signal: AbortSignal.abort('why') })),
  'no server': (fetch) => fetch('http://127.0.0.1:2/'),
  'a port that is blocked': (fetch) => fetch('http://127.0.0.1:6667/'),
  'no URL': (fetch) => fetch('nonsense'),
  'another scheme': (fetch) => fetch('ftp://127.0.0.1/'),
  'credentials in the URL': (fetch, base) => fetch(base.replace('//', '//u:p@')),
  'a GET with a body': (fetch, base) => fetch(base, bodied),
  'a method that is forbidden': (fetch, base) => fetch(base, { method: 'TRACE' }),
  'a method that is none': (fetch, base) => fetch(base, { method: 'A B' }),
  'a header that is none': (fetch, base) => fetch(base, { headers: { 'a b': 'c' } }),
  'a header that breaks its line': (fetch, base) => fetch(base, { headers: { a: 'b\r\nc: d' } }),
  'redirect: error': (fetch, base) => fetch(`${base}/302?to=/`, { redirect: 'error' }),
  'redirect: manual': async (fetch, base) => described(await fetch(`${base}/302?to=/`, { redirect: 'manual' }), base),
  'a redirect without a Location': async (fetch, base) => described(await fetch(`${base}/302`), base),
  'a redirect to nowhere': (fetch, base) => fetch(`${base}/302?to=${encodeURIComponent('http://[')}`),
  'a redirect to another scheme': (fetch, base) => fetch(`${base}/302?to=data:text/plain,x`),
  'a redirect to a blocked port': (fetch, base) => fetch(`${base}/302?to=http://127.0.0.1:6667/`),
  'a redirect with a fragment': async (fetch, base) =>
    described(await fetch(`${base}/302?to=${encodeURIComponent('/x#y')}#z`), base),
  'a redirect with credentials to another origin': (fetch, base) =>
    fetch(`${base}/302?to=${encodeURIComponent(base.replace('//127.0.0.1', '//u:p@localhost'))}`),
  'redirects in a circle': (fetch, base) => fetch(`${base}/loop`),
  'a redirect of a stream': (fetch, base) =>
    fetch(`${base}/307?to=/`, { method: 'POST', body: new Blob(['tea']).stream(), duplex: 'half' }),
  'a 303 of a stream': async (fetch, base) =>
    described(
      await fetch(`${base}/303?to=/`, {
        method: 'POST',
        body: new Blob(['tea']).stream(),
        duplex: 'half',
      }),
      base,
    ),
};
for (const status of [301, 302, 303, 307, 308]) {
  for (const method of ['GET', 'POST', 'PUT', 'HEAD']) {
    const init: RequestInit =
      method === 'GET' || method === 'HEAD'
        ? { method }
        : { method, body: 'tea', headers: { 'content-language': 'en' } };
    (CASES as Record<string, unknown>)[`a ${status} of ${method}`] = async (fetch: Fetch, base: string) =>
      described(
        await fetch(`${base}/${status}?to=/next`, {
          ...init,
          headers: { ...(init.headers as object), authorization: 'a' },
        }),
        base,
      );
  }
  (CASES as Record<string, unknown>)[`a ${status} to another origin`] = async (fetch: Fetch, base: string) => {
    const other = base.replace('127.0.0.1', 'localhost');
    const headers = { authorization: 'a', cookie: 'b', 'proxy-authorization': 'c', 'x-own': 'd' };
    return described(await fetch(`${base}/${status}?to=${encodeURIComponent(other)}`, { headers }), other);
  };
}

describe('fetch gives what the platform gives, and asks the same', () => {
  for (const [name, act] of Object.entries(CASES)) {
    test(name, async () => {
      const result = async (fetch: Fetch): Promise<{ readonly seen: Seen[]; readonly given: unknown }> => {
        const seen: Seen[] = [];
        await using server = await world(seen);
        const given = await outcome(() => act(fetch, server.url));
        const text = JSON.stringify({ seen, given }).replaceAll(String(server.port), 'PORT');
        return JSON.parse(text) as { readonly seen: Seen[]; readonly given: unknown };
      };
      const theirs = await result(globalThis.fetch);
      assert.deepEqual(await result(ours), theirs);
    });
  }
});

describe('fetch', () => {
  test('does nothing before it is awaited, and is awaited in both worlds', async () => {
    const seen: Seen[] = [];
    await using server = await world(seen);
    const future = ours(server.url);
    await new Promise(setImmediate);
    assert.equal(seen.length, 0);
    assert.equal(await (await future).text(), 'grüner tea');
    const response = await run(function* () {
      return yield* ours(server.url);
    });
    assert.equal(response.status, 200);
  });

  test('says by its cause what went wrong', async () => {
    using client = new Client({ proxy: null });
    const causes = async (input: string, init?: RequestInit): Promise<unknown> => {
      try {
        await client.fetch(input, init);
      } catch (error) {
        assert.ok(error instanceof TypeError);
        return (error.cause as { code?: unknown }).code;
      }
      return 'nothing';
    };
    assert.equal(await causes('http://127.0.0.1:2/'), 'ECONNREFUSED');
    assert.equal(await causes('http://127.0.0.1:6667/'), 'BAD_URL');
    assert.equal(await causes('gopher://x/'), 'BAD_URL');
    await using server = await rawServer(async (line) => {
      await line.head();
      line.say('HTTP/1.1 200 OK\r\nBad Field: x\r\n\r\n');
    });
    assert.equal(await causes(server.url), 'HTTP_SYNTAX');
  });

  test('that is cancelled stops its request', async () => {
    const seen: Seen[] = [];
    await using server = await world(seen);
    using client = new Client({ proxy: null });
    await run(function* () {
      try {
        yield* timeout(20, client.fetch(`${server.url}/?mute`));
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'TIMEOUT');
      }
      assert.equal(client.connections.open, 0);
    });
    await eventually(() => server.sockets.size === 0);
  });

  test('sends a short body of a Request with its length, and a long or a slow one in chunks', async () => {
    const seen: Seen[] = [];
    await using server = await world(seen);
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await sleep(20);
        controller.enqueue(new TextEncoder().encode('tea'));
        controller.close();
      },
    });
    const send = coroutine(function* (body: NonNullable<RequestInit['body']>): Steps<unknown> {
      const request = new Request(server.url, { method: 'POST', body, duplex: 'half' });
      const response = yield* ours(request);
      assert.equal(response.status, 200);
      const { headers, body: sent } = seen.pop() as Seen;
      return [headers['content-length'], headers['transfer-encoding'], sent.length];
    });
    await run(function* () {
      assert.deepEqual(yield* send('tea'), ['3', undefined, 3]);
      assert.deepEqual(yield* send(slow), [undefined, 'chunked', 3]);
      assert.deepEqual(yield* send('x'.repeat(200_000)), [undefined, 'chunked', 200_000]);
    });
  });
});
