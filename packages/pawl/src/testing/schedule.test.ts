import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constantFrom, integer, oneof, property, string } from 'fast-check';
import type { PawlError } from '../error/index.ts';
import { decode, encode, parseReplay, trimmed } from './schedule.ts';

const choices = array(oneof(constantFrom(0, 0, 0, 1), integer({ min: 0, max: 0xffff_ffff })), { maxLength: 500 });

test('what was encoded comes out again, but for the zeros at its end', () => {
  check(
    property(choices, (list) => {
      const written = Uint32Array.from(list);
      assert.deepEqual(decode(encode(written)), trimmed(written));
      assert.match(encode(written), /^[\w-]*$/);
    }),
  );
});

test('a schedule with few choices is short', () => {
  const long = new Uint32Array(10_000);
  long[5000] = 1;
  assert.equal(encode(long).length, 4);
});

test('any text is a schedule, or is refused with a code', () => {
  check(
    property(oneof(string(), string({ unit: constantFrom('A', 'B', '_', '-', '9', 'w') })), (text) => {
      try {
        assert.equal(encode(decode(text)), text);
      } catch (error) {
        assert.equal((error as PawlError).code, 'BAD_ARGUMENT');
      }
    }),
  );
});

test('a seed, or a seed and a schedule', () => {
  assert.deepEqual(parseReplay('77'), { seed: 77 });
  assert.deepEqual(parseReplay(`7:${encode([0, 2])}`), { seed: 7, choices: Uint32Array.of(0, 2) });
  assert.deepEqual(parseReplay('7:'), { seed: 7, choices: new Uint32Array(0) });
  for (const bad of ['x', '-1', '1.5', '7:!', '7:A', '', '99999999999999999999', '9999999999999999'])
    assert.throws(() => parseReplay(bad), { code: 'BAD_ARGUMENT' }, bad);
});
