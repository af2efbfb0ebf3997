import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { lazyRequest } from '../../../test/support/request-head.ts';
import { installGlobals } from './globals.ts';
import { LightHeaders } from './headers.ts';
import { LightResponse } from './response.ts';

const NAMES = ['Request', 'Response', 'Headers', 'fetch'] as const;
const before = NAMES.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
const now = () => NAMES.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
const Platform = { Request, Response, Headers, fetch };
const POST = 'POST /echo HTTP/1.1\nHost: a.test\nContent-Type: a/b\nX: y';

test('installing twice is installing once; the platform’s come back with the last one that is let go', () => {
  const [first, second] = [installGlobals(), installGlobals()];
  assert.equal(globalThis.Response, LightResponse as unknown);
  assert.equal(globalThis.Headers, LightHeaders as unknown);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(globalThis.Response, LightResponse as unknown);
  second[Symbol.dispose]();
  assert.deepEqual(now(), before);
});

test('what somebody else has made global meanwhile stays', () => {
  const installed = installGlobals();
  const theirs = class extends Platform.Response {};
  globalThis.Response = theirs;
  installed[Symbol.dispose]();
  assert.equal(globalThis.Response, theirs);
  globalThis.Response = Platform.Response;
  assert.deepEqual(now(), before);
});

test('instances of either kind are instances of what is global, before, meanwhile and afterwards', () => {
  const request = lazyRequest(POST);
  const check = () => {
    assert.ok(request instanceof Request && request instanceof Platform.Request);
    for (const value of [new Platform.Response(), new LightResponse()]) {
      assert.ok(value instanceof Response && value instanceof LightResponse);
    }
    for (const value of [new Platform.Headers(), new LightHeaders(), request.headers])
      assert.ok(value instanceof Headers);
    assert.ok(new Platform.Request('http://a.test') instanceof Request);
    assert.ok(!((new Response() as object) instanceof Request));
  };
  check();
  using _installed = installGlobals();
  check();
  class Own extends Request {}
  const own = new Own('http://a.test/');
  assert.ok(own instanceof Own && own instanceof Request && own instanceof Platform.Request);
  assert.ok(!(new Request('http://a.test/') instanceof Own));
});

test('a Request is made of one that came in, with its body or with another', async () => {
  using _installed = installGlobals();
  const first = lazyRequest(POST, 'body');
  const made = new Request(first, { headers: { z: '1' } });
  assert.deepEqual([made.method, made.url, [...made.headers]], ['POST', 'http://a.test/echo', [['z', '1']]]);
  assert.equal(first.bodyUsed, true);
  assert.equal(await made.text(), 'body');
  assert.throws(() => new Request(first), TypeError);

  const second = lazyRequest(POST, 'body');
  const other = new Request(second, { method: 'POST', body: 'other' });
  assert.equal(second.bodyUsed, false);
  assert.deepEqual([await other.text(), await second.text(), other.headers.get('x')], ['other', 'body', 'y']);

  class Own extends Request {}
  assert.ok(new Own(lazyRequest(POST, 'body')) instanceof Own);
  assert.equal(new Request('http://b.test/').url, 'http://b.test/');
  assert.throws(() => (Request as unknown as (url: string) => void)('http://a.test'), TypeError);
  assert.throws(() => new Request('/relative'), TypeError);
});

test('fetch takes a request that came in, and passes its body on', async () => {
  const server = createServer((request, response) => {
    response.writeHead(200, { method: request.method, x: request.headers['x'] });
    request.pipe(response);
  }).listen(0, '127.0.0.1');
  using _installed = installGlobals();
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const head = (method: string) => `${method} /echo HTTP/1.1\nHost: 127.0.0.1:${port}\nX: y`;
    const request = lazyRequest(head('POST'), 'body');
    const response = await fetch(request);
    assert.deepEqual([response.headers.get('method'), response.headers.get('x')], ['POST', 'y']);
    assert.equal(await response.text(), 'body');
    await assert.rejects(fetch(request), TypeError);
    const put = await fetch(lazyRequest(head('POST'), 'body'), { method: 'PUT', body: 'other' });
    assert.deepEqual([put.headers.get('method'), await put.text()], ['PUT', 'other']);
    assert.equal((await fetch(lazyRequest(head('GET')))).status, 200);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('a fetch that somebody has kept goes on when the platform’s is back', async () => {
  const installed = installGlobals();
  const kept = fetch;
  installed[Symbol.dispose]();
  assert.equal(await (await kept('data:text/plain,kept')).text(), 'kept');
});
