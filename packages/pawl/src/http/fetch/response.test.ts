import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { array, assert as check, asyncProperty, constantFrom } from 'fast-check';
import { assertAlike } from '../../../test/support/alike.ts';
import { LightHeaders } from './headers.ts';
import { LightResponse } from './response.ts';

type Class = typeof globalThis.Response;
type HeadersInit = Exclude<ConstructorParameters<typeof Headers>[0], undefined>;
const Theirs = globalThis.Response;
const Ours = LightResponse as unknown as Class;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const streamOf = (...parts: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(bytesOf(part));
      controller.close();
    },
  });

/** What anybody can see of a response without touching its body. */
const seen = (response: Response) => ({
  status: response.status,
  statusText: response.statusText,
  ok: response.ok,
  type: response.type,
  url: response.url,
  redirected: response.redirected,
  headers: [...response.headers],
  body: response.body === null ? null : Object.prototype.toString.call(response.body),
  bodyUsed: response.bodyUsed,
});

const whole = async (response: Response) => ({
  ...seen(response),
  text: await response.text(),
  used: response.bodyUsed,
});

type Body = ConstructorParameters<Class>[0];

const BODIES: readonly [name: string, make: () => unknown][] = [
  ['none', () => undefined],
  ['null', () => null],
  ['an empty string', () => ''],
  ['a string', () => 'h\u00e9llo \u{1f600}'],
  ['a string with half a pair', () => 'a\ud800b'],
  ['a string with a mark', () => '\ufeffmarked'],
  ['a number', () => 12],
  ['an object', () => ({})],
  ['an array', () => ['x', 'y']],
  ['a symbol', () => Symbol('s')],
  ['bytes', () => bytesOf('bytes')],
  ['no bytes', () => new Uint8Array(0)],
  ['bytes within others', () => bytesOf('xbytesx').subarray(1, 6)],
  ['a Buffer', () => Buffer.from('buffer')],
  ['an ArrayBuffer', () => bytesOf('array').buffer],
  ['a DataView', () => new DataView(bytesOf('viewed').buffer, 1, 3)],
  ['a Float64Array', () => new Float64Array(2)],
  ['a Blob', () => new Blob(['blob'])],
  ['a Blob with a type', () => new Blob(['blob'], { type: 'image/png' })],
  ['URLSearchParams', () => new URLSearchParams({ a: 'b c', d: '&' })],
  ['a stream', () => streamOf('str', 'eam')],
  [
    'a locked stream',
    () => {
      const stream = streamOf('x');
      stream.getReader();
      return stream;
    },
  ],
  [
    'a disturbed stream',
    async () => {
      const stream = streamOf('x');
      const reader = stream.getReader();
      await reader.read();
      reader.releaseLock();
      return stream;
    },
  ],
  [
    'a stream of what is no bytes',
    () =>
      new ReadableStream({
        start(c) {
          c.enqueue('text');
          c.close();
        },
      }),
  ],
  [
    'a stream that fails',
    () =>
      new ReadableStream({
        start(c) {
          c.error(new RangeError('failed'));
        },
      }),
  ],
  [
    'an async generator',
    () =>
      (async function* () {
        yield bytesOf('gen');
        yield bytesOf('erated');
      })(),
  ],
];

describe('a response of every kind of body', () => {
  for (const [name, make] of BODIES) {
    test(name, async () => {
      const run = async (script: (response: Response) => unknown, init?: ResponseInit) => {
        const bodies = [await make(), await make()] as Body[];
        await assertAlike(name, [Theirs, bodies[0]] as const, [Ours, bodies[1]] as const, async ([Response, body]) =>
          script(new Response(body, init)),
        );
      };
      await run(seen);
      await run(whole);
      await run(whole, { headers: { 'content-type': 'x/y', a: 'b' }, status: 201, statusText: 'Made' });
      await run(async (response) => [...(await response.bytes())]);
      await run(async (response) => (await response.arrayBuffer()).byteLength);
      await run((response) => response.json());
      await run(async (response) => {
        const blob = await response.blob();
        return [blob.type, await blob.text()];
      });
      await run(async (response) => {
        const parts = [];
        for await (const part of response.textStream()) parts.push(part);
        return parts.join('');
      });
      await run(async (response) => {
        const parts = [];
        for await (const part of response.body ?? []) parts.push(Buffer.from(part as Uint8Array));
        return [Buffer.concat(parts).toString(), response.bodyUsed];
      });
      await run(async (response) => {
        const clone = response.clone();
        return [await whole(response), await whole(clone)];
      });
      await run(async (response) => {
        await response.text();
        return response.text();
      });
      await run(async (response) => {
        await response.text();
        return whole(response.clone());
      });
      await run(async (response) => {
        response.body?.getReader();
        return [response.bodyUsed, await response.text()];
      });
      await run(async (response) => {
        await response.body?.cancel();
        return [response.bodyUsed, response.body === null];
      });
      await run(async (response) => {
        await response.text();
        return [response.bodyUsed, await response.body?.getReader().read()];
      });
      await run((response) => response.body === response.body);
      await run((response) => {
        response.clone();
        return response.body === response.body;
      });
    });
  }
});

test('FormData: the same fields come back', async () => {
  const form = () => {
    const data = new FormData();
    data.append('a', 'b');
    data.append('file', new Blob(['content'], { type: 'text/x' }), 'name.txt');
    return data;
  };
  const response = new Ours(form());
  assert.match(response.headers.get('content-type') ?? '', /^multipart\/form-data; ?boundary=/);
  const back = await response.formData();
  assert.equal(back.get('a'), 'b');
  assert.equal(await (back.get('file') as File).text(), 'content');
  await assertAlike('urlencoded', Theirs, Ours, async (Response) => [
    ...(await new Response(new URLSearchParams({ a: '1', b: '2' })).formData()),
  ]);
  await assertAlike('no form', Theirs, Ours, (Response) => new Response('x').formData());
  await assertAlike('none', Theirs, Ours, (Response) => new Response().formData());
});

describe('what a response is made with', () => {
  const scripts: readonly ((Response: Class) => unknown)[] = [
    (Response) => seen(new Response()),
    ...[199, 600, 0, -1, 99, 1000].map((status) => (Response: Class) => new Response('x', { status }).status),
    ...[101, 103, 204, 205, 304].map((status) => (Response: Class) => new Response('x', { status }).status),
    ...[204, 205, 304].map((status) => (Response: Class) => seen(new Response(null, { status }))),
    ...[204, 304].map((status) => (Response: Class) => Response.json({}, { status }).status),
    ...['201', 200.9, 65_736, null, NaN, true, {}, Symbol('s'), 10n].map(
      (status) => (Response: Class) => new Response('', { status: status as number }).status,
    ),
    ...['', 'Fine', 'a b', 'a\tb', '\u00e9', '\u0100', 'a\nb', 'a\rb', '\0', '\x7f', 5, null, Symbol('s')].map(
      (statusText) => (Response: Class) => new Response('', { statusText: statusText as string }).statusText,
    ),
    ...[null, undefined, 5, 'x', true, [], () => {}].map(
      (init) => (Response: Class) => seen(new Response('x', init as ResponseInit)),
    ),
    ...[null, 5, 'a', [['a']], { 'a b': 'c' }, { a: 'x\r\ny' }].map(
      (headers) => (Response: Class) => seen(new Response('x', { headers: headers as HeadersInit })),
    ),
    (Response) => seen(new Response('x', { headers: new Headers({ 'Content-Type': 'a/b' }) })),
    (Response) => seen(new Response('x', new Response('y', { status: 203, statusText: 'z', headers: { a: 'b' } }))),
    (Response) => seen(new Response('x', { headers: { 'content-type': '' } })),
    (Response) => (Response as unknown as () => void)(),
    (Response) => seen(Response.error()),
    (Response) => Response.error().headers.set('a', 'b'),
    (Response) => seen(Response.error().clone()),
    (Response) => whole(Response.json({ a: [1, null] })),
    (Response) => whole(Response.json('x', { status: 201, headers: { 'Content-Type': 'a/b', c: 'd' } })),
    ...[undefined, () => {}, Symbol('s'), 10n, null, 0, { toJSON: () => 'own' }].map(
      (data) => async (Response: Class) => whole(Response.json(data)),
    ),
    (Response) => {
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      return Response.json(circle);
    },
    ...['http://a.test/x y#z', '/relative', '', 'http://\u00e4.test/\u00e4', 'mailto:x'].map(
      (url) => (Response: Class) => seen(Response.redirect(url)),
    ),
    ...[200, 300, 301, 303, 304, 305, 307, 308, 309, '301', 65_837].map(
      (status) => (Response: Class) => seen(Response.redirect(new URL('http://a.test/'), status as 301)),
    ),
    (Response) => Response.redirect('http://a.test/').headers.append('a', 'b'),
    (Response) => Object.prototype.toString.call(new Response()),
    (Response) => [Response.name, Object.keys(new Response('x'))],
    (Response) => {
      const response = new Response('x');
      response.headers.set('x', 'y');
      response.headers.delete('content-type');
      return [response.headers === response.headers, seen(response)];
    },
    async (Response) => {
      class Own extends Response {
        twice() {
          return this.status * 2;
        }
        static override json(data: unknown) {
          return new Own(`own ${JSON.stringify(data)}`);
        }
      }
      const own = new Own('x', { status: 201 });
      const made = Own.json([]);
      const kinds = [own instanceof Own, own instanceof Response, new Response() instanceof Own, made instanceof Own];
      return [own.twice(), kinds, await made.text()];
    },
  ];
  for (const [index, script] of scripts.entries()) {
    test(`${index} ${String(script).replaceAll(/\s+/g, ' ').slice(0, 90)}`, async () => {
      await assertAlike('', Theirs, Ours, script);
    });
  }
});

test('any sequence of reads and clones gives what the platform gives', async () => {
  const actions = {
    text: (response: Response) => response.text(),
    bytes: async (response: Response) => [...(await response.bytes())],
    used: (response: Response) => response.bodyUsed,
    locked: (response: Response) => response.body?.locked,
    lock: (response: Response) => void response.body?.getReader(),
    // Not awaited: one half of a clone waits for the other.
    cancel: (response: Response) => void response.body?.cancel().catch(() => {}),
    same: (response: Response) => response.body === response.body,
  };
  const action = constantFrom(...(Object.keys(actions) as (keyof typeof actions)[]), 'clone', 'wrap');
  const bodies = constantFrom<() => Body>(
    () => 'text',
    () => bytesOf('bytes'),
    () => new Blob(['blob']),
    () => streamOf('a', 'b'),
  );
  await check(
    asyncProperty(bodies, array(action, { maxLength: 6 }), async (make, names) => {
      let [theirs, ours] = [new Theirs(make()), new Ours(make())];
      const kept = [[theirs, ours]];
      for (const name of names) {
        if (name !== 'clone' && name !== 'wrap') {
          await assertAlike(name, theirs, ours, actions[name]);
          continue;
        }
        const next: Response[] = [];
        const step = (Response: Class) => (response: Response) => {
          next.push(name === 'clone' ? response.clone() : new Response(response.body, response));
        };
        const both = await Promise.allSettled([(async () => step(Theirs)(theirs))(), (async () => step(Ours)(ours))()]);
        assert.equal(both[1].status, both[0].status, name);
        if (both[0].status === 'rejected') continue;
        [theirs, ours] = next as [Response, Response];
        kept.push([theirs, ours]);
      }
      for (const [theirs, ours] of kept) await assertAlike('the end', theirs, ours, (response) => response?.text());
    }),
    { numRuns: 200 },
  );
});

test('an instance of either class is an instance of both', () => {
  assert.ok(new Ours() instanceof Theirs);
  assert.ok(new Theirs() instanceof Ours);
  assert.ok(Ours.json({}) instanceof Theirs);
  assert.ok(new Ours().clone() instanceof Ours);
  assert.ok(new Ours().headers instanceof LightHeaders);
  assert.ok(new Ours().headers instanceof Headers);
  assert.ok(!({} instanceof Ours));
});

test('bytes are copied: what their owner writes afterwards does not show, and no two readers share memory', async () => {
  const bytes = bytesOf('before');
  const response = new Ours(bytes);
  const clone = response.clone();
  bytes.fill(0);
  const first = await response.bytes();
  first.fill(1);
  assert.equal(await clone.text(), 'before');
});

test('a stream that was made and not read stands in nobody’s way', async () => {
  const response = new Ours('text');
  assert.ok(response.body instanceof ReadableStream);
  assert.equal(await response.text(), 'text');
  assert.equal(response.body.locked, true);
  assert.equal(response.bodyUsed, true);
});
