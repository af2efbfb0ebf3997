import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, constantFrom, oneof, property, record, string, tuple } from 'fast-check';
import { Fields } from './fields.ts';

const names = constantFrom(
  'Host',
  'host',
  'X-A',
  'x-a',
  'X_A',
  'x^a',
  'x~a',
  'Set-Cookie',
  'a',
  'A',
  'b: c',
  'Hos',
  '',
);
const values = oneof(
  constantFrom('', 'a', 'a: b', 'x-a: c', 'Host:', ' c: d', '\xa0'),
  string({ maxLength: 6, unit: constantFrom('a', ' ', '\t', ':', ',', '\xe9') }),
);

const blank = /^[ \t]+|[ \t]+$/g;

/** What Fields must be, in the simplest way. */
class Model {
  lines: [string, string][] = [];

  all = (name: string): string[] => this.lines.filter(([own]) => same(own, name)).map(([, value]) => value);

  get = (name: string): string | null => (this.all(name).length === 0 ? null : this.all(name).join(', '));

  delete(name: string): boolean {
    const { length } = this.lines;
    this.lines = this.lines.filter(([own]) => !same(own, name));
    return this.lines.length < length;
  }

  set(name: string, value: string): void {
    const first = this.lines.findIndex(([own]) => same(own, name));
    if (first < 0) {
      this.lines.push([name, value]);
      return;
    }
    this.lines = this.lines.filter(([own], i) => i <= first || !same(own, name));
    this.lines[first] = [name, value];
  }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const isName = (name: string): boolean => /^[\w^~`-]+$/.test(name);

describe('fields', () => {
  const sections = array(tuple(names.filter(isName), values), { maxLength: 8 });

  it('that came in are found in any case, in order, without the white space around them', () => {
    check(
      property(
        sections,
        names,
        constantFrom('', 'GET / HTTP/1.1\r\n'),
        constantFrom('', '\r\n'),
        (lines, name, before, after) => {
          const text = before + lines.map(([own, value]) => `${own}:${value}\r\n`).join('') + after;
          const model = new Model();
          model.lines = lines.map(([own, value]) => [own, value.replace(blank, '')]);
          const asked = Fields.parse(text, before.length);
          // Twice: looked for in the text, and in the lists that the rest makes.
          for (let i = 0; i < 2; i++) {
            assert.equal(asked.get(name), model.get(name));
            assert.equal(asked.has(name), model.all(name).length > 0);
            assert.deepEqual(asked.getAll(name), model.all(name));
            assert.equal(asked.size, lines.length);
            assert.deepEqual([...asked], model.lines);
          }
          assert.deepEqual([...Fields.parse(Fields.from(asked).toText())], model.lines);
        },
      ),
    );
  });

  it('are not found by what is no name, however alike', () => {
    const fields = Fields.parse('b: c: d\r\n0: 1\r\n`: 2\r\nx^: 3\r\n');
    for (const name of ['b: c', '\x10', '@', 'x~', 'x', ''])
      assert.deepEqual([fields.get(name), fields.has(name)], [null, false]);
    assert.equal(fields.size, 4);
    for (const name of ['b: c', '\x10', '@', 'x~', 'x', ''])
      assert.deepEqual([fields.get(name), fields.has(name)], [null, false]);
  });

  it('are changed like a list', () => {
    const step = record({ do: constantFrom('set', 'append', 'delete'), name: names.filter(isName), value: values });
    check(
      property(sections, array(step, { maxLength: 12 }), (lines, steps) => {
        const fields = Fields.parse(lines.map(([own, value]) => `${own}:${value}\r\n`).join(''));
        const model = new Model();
        model.lines = lines.map(([own, value]) => [own, value.replace(blank, '')]);
        for (const { do: what, name, value } of steps) {
          const text = value.replace(blank, '');
          if (what === 'delete') assert.equal(fields.delete(name), model.delete(name));
          else if (what === 'set') model.set(name, text);
          else model.lines.push([name, text]);
          if (what === 'set') assert.equal(fields.set(name, value), fields);
          if (what === 'append') assert.equal(fields.append(name, value), fields);
          assert.equal(fields.get(name), model.get(name));
        }
        assert.deepEqual([...fields], model.lines);
        assert.equal(fields.toText(), model.lines.map(([name, value]) => `${name}: ${value}\r\n`).join(''));
      }),
    );
  });

  it('are made of whatever has names and values', () => {
    const expected = [
      ['a', '1'],
      ['b', '2'],
      ['b', '3'],
    ];
    const pairs: [string, string][] = [
      ['a', '1'],
      ['b', '2'],
      ['b', '3'],
    ];
    assert.deepEqual([...Fields.from(pairs)], expected);
    assert.deepEqual([...Fields.from(new Map([['a', '1']]))], [['a', '1']]);
    assert.deepEqual([...Fields.from({ a: '1', b: ['2', '3'] })], expected);
    assert.deepEqual(
      [...Fields.from(new Headers(pairs))],
      [
        ['a', '1'],
        ['b', '2, 3'],
      ],
    );
    const original = Fields.from(pairs);
    const copy = Fields.from(original).set('a', 'other');
    assert.deepEqual([original.get('a'), copy.get('a')], ['1', 'other']);
  });

  it('let nothing in that could split a message', () => {
    const bad = { code: 'HTTP_BAD_FIELD', status: 500 };
    const fields = Fields.from({ a: '1' });
    for (const value of ['a\r\nb: c', 'a\n', '\r', '\0', '\u0100', '\u{1f600}']) {
      assert.throws(() => fields.set('a', value), bad);
      assert.throws(() => fields.append('a', value), bad);
      assert.throws(() => Fields.from({ a: value }), bad);
      assert.throws(() => fields.set(value, 'a'), bad);
      assert.throws(() => fields.append(value, 'a'), bad);
    }
    for (const value of [undefined, null, 5]) assert.throws(() => Fields.from({ a: value as unknown as string }), bad);
    assert.deepEqual([...fields], [['a', '1']]);
  });
});
