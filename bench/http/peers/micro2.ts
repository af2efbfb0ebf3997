import { Hono } from 'hono';
import { installGlobals } from '../../../packages/pawl/src/http/fetch/globals.ts';
import { answerOf } from '../../../packages/pawl/src/http/fetch/answer-of.ts';
import { LazyRequest } from '../../../packages/pawl/src/http/fetch/request.ts';
import { RequestParser } from '../../../packages/pawl/src/http/wire/request-parser.ts';
installGlobals();
const app = new Hono();
app.get('/', (c) => c.text('Hello, World!'));
app.get('/user/:id', (c) => c.json({ id: c.req.param('id') }));
const N = 1e6;
const p = new RequestParser();
const b = Buffer.from(`GET /user/123 HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n`),
  b2 = Buffer.from(`GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n`);
const site = { scheme: 'http', authority: 'x' } as const;
function time(name: string, f: () => unknown) {
  let best = 1e9;
  for (let r = 0; r < 6; r++) {
    const t = process.hrtime.bigint();
    for (let i = 0; i < N; i++) f();
    best = Math.min(best, Number(process.hrtime.bigint() - t) / N);
  }
  console.log(name, best.toFixed(0));
}
const fake = { method: 'GET', url: 'http://127.0.0.1:3000/' } as any,
  fakej = { method: 'GET', url: 'http://127.0.0.1:3000/user/123' } as any;
time('hono fake text', () => app.fetch(fake));
time('hono fake json', () => app.fetch(fakej));
time('hono fake text + answerOf', () => answerOf(app.fetch(fake) as any));
time('hono fake json + answerOf', () => answerOf(app.fetch(fakej) as any));
time('parse', () => p.parse(b2, 0, b2.length));
time('parse+lazy+url', () => {
  p.parse(b2, 0, b2.length);
  return new LazyRequest(p.head, null, site, null).url;
});
time('parse+lazy+url json', () => {
  p.parse(b, 0, b.length);
  return new LazyRequest(p.head, null, site, null).url;
});
time('parse+host', () => {
  p.parse(b2, 0, b2.length);
  return p.head.host;
});
time('new Response', () => new Response('Hello, World!'));
time('new Response+answerOf', () => answerOf(new Response('Hello, World!')));
time('new Response hdr +answerOf', () =>
  answerOf(new Response('Hello, World!', { headers: { 'content-type': 'application/json' } })),
);
