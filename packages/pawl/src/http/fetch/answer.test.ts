import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Stream } from 'pawl/stream';
import { IncomingBody } from '../body.ts';
import { answerOf, isResponse } from './answer-of.ts';
import { LightHeaders } from './headers.ts';
import { LightResponse } from './response.ts';

const Light = LightResponse as unknown as typeof globalThis.Response;
const TYPE = 'content-type: text/plain;charset=UTF-8\r\n';
const PLAIN = { reason: '', length: -1, dated: false, close: false };
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('an answer is what the response says, in the form in which it was given', () => {
  const cases: readonly [name: string, make: () => Response, expected: object][] = [
    ['text', () => new Light('hi'), { status: 200, fields: TYPE, body: 'hi' }],
    ['nothing', () => new Light(null, { status: 204 }), { status: 204, fields: '', body: null }],
    ['JSON', () => Light.json([1]), { status: 200, fields: 'content-type: application/json\r\n', body: '[1]' }],
    ['bytes', () => new Light(bytesOf('b')), { status: 200, fields: '', body: bytesOf('b') }],
    [
      'a status with a reason and headers',
      () =>
        new Light('x', {
          status: 404,
          statusText: 'Nope',
          headers: { A: ' 1 ', 'content-type': 'a/b', 'x-y': '\u00e9' },
        }),
      { status: 404, reason: 'Nope', fields: 'a: 1\r\ncontent-type: a/b\r\nx-y: \u00e9\r\n', body: 'x' },
    ],
    [
      'headers that were set afterwards',
      () => {
        const response = new Light('x');
        response.headers.set('A', 'b');
        response.headers.append('Set-Cookie', 'c');
        response.headers.append('set-cookie', 'd');
        return response;
      },
      { status: 200, fields: `${TYPE}a: b\r\nset-cookie: c\r\nset-cookie: d\r\n`, body: 'x' },
    ],
    [
      'one content type from a Headers',
      () => new Light('x', { headers: new LightHeaders({ 'content-type': 'a/b' }) as unknown as Headers }),
      { status: 200, fields: 'content-type: a/b\r\n', body: 'x' },
    ],
    [
      'what is about the connection is taken out',
      () =>
        new Light('x', {
          headers: {
            connection: 'keep-alive, Close',
            'keep-alive': 'timeout=5',
            'transfer-encoding': 'chunked',
            'content-length': '99',
            date: 'now',
            a: 'b',
          },
        }),
      { status: 200, fields: `date: now\r\na: b\r\n${TYPE}`, body: 'x', length: 99, dated: true, close: true },
    ],
    [
      'a length that stands for an answer to HEAD',
      () => new Light(null, { headers: { 'content-length': '5' } }),
      { status: 200, fields: '', body: null, length: 5 },
    ],
    [
      'a redirect',
      () => Light.redirect('http://a.test/'),
      { status: 302, fields: 'location: http://a.test/\r\n', body: null },
    ],
  ];
  for (const [name, make, expected] of cases) {
    test(name, () => assert.deepEqual(answerOf(make()), { ...PLAIN, ...expected }));
  }
});

test('streams go out as they are, a Blob as its stream with its length', () => {
  const stream = new ReadableStream<Uint8Array>();
  assert.equal(answerOf(new Light(stream)).body, stream);
  const blob = answerOf(new Light(new Blob(['abc'], { type: 'a/b' })));
  assert.ok(blob.body instanceof ReadableStream);
  assert.deepEqual([blob.length, blob.fields], [3, 'content-type: a/b\r\n']);
  const incoming = IncomingBody.of(bytesOf('abcd'));
  const passed = answerOf(new Light(incoming as unknown as null));
  assert.deepEqual([passed.body === incoming, passed.length], [true, 4]);
  const ours = Stream.of(bytesOf('x'));
  assert.equal(answerOf(new Light(ours)).body, ours);
});

test('a response made of another one’s stream is what that was made of, and the other is used', async () => {
  const first = new Light('text', { status: 201 });
  const second = new Light(first.body, first);
  assert.deepEqual(answerOf(second), { ...PLAIN, status: 201, fields: TYPE, body: 'text' });
  await assert.rejects(first.text(), TypeError);
  assert.throws(() => answerOf(first), TypeError);
});

test('what has been read is no answer, nor one that is given twice', async () => {
  const [twice, read, locked, begun] = [new Light('x'), new Light('x'), new Light('x'), new Light('xy')];
  answerOf(twice);
  assert.equal(twice.bodyUsed, true);
  assert.throws(() => answerOf(twice), TypeError);
  await read.text();
  assert.throws(() => answerOf(read), TypeError);
  locked.body?.getReader();
  assert.throws(() => answerOf(locked), TypeError);
  const reader = (begun.body as ReadableStream).getReader();
  await reader.read();
  reader.releaseLock();
  assert.throws(() => answerOf(begun), TypeError);
  const empty = new Light(null);
  assert.deepEqual(answerOf(empty), answerOf(empty), 'without a body there is nothing to use up');
});

test('nothing else than a Response is an answer', () => {
  for (const value of [undefined, null, 'x', {}, Promise.resolve(), Response.error(), Light.error()]) {
    assert.throws(() => answerOf(value as Response), {
      name: 'TypeError',
      message: /^a fetch handler gives a Response, got |^Response.error/,
    });
  }
  assert.deepEqual([new Light(), new Response(), {}, null, 'x'].map(isResponse), [true, true, false, false, false]);
});

test('what Headers may hold and HTTP may not send is refused', () => {
  for (const value of ['a\x01b', '\x7f', 'a\x1b']) {
    for (const Class of [Light, Response]) {
      assert.throws(() => answerOf(new Class('x', { headers: { 'content-type': value } })), { code: 'HTTP_BAD_FIELD' });
      assert.throws(() => answerOf(new Class('x', { headers: { a: value, b: 'c' } })), { code: 'HTTP_BAD_FIELD' });
    }
    const copied = new Light('x', { headers: new Light('x', { headers: { a: value } }).clone().headers });
    assert.throws(() => answerOf(copied), { code: 'HTTP_BAD_FIELD' });
  }
  for (const value of ['x', '-1', '1, 1', '9'.repeat(16)]) {
    assert.throws(() => answerOf(new Light('x', { headers: { 'content-length': value } })), { code: 'HTTP_BAD_FIELD' });
  }
});

test('one of the platform is an answer, too', async () => {
  const answer = answerOf(
    new Response('hi', { status: 201, statusText: 'Yes', headers: { 'set-cookie': 'a', connection: 'close' } }),
  );
  assert.deepEqual(
    { ...answer, body: await new Response(answer.body as ReadableStream).text() },
    { ...PLAIN, status: 201, reason: 'Yes', fields: `${TYPE}set-cookie: a\r\n`, body: 'hi', close: true },
  );
  const used = new Response('x');
  await used.text();
  assert.throws(() => answerOf(used), TypeError);
});

test('what was fetched is passed on decoded, with headers that say so', async () => {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'a/b', date: 'now' });
    response.end(request.method === 'HEAD' ? undefined : gzipSync('decoded'));
  }).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const got = answerOf(await fetch(url));
    assert.equal(await new Response(got.body as ReadableStream).text(), 'decoded');
    assert.doesNotMatch(got.fields, /content-encoding/);
    assert.deepEqual([got.dated, got.length], [true, -1]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
