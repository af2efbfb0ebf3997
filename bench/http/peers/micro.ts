import { run, coroutine, Future } from 'pawl';
import { ServerConnection } from '../../../packages/pawl/src/http/server/connection.ts';
import { DateLines } from '../../../packages/pawl/src/http/server/date.ts';
import { RequestParser } from '../../../packages/pawl/src/http/wire/request-parser.ts';
import { settingsOf } from '../../../packages/pawl/src/http/server/options.ts';
import { HandlerContext } from '../../../packages/pawl/src/http/server/handler-context.ts';
import { PENDING } from '../../../packages/pawl/src/future/poll.ts';
import { LazyRequest } from '../../../packages/pawl/src/http/fetch/request.ts';
import { installGlobals } from '../../../packages/pawl/src/http/fetch/globals.ts';
import { Hono } from 'hono';
const kind = process.argv[2] ?? 'direct';
const N = Number(process.argv[3] ?? 300000);
const path = kind === 'json' ? '/user/123' : '/';
const req = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n`);
let left = 0,
  wrote = 0,
  last: Uint8Array;
const transport: any = {
  peer: { host: '127.0.0.1', port: 1, family: 4 },
  local: { host: '127.0.0.1', port: 1, family: 4 },
  pollRead(cx: any, t: Uint8Array) {
    if (flip) {
      flip = false;
      return PENDING;
    }
    if (left-- <= 0) return 0;
    flip = true;
    req.copy(t as any, 0);
    return req.length;
  },
  pollWrite(cx: any, s: Uint8Array) {
    wrote++;
    last = s;
    return s.length;
  },
  pollHangup() {
    return PENDING;
  },
  forget() {},
  shutdown() {},
  setLinger() {},
  close() {},
};
let flip = false;
const app = new Hono();
app.get('/', (c) => c.text('Hello, World!'));
app.get('/user/:id', (c) => c.json({ id: c.req.param('id') }));
const dl = new DateLines();
const settings = settingsOf({});
let parser = new RequestParser(settings.limits);
const base: any = {
  settings,
  base: null,
  secure: false,
  onExchange: null,
  handlerContext: new HandlerContext(),
  closing: false,
  get parser() {
    return parser;
  },
  lendParser() {
    const p = parser;
    parser = new RequestParser();
    return p;
  },
  get dates() {
    return dl.at(0);
  },
  now: () => 0,
  tell(e: any) {
    console.error(e);
  },
  enter() {},
  leave() {},
};
const site = { scheme: 'http', authority: 'x' } as const;
if (kind !== 'direct') installGlobals();
const core = kind === 'direct' ? { ...Object.getOwnPropertyDescriptors(base) } : null;
base.direct = kind === 'direct';
base.handler =
  kind === 'direct'
    ? () => 'Hello, World!'
    : kind === 'plain'
      ? (r: any) => new Response('Hello, World!')
      : (r: any) => app.fetch(new LazyRequest(r.head, null, site, r) as any);
class Once extends Future<void> {
  c: any;
  constructor(c: any) {
    super();
    this.c = c;
  }
  poll(cx: any) {
    for (;;) {
      cx.runtime.budget = 128;
      const r = this.c.poll(cx);
      if (r !== PENDING) return r;
    }
  }
}
for (let round = 0; round < 8; round++) {
  left = N;
  flip = false;
  const c = process.cpuUsage();
  const t = process.hrtime.bigint();
  await run(new Once(new ServerConnection(base, transport)) as any);
  const dt = Number(process.hrtime.bigint() - t) / N;
  const d = process.cpuUsage(c);
  console.log(kind, dt.toFixed(0), 'ns wall', (((d.user + d.system) * 1000) / N).toFixed(0), 'ns cpu');
}
console.log(Buffer.from(last!).toString().slice(0, 300));
