/** Hono, unchanged, on requests that came in, with the light classes global. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { proxy } from 'hono/proxy';
import { secureHeaders } from 'hono/secure-headers';
import { stream, streamSSE, streamText } from 'hono/streaming';
import { validator } from 'hono/validator';
import { lazyRequest } from '../../../test/support/request-head.ts';
import { answerOf } from './answer-of.ts';
import { installGlobals } from './globals.ts';
import { LightResponse } from './response.ts';

const installed = installGlobals();
after(() => installed[Symbol.dispose]());

const app = new Hono();
app.get('/', (c) => c.text('Hello'));
app.get('/users/:id', (c) => c.json({ id: c.req.param('id'), q: c.req.query('q') ?? null }));
app.get('/html', (c) => c.html('<p>'));
app.get('/status', (c) => c.body(null, 204));
app.get('/body', (c) => c.body('raw', 201, { 'X-A': 'b' }));
app.get('/bytes', (c) => c.body(new Uint8Array([1, 2])));
app.get('/new', (c) => c.newResponse('made', { status: 202, headers: { 'x-c': 'd' } }));
app.get('/header', (c) => {
  c.header('X-One', '1');
  c.header('X-One', '2', { append: true });
  c.status(203);
  return c.text(c.req.header('User-Agent') ?? 'none');
});
app.get('/headers', (c) => c.json(c.req.header()));
app.get('/redirect', (c) => c.redirect('/elsewhere', 301));
app.get('/cookie', (c) => {
  setCookie(c, 'a', getCookie(c, 'came') ?? 'none', { httpOnly: true });
  setCookie(c, 'b', '2');
  return c.text('set');
});
app.get('/raw', (c) => c.text(`${c.req.raw instanceof Request} ${c.req.raw.url} ${c.req.raw.signal.aborted}`));
app.get('/throws', () => {
  throw new HTTPException(418, { message: 'teapot' });
});
app.get('/fails', () => {
  throw new Error('failed');
});
app.onError((error, c) =>
  error instanceof HTTPException ? error.getResponse() : c.text(`caught ${error.message}`, 500),
);
app.post('/text', async (c) => c.text(await c.req.text()));
app.post('/json', async (c) => c.json(await c.req.json()));
app.post('/twice', async (c) => c.text(`${await c.req.text()} ${JSON.stringify(await c.req.json())}`));
app.post('/buffer', async (c) => c.body(await c.req.arrayBuffer()));
app.post('/form', async (c) => {
  const { text, file } = await c.req.parseBody();
  return c.json({ text, file: file instanceof File ? [file.name, file.type, await file.text()] : file });
});
app.post('/echo', (c) => new Response(c.req.raw.body));
app.post(
  '/valid',
  validator('json', (value: { n?: unknown }, c) =>
    typeof value.n === 'number' ? { n: value.n } : c.text('invalid', 400),
  ),
  (c) => c.json({ twice: c.req.valid('json').n * 2 }),
);
app.get('/stream', (c) =>
  stream(c, async (out) => {
    await out.write('a');
    await out.write(new Uint8Array([98]));
  }),
);
app.get('/streamText', (c) => streamText(c, async (out) => void (await out.writeln('line'))));
app.get('/sse', (c) => streamSSE(c, (out) => out.writeSSE({ data: 'x', event: 'e', id: '1' })));
app.use('/mw/*', cors({ origin: 'http://o.test', credentials: true }), secureHeaders(), etag());
app.use('/mw/*', async (c, next) => {
  await next();
  c.res.headers.set('x-after', 'yes');
  c.header('x-late', 'too');
});
app.get('/mw/text', (c) => c.text('with middleware'));
app.get('/mw/json', (c) => c.json({ a: 1 }));
app.use('/gz/*', compress({ threshold: 10 }));
app.get('/gz/text', (c) => c.text('compress me '.repeat(50)));
app.get(
  '/replaced',
  async (c, next) => {
    await next();
    c.res = new Response('replaced', { status: 207, headers: c.res.headers });
  },
  (c) => c.text('first', 200, { 'x-kept': 'yes' }),
);
app.route(
  '/sub',
  new Hono().get('/deep', (c) => c.text(`deep ${c.req.path}`)),
);
app.all('/mounted/*', (c) => app.fetch(new Request(new URL('/echo', c.req.url), c.req.raw)));
app.get('/proxied', () => proxy('data:text/plain,proxied'));

/** What a client would get. */
async function ask(lines: string, body: string | Uint8Array | null = null) {
  const response = await app.fetch(lazyRequest(lines, body));
  const answer = answerOf(response);
  const bytes =
    typeof answer.body === 'string'
      ? Buffer.from(answer.body)
      : Buffer.from(await new Response(answer.body as Uint8Array<ArrayBuffer> | null).arrayBuffer());
  return {
    status: answer.status,
    fields: answer.fields.trimEnd().split('\r\n'),
    bytes,
    text: bytes.toString(),
    body: answer.body,
    response,
  };
}

const get = (path: string, more = '') => ask(`GET ${path} HTTP/1.1\nHost: a.test${more === '' ? '' : `\n${more}`}`);
const post = (path: string, body: string | Uint8Array, type = 'text/plain') =>
  ask(`POST ${path} HTTP/1.1\nHost: a.test\nContent-Type: ${type}\nContent-Length: ${body.length}`, body);

describe('Hono', () => {
  const cases: readonly [path: string, status: number, text: string, ...fields: string[]][] = [
    ['/', 200, 'Hello', 'content-type: text/plain;charset=UTF-8'],
    ['/users/7?q=x%20y', 200, '{"id":"7","q":"x y"}', 'content-type: application/json'],
    ['/html', 200, '<p>', 'content-type: text/html; charset=UTF-8'],
    ['/status', 204, ''],
    ['/body', 201, 'raw', 'x-a: b'],
    ['/bytes', 200, '\x01\x02'],
    ['/new', 202, 'made', 'x-c: d'],
    ['/header', 203, 'none', 'x-one: 1, 2'],
    ['/headers', 200, '{"host":"a.test"}'],
    ['/redirect', 301, '', 'location: /elsewhere'],
    ['/raw', 200, 'true http://a.test/raw false'],
    ['/throws', 418, 'teapot'],
    ['/fails', 500, 'caught failed'],
    ['/nowhere', 404, '404 Not Found'],
    ['/sub/deep', 200, 'deep /sub/deep'],
    ['/stream', 200, 'ab'],
    ['/streamText', 200, 'line\n', 'x-content-type-options: nosniff'],
    ['/sse', 200, 'event: e\ndata: x\nid: 1\n\n', 'content-type: text/event-stream'],
    ['/replaced', 207, 'replaced', 'x-kept: yes'],
    ['/proxied', 200, 'proxied'],
  ];
  for (const [path, status, text, ...fields] of cases) {
    test(path, async () => {
      const got = await get(path);
      assert.deepEqual([got.status, got.text], [status, text]);
      for (const field of fields) assert.ok(got.fields.includes(field), `${field} in ${got.fields.join(' | ')}`);
    });
  }

  test('what it makes is light, and its text goes out as text', async () => {
    const { response, body } = await get('/');
    assert.equal(response.constructor, LightResponse);
    assert.equal(body, 'Hello');
    assert.equal((await get('/users/1')).body, '{"id":"1","q":null}');
    assert.equal((await get('/mw/json')).body instanceof ReadableStream, false, 'nor after the middlewares');
  });

  test('cookies', async () => {
    const { fields } = await get('/cookie', 'Cookie: x=1; came=back');
    assert.deepEqual(
      fields.filter((line) => line.startsWith('set-cookie')),
      ['set-cookie: a=back; Path=/; HttpOnly', 'set-cookie: b=2; Path=/'],
    );
  });

  test('bodies that came', async () => {
    assert.equal((await post('/text', 'h\u00e9llo')).text, 'h\u00e9llo');
    assert.equal((await post('/json', '{"a":1}', 'application/json')).text, '{"a":1}');
    assert.equal((await post('/twice', '{"a":1}')).text, '{"a":1} {"a":1}');
    assert.deepEqual([...(await post('/buffer', new Uint8Array([0, 255]))).bytes], [0, 255]);
    assert.equal((await post('/echo', 'echoed')).text, 'echoed');
    assert.equal((await post('/mounted/x', 'through')).text, 'through');
    assert.equal((await post('/json', '{')).status, 500);
  });

  test('forms', async () => {
    const url = await post('/form', 'text=a+b', 'application/x-www-form-urlencoded');
    assert.equal(url.text, '{"text":"a b"}');
    const parts = ['--x', 'Content-Disposition: form-data; name="text"', '', 't', '--x'];
    parts.push(
      'Content-Disposition: form-data; name="file"; filename="f.txt"',
      'Content-Type: a/b',
      '',
      'content',
      '--x--',
      '',
    );
    const multipart = await post('/form', parts.join('\r\n'), 'multipart/form-data; boundary=x');
    assert.equal(multipart.text, '{"text":"t","file":["f.txt","a/b","content"]}');
  });

  test('validators', async () => {
    assert.equal((await post('/valid', '{"n":4}', 'application/json')).text, '{"twice":8}');
    assert.equal((await post('/valid', '{}', 'application/json')).status, 400);
  });

  test('cors, secure headers and etag', async () => {
    const first = await get('/mw/text', 'Origin: http://o.test');
    assert.equal(first.text, 'with middleware');
    for (const line of [
      'access-control-allow-origin: http://o.test',
      'x-frame-options: SAMEORIGIN',
      'x-after: yes',
      'x-late: too',
    ]) {
      assert.ok(first.fields.includes(line), line);
    }
    const tag = first.fields.find((line) => line.startsWith('etag: '))?.slice(6);
    assert.match(tag ?? '', /^"[0-9a-f]+"$/);
    const second = await get('/mw/text', `If-None-Match: ${tag}`);
    assert.deepEqual([second.status, second.text], [304, '']);
    const preflight = await ask(
      'OPTIONS /mw/text HTTP/1.1\nHost: a.test\nOrigin: http://o.test\nAccess-Control-Request-Method: GET',
    );
    assert.equal(preflight.status, 204);
  });

  test('compress', async () => {
    const plain = await get('/gz/text');
    const { fields, bytes } = await get('/gz/text', 'Accept-Encoding: gzip');
    assert.ok(fields.includes('content-encoding: gzip'));
    assert.equal(gunzipSync(bytes).toString(), plain.text);
  });

  test('its own test client', async () => {
    assert.equal(await (await app.request('/users/9')).text(), '{"id":"9","q":null}');
    assert.equal(await (await app.request('/text', { method: 'POST', body: 'x' })).text(), 'x');
  });
});
