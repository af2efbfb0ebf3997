import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { array, assert as check, asyncProperty, constantFrom, record } from 'fast-check';
import { assertAlike } from '../../../test/support/alike.ts';
import { Fields } from '../fields.ts';
import { headersOfFields, headersOfList, LightHeaders } from './headers.ts';
import { HeaderList } from './header-list.ts';

type Class = typeof globalThis.Headers;
type HeadersInit = ConstructorParameters<Class>[0];
const Theirs = globalThis.Headers;
const Ours = LightHeaders as unknown as Class;

/** The names and values around the rules: in any case, joined otherwise, refused, normalised, and not strings at all. */
const NAMES = ['a', 'A', 'Accept', 'accept', 'cookie', 'Cookie', 'set-cookie', 'Set-Cookie', 'x-1', "!#$%&'*+-.^_`|~"];
const BAD_NAMES = ['', ' a', 'a ', 'a:', 'a b', 'ä', '\u0101', 'a\r', '\0', '(', '"', 'a/b', '\u212a'];
const VALUES = ['', 'x', 'y=1; z', ' x', 'x\t', '\r\nx\n ', '\u00e4\u00ff', 'x y', '\x01', '\x7f', '\u00a0x', 'a,b'];
const BAD_VALUES = ['a\nb', 'a\rb', 'a\0', '\u0100', 'x\u2028', 'a\r\nSet-Cookie: b'];
const ODD = [1, null, undefined, {}, true, Symbol('s'), ['x']] as unknown as string[];

const all = (headers: Headers) => ({
  entries: [...headers],
  keys: [...headers.keys()],
  values: [...headers.values()],
  cookies: headers.getSetCookie(),
});

test('any sequence of operations gives what the platform gives', async () => {
  const operation = record({
    method: constantFrom('append', 'append', 'set', 'delete', 'get', 'has'),
    name: constantFrom(...NAMES, ...NAMES, ...BAD_NAMES, ...ODD),
    value: constantFrom(...VALUES, ...VALUES, ...BAD_VALUES, ...ODD),
  });
  await check(
    asyncProperty(array(operation, { maxLength: 12 }), async (operations) => {
      const [theirs, ours] = [new Theirs(), new Ours()];
      for (const { method, name, value } of operations) {
        await assertAlike(method, theirs, ours, (headers) =>
          method === 'append' || method === 'set' ? headers[method](name, value) : headers[method as 'get'](name),
        );
        assert.deepEqual(all(ours), all(theirs));
      }
    }),
    { numRuns: 300 },
  );
});

describe('what headers are made of', () => {
  const inits: readonly [name: string, make: (headers: Class) => unknown][] = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['a string', () => 'a: b'],
    ['a number', () => 1],
    ['a symbol', () => Symbol('s')],
    ['a record', () => ({ B: '2', a: '1', A: '3' })],
    ['a record of what is no string', () => ({ a: 1, b: null, c: undefined, d: ['x', 'y'] })],
    ['a record with a name that is none', () => ({ 'a b': '1' })],
    ['a record with a value that is none', () => ({ a: 'x\ny' })],
    ['a record with a symbol for a name', () => ({ [Symbol('s')]: '1', a: '2' })],
    ['a record with what it has inherited', () => Object.create({ a: '1' }) as object],
    [
      'pairs',
      () => [
        ['a', '1'],
        ['A', '2'],
        ['set-cookie', 'x'],
        ['Set-Cookie', 'y'],
      ],
    ],
    ['no pairs', () => []],
    ['a pair of one', () => [['a']]],
    ['a pair of three', () => [['a', 'b', 'c']]],
    ['a pair that is a string', () => ['ab']],
    ['pairs of what is no string', () => [[1, 2]]],
    [
      'pairs from a generator',
      () =>
        (function* () {
          yield new Set(['a', 'b']);
        })(),
    ],
    ['a Map', () => new Map([['a', '1']])],
    ['an iterator that is no function', () => ({ [Symbol.iterator]: 1, a: '1' })],
    ['an iterator that is null', () => ({ [Symbol.iterator]: null, a: '1' })],
    [
      'headers of its own',
      (Headers) =>
        new Headers([
          ['a', '1'],
          ['set-cookie', 'x'],
          ['set-cookie', 'y'],
        ]),
    ],
    [
      'headers of the platform',
      () =>
        new Theirs([
          ['a', '1'],
          ['set-cookie', 'x'],
          ['set-cookie', 'y'],
        ]),
    ],
    [
      'headers with an iterator of their own',
      (Headers) =>
        Object.assign(new Headers({ a: '1' }), {
          [Symbol.iterator]: function* () {
            yield ['b', '2'];
          },
        }),
    ],
    [
      'FormData',
      () => {
        const form = new FormData();
        form.append('a', 'b');
        return form;
      },
    ],
  ];
  for (const [name, make] of inits) {
    test(name, async () => {
      await assertAlike(name, Theirs, Ours, (Headers) => all(new Headers(make(Headers) as HeadersInit)));
    });
  }
});

test('only what is enumerable is part of a record, as Web IDL has it (the platform takes more)', () => {
  const hidden = Object.defineProperties({ a: '2' }, { [Symbol('s')]: { value: 1 }, b: { value: '3' } });
  assert.deepEqual([...new Ours(hidden)], [['a', '2']]);
  assert.deepEqual([...new Ours(Object.assign(() => {}, { a: '1' }) as unknown as HeadersInit)], [['a', '1']]);
});

describe('methods and iteration', () => {
  const scripts: readonly ((Headers: Class) => unknown)[] = [
    (Headers) => (new Headers() as unknown as { get: () => void }).get(),
    (Headers) => (new Headers() as unknown as { has: () => void }).has(),
    (Headers) => (new Headers() as unknown as { delete: () => void }).delete(),
    (Headers) => (new Headers() as unknown as { append: (name: string) => void }).append('a'),
    (Headers) => (new Headers() as unknown as { set: (name: string) => void }).set('a'),
    (Headers) => (new Headers() as unknown as { forEach: () => void }).forEach(),
    (Headers) => (Headers as unknown as () => void)(),
    (Headers) => {
      const [seen, self]: [unknown[], object] = [[], {}];
      const headers = new Headers({ b: '2', a: '1' });
      headers.forEach(function each(this: unknown, value, name, parent) {
        seen.push([value, name, parent === headers, this === self]);
      }, self);
      return seen;
    },
    // Live: what is put in before the place where the iteration stands moves it, what comes after it shows.
    (Headers) => {
      const headers = new Headers({ b: '1', c: '2' });
      const names: string[] = [];
      headers.forEach((_value, name) => {
        names.push(name);
        if (names.length < 6) headers.append(`${name}${names.length}`, 'x');
      });
      return names;
    },
    (Headers) => Object.prototype.toString.call(new Headers()),
    (Headers) => Object.prototype.toString.call(new Headers().entries()),
    (Headers) => Headers.name,
    (Headers) => Headers.prototype.entries === Headers.prototype[Symbol.iterator],
    (Headers) => new Headers({ b: '1' }).entries().toArray(),
    (Headers) => new Headers({ b: '1' }).keys().next(),
    (Headers) => {
      const iterator = new Headers({ b: '1' }).values();
      return [iterator[Symbol.iterator]() === iterator, iterator.next(), iterator.next(), iterator.next()];
    },
    (Headers) => Object.keys(new Headers({ a: 'b' })),
    (Headers) => inspect(new Headers({ b: '1', a: '2' })),
    (Headers) => {
      class Own extends Headers {
        lower() {
          return this.get('A');
        }
      }
      const own = new Own({ a: '1' });
      return [own.lower(), own instanceof Own, own instanceof Headers, new Headers() instanceof Own];
    },
  ];
  for (const script of scripts)
    test(String(script).replaceAll(/\s+/g, ' ').slice(0, 100), async () => {
      await assertAlike('', Theirs, Ours, script);
    });
});

test('an instance of either class is an instance of both', () => {
  assert.ok(new Ours() instanceof Theirs);
  assert.ok(new Theirs() instanceof Ours);
  assert.ok(!({} instanceof Ours));
  assert.ok(!((null as unknown as object) instanceof Ours));
});

test('what came in reads as the platform reads it, before and after it was changed', async () => {
  const lines: [string, string][] = [
    ['Host', 'example.test'],
    ['Accept', 'a'],
    ['accept', 'b'],
    ['Cookie', 'x=1'],
    ['cookie', 'y=2'],
    ['Set-Cookie', 's'],
    ['Set-Cookie', 't'],
  ];
  const came = () => headersOfFields(Fields.from(lines)) as unknown as Headers;
  for (const script of [
    (headers: Headers) =>
      ['HOST', 'accept', 'Cookie', 'set-cookie', 'none'].map((name) => [headers.get(name), headers.has(name)]),
    (headers: Headers) => headers.get('a b'),
    (headers: Headers) => all(headers),
    (headers: Headers) => {
      headers.set('accept', 'c');
      headers.append('host', 'd');
      headers.delete('cookie');
      return [all(headers), headers.get('accept'), headers.get('cookie')];
    },
  ]) {
    await assertAlike('came in', new Theirs(lines), came(), script);
  }
  const fields = Fields.from(lines);
  headersOfFields(fields).set('accept', 'changed');
  assert.equal(fields.get('accept'), 'a, b', 'the fields are what came in, still');
});

test('immutable headers refuse every change, and headers made of them are no longer so', async () => {
  const ours = headersOfList(new HeaderList(['a', '1']), true) as unknown as Headers;
  const theirs = Response.redirect('http://a.test/').headers;
  for (const change of [
    (headers: Headers) => headers.append('a', 'b'),
    (headers: Headers) => headers.set('a', 'b'),
    (headers: Headers) => headers.delete('a'),
    (headers: Headers) => headers.delete('none'),
    (headers: Headers) => headers.set('a b', 'b'),
  ]) {
    assert.deepEqual(await assertAlike('immutable', theirs, ours, change), { thrown: 'TypeError' });
  }
  const copy = new Ours(ours);
  copy.set('a', '2');
  assert.deepEqual([copy.get('a'), ours.get('a')], ['2', '1']);
});

test('the platform takes light headers', () => {
  const light = new Ours([
    ['a', '1'],
    ['set-cookie', 'x'],
    ['set-cookie', 'y'],
  ]);
  assert.deepEqual(all(new Theirs(light)), all(light));
  assert.equal(new Request('http://a.test', { headers: light }).headers.get('a'), '1');
  assert.deepEqual(new Response(null, { headers: light }).headers.getSetCookie(), ['x', 'y']);
});
