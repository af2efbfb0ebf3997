import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { array, assert as check, asyncProperty, constantFrom, property, string } from 'fast-check';
import { FedBody } from '../../../test/support/fed-body.ts';
import { assertAlike } from '../../../test/support/alike.ts';
import { lazyRequest } from '../../../test/support/request-head.ts';
import { IncomingBody } from '../body.ts';
import { requestUrl } from './request-url.ts';
import { toPlatformRequest } from './request.ts';

const HEAD = `
  POST /path?query=1 HTTP/1.1
  Host: example.test
  Content-Type: text/plain;charset=UTF-8
  X-Own: a
  x-own: b
  Cookie: c=1`;

/** The same message as the platform has it. */
const theirsOf = (body: string | Uint8Array<ArrayBuffer> | null = 'hello', type = 'text/plain;charset=UTF-8') =>
  new Request('http://example.test/path?query=1', {
    method: 'POST',
    headers: [
      ['host', 'example.test'],
      ['content-type', type],
      ['x-own', 'a'],
      ['x-own', 'b'],
      ['cookie', 'c=1'],
    ],
    body,
  });
const oursOf = (body: string | Uint8Array | null = 'hello', type = 'text/plain;charset=UTF-8') =>
  lazyRequest(HEAD.replace('text/plain;charset=UTF-8', type), body);

const ATTRIBUTES = [
  'method',
  'url',
  'destination',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'isReloadNavigation',
  'isHistoryNavigation',
  'duplex',
  'bodyUsed',
] as const;

const seen = (request: Request) => ({
  ...Object.fromEntries(ATTRIBUTES.map((name) => [name, (request as unknown as Record<string, unknown>)[name]])),
  headers: [...request.headers],
  body: request.body === null ? null : Object.prototype.toString.call(request.body),
  aborted: request.signal.aborted,
});

describe('a request does what the platform does with the same message', () => {
  const scripts: readonly ((request: Request) => unknown)[] = [
    seen,
    (request) => request.text(),
    async (request) => [...(await request.bytes())],
    async (request) => (await request.arrayBuffer()).byteLength,
    (request) => request.json(),
    (request) => request.formData(),
    async (request) => {
      const blob = await request.blob();
      return [blob.type, await blob.text()];
    },
    async (request) => {
      const parts = [];
      for await (const part of request.textStream()) parts.push(part);
      return parts.join('');
    },
    async (request) => [await request.text(), request.bodyUsed, await request.text()],
    async (request) => [request.bodyUsed, await request.text(), request.bodyUsed, request.body?.locked],
    async (request) => {
      const reader = request.body?.getReader();
      const first = await reader?.read();
      return [Buffer.from(first?.value ?? []).toString(), request.bodyUsed, await request.text()];
    },
    async (request) => {
      await request.body?.cancel();
      return request.bodyUsed;
    },
    (request) => request.body === request.body,
    async (request) => {
      const clone = request.clone();
      clone.headers.set('x-own', 'changed');
      return [seen(clone), seen(request), await clone.text(), await request.text()];
    },
    async (request) => {
      await request.text();
      return seen(request.clone());
    },
    (request) => {
      request.headers.append('x-own', 'c');
      request.headers.delete('cookie');
      return [request.headers === request.headers, seen(request)];
    },
    (request) => [request instanceof Request, Object.prototype.toString.call(request), Object.keys(request)],
    (request) => request.constructor === Request,
    (request) => ((request as { method: string }).method = 'PUT'),
    (request) => seen(new Request('http://other.test/', request)),
    (request) => new Request('http://other.test/', request).text(),
  ];
  for (const script of scripts) {
    test(String(script).replaceAll(/\s+/g, ' ').slice(0, 90), async () => {
      await assertAlike('with a body', theirsOf(), oursOf(), script);
      await assertAlike('with JSON', theirsOf('{"a":1}'), oursOf('{"a":1}'), script);
      await assertAlike('with no body', theirsOf(null), oursOf(null), script);
    });
  }
});

test('forms are read as the platform reads them', async () => {
  const fields = async (request: Request) => {
    const entries = [];
    for (const [name, value] of await request.formData()) {
      entries.push([name, typeof value === 'string' ? value : [value.name, value.type, await value.text()]]);
    }
    return entries;
  };
  const url = 'application/x-www-form-urlencoded';
  await assertAlike('urlencoded', theirsOf('a=1&b=%C3%A4', url), oursOf('a=1&b=%C3%A4', url), fields);
  const parts =
    '--x\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: a/b\r\n\r\ndata\r\n--x--\r\n';
  const multipart = 'multipart/form-data; boundary=x';
  await assertAlike('multipart', theirsOf(parts, multipart), oursOf(parts, multipart), fields);
  await assertAlike('broken', theirsOf('--y', multipart), oursOf('--y', multipart), fields);
});

test('any sequence of reads and clones gives what the platform gives', async () => {
  const actions = {
    text: (request: Request) => request.text(),
    json: (request: Request) => request.json(),
    used: (request: Request) => request.bodyUsed,
    locked: (request: Request) => request.body?.locked,
    lock: (request: Request) => void request.body?.getReader(),
  };
  const names = array(constantFrom(...(Object.keys(actions) as (keyof typeof actions)[]), 'clone'), { maxLength: 5 });
  await check(
    asyncProperty(names, async (steps) => {
      const all = [[theirsOf('12'), oursOf('12')] as const];
      for (const step of steps) {
        const [theirs, ours] = all.at(-1) as readonly [Request, Request];
        if (step === 'clone') {
          const made: Request[] = [];
          const result = await assertAlike('clone', theirs, ours, (request) => void made.push(request.clone()));
          if ('value' in result) all.push(made as unknown as readonly [Request, Request]);
        } else await assertAlike(step, theirs, ours, actions[step]);
      }
      for (const [theirs, ours] of all) await assertAlike('the end', theirs, ours, (request) => request.text());
    }),
    { numRuns: 150 },
  );
});

describe('the URL', () => {
  const cases: readonly [lines: string, url: string][] = [
    ['GET / HTTP/1.1\nHost: a.test', 'http://a.test/'],
    ['GET /a/b?c=d HTTP/1.1\nHost: A.Test:80', 'http://a.test/a/b?c=d'],
    ['GET /a HTTP/1.1\nHost: a.test:8080', 'http://a.test:8080/a'],
    ['GET /a/../b/./c HTTP/1.1\nHost: a.test', 'http://a.test/b/c'],
    ['GET /a/%2e%2E/b HTTP/1.1\nHost: a.test', 'http://a.test/b'],
    ['GET //evil.test/x HTTP/1.1\nHost: a.test', 'http://a.test//evil.test/x'],
    ["GET /?a='b' HTTP/1.1\nHost: a.test", 'http://a.test/?a=%27b%27'],
    ['GET /x HTTP/1.1\nHost: [::1]:81', 'http://[::1]:81/x'],
    ['GET http://b.test/y?z HTTP/1.1\nHost: a.test', 'http://b.test/y?z'],
    ['OPTIONS * HTTP/1.1\nHost: a.test', 'http://a.test/'],
    ['CONNECT c.test:443 HTTP/1.1\nHost: c.test:443', 'http://c.test:443/'],
    ['GET /old HTTP/1.0', 'http://fallback.test:8080/old'],
    ['GET /empty HTTP/1.1\nHost:', 'http://fallback.test:8080/empty'],
  ];
  for (const [lines, url] of cases) test(url, () => assert.equal(lazyRequest(lines).url, url));

  test('is what the URL parser makes of every path', () => {
    const path = string({
      unit: constantFrom(...'/.%2eE?a\'"<>`{}|\\^[]~!$&()*+,;=:@-_ #'.split('').filter((c) => c !== '#' && c !== ' ')),
      maxLength: 12,
    });
    check(
      property(path, (rest) => {
        assert.equal(requestUrl('https', 'a.test:443', `/${rest}`), new URL(`https://a.test/${rest}`).href);
      }),
      { numRuns: 3000 },
    );
  });
});

test('with GET and HEAD there is no body, whatever came', () => {
  const body = IncomingBody.of(new Uint8Array(3));
  for (const method of ['GET', 'HEAD']) {
    const request = lazyRequest(`${method} / HTTP/1.1\nHost: a.test`, body);
    assert.equal(request.body, null);
  }
  assert.equal(body.used, false);
});

test('nothing of the body is read before it is asked for; a stream that nobody reads asks for nothing', async () => {
  const source = new FedBody();
  const request = lazyRequest(HEAD, new IncomingBody(source));
  const stream = request.body as ReadableStream<Uint8Array>;
  await new Promise((done) => setImmediate(done));
  assert.equal(source.polls, 0);
  source.feed('ab').feed('cd').end();
  assert.equal(await new Response(stream).text(), 'abcd');
});

test('cancelling the stream of a body discards the rest', async () => {
  const [unread, begun] = [new FedBody().feed('ab'), new FedBody().feed('ab')];
  await lazyRequest(HEAD, new IncomingBody(unread)).body?.cancel();
  assert.equal(unread.discarded, true);
  const stream = lazyRequest(HEAD, new IncomingBody(begun)).body as ReadableStream<Uint8Array>;
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(begun.discarded, true);
});

test('the failure of the connection comes out of every read', async () => {
  const failure = new Error('gone');
  for (const way of ['text', 'bytes', 'json', 'blob', 'formData', 'arrayBuffer'] as const) {
    await assert.rejects(lazyRequest(HEAD, new IncomingBody(new FedBody().feed('x').fail(failure)))[way](), failure);
  }
});

test('the signal is made when it is first touched, once, and a clone has the same', () => {
  let made = 0;
  const controller = new AbortController();
  const request = lazyRequest(HEAD, null, {
    toSignal() {
      made++;
      return controller.signal;
    },
  });
  assert.equal(request.method, 'POST');
  assert.equal(made, 0);
  const [, clone] = [request.signal, request.clone()];
  assert.deepEqual([made, request.signal === controller.signal, clone.signal.aborted], [1, true, false]);
  controller.abort('over');
  assert.equal(clone.signal.aborted, true);
});

test('one that was kept says what it said', () => {
  const kept = Array.from({ length: 1000 }, (_, index) =>
    lazyRequest(`GET /${index} HTTP/1.1\nHost: h${index}.test\nX: ${index}`),
  );
  for (const [index, request] of kept.entries()) {
    assert.equal(request.url, `http://h${index}.test/${index}`);
    assert.equal(request.headers.get('x'), String(index));
  }
});

test('the platform’s own is made of it with all that it has, and its body', async () => {
  const controller = new AbortController();
  const request = lazyRequest(HEAD, 'hello', { toSignal: () => controller.signal });
  const real = toPlatformRequest(request);
  assert.deepEqual(seen(real), { ...seen(theirsOf()), aborted: false });
  assert.equal(await real.clone().text(), 'hello');
  assert.equal(request.bodyUsed, true);
  controller.abort();
  assert.equal(real.signal.aborted, true);
  assert.equal(toPlatformRequest(real), real);
  assert.throws(() => toPlatformRequest(request), TypeError);
});

test('console.log shows what it is', () => {
  const text = inspect(lazyRequest('GET /a HTTP/1.1\nHost: a.test'));
  assert.match(
    text,
    /^Request \{\s+method: 'GET',\s+url: 'http:\/\/a.test\/a',\s+headers: Headers \{ host: 'a.test' \}/,
  );
});
