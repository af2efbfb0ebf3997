import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, nat, property, string } from 'fast-check';
import { latin1 } from '../../../test/support/wire.ts';
import { HttpError } from '../error.ts';
import { ChunkedDecoder } from './body-decoder.ts';
import {
  checkFieldName,
  checkFieldValue,
  checkMethod,
  checkReason,
  checkTarget,
  chunkHead,
  dateText,
  isToken,
  LAST_CHUNK,
} from './encode.ts';

const lineBreakers = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\x0b',
  '\x7f',
  '\x1b',
  '\u2028',
  '\u0100',
  '\u010a',
  '\u{1f600}',
  '\ud800',
];
const bad = { name: 'HttpError', code: 'HTTP_BAD_FIELD', status: 500 };

describe('nothing goes out that', () => {
  it('could end its line or is no latin1', () => {
    for (const character of lineBreakers) {
      const text = `a${character}b`;
      assert.throws(() => checkFieldName(text), bad);
      assert.throws(() => checkFieldValue('x', text), bad);
      assert.throws(() => checkReason(text), bad);
      assert.throws(() => checkMethod(text), bad);
      assert.throws(() => checkTarget(`/${text}`), bad);
    }
  });

  it('is no token where one must be', () => {
    assert.equal(isToken("!#$%&'*+-.^_`|~09AZaz"), true);
    for (const text of ['', ' ', 'a b', 'a:', 'a/b', '(a)', 'a,b', '"a"', '{a}', 'é']) {
      assert.equal(isToken(text), false);
      assert.throws(() => checkFieldName(text), bad);
      assert.throws(() => checkMethod(text), bad);
    }
  });

  it('is no target', () => {
    for (const text of ['/', '/a?b=c', '*', 'http://a/b', 'a:80']) checkTarget(text);
    for (const text of ['', ' ', '/a b', '/a#b', '/é', '/\t']) assert.throws(() => checkTarget(text), bad);
  });

  it('is no string', () => {
    for (const value of [undefined, null, 5, {}, []] as unknown as string[]) {
      assert.throws(() => checkFieldValue('x', value), bad);
      assert.throws(() => checkFieldName(value), bad);
      assert.throws(() => checkTarget(value), bad);
      assert.throws(() => checkMethod(value), bad);
      assert.throws(() => checkReason(value), bad);
    }
  });

  it('and the message does not show a value', () => {
    assert.throws(
      () => checkFieldValue('Authorization', 'secret\n'),
      (error) => error instanceof HttpError && !error.message.includes('secret') && error.message.includes('0x0a'),
    );
  });
});

describe('what goes out', () => {
  it('has no white space around its values', () => {
    assert.equal(checkFieldValue('x', ' \t a \xe9\t'), 'a \xe9');
    assert.equal(checkFieldValue('x', '\xa0a'), '\xa0a');
    assert.equal(checkFieldValue('x', '  '), '');
    checkReason('');
    checkReason('Non trouv\xe9');
  });

  it('in chunks is what the decoder takes', () => {
    check(
      property(string({ minLength: 1, maxLength: 300 }), nat({ max: 5 }), (text, more) => {
        const data = Buffer.from(text);
        const chunk = `${chunkHead(data.length)}${data.toString('latin1')}\r\n`;
        const source = latin1(chunk.repeat(more) + LAST_CHUNK);
        const target = Buffer.alloc(source.length);
        const decoder = new ChunkedDecoder();
        assert.equal(target.toString('utf8', 0, decoder.decode(source, 0, source.length, target)), text.repeat(more));
        assert.equal(decoder.done, true);
      }),
    );
  });

  it('has the date of its second', () => {
    assert.equal(dateText(784_111_777_000), 'Sun, 06 Nov 1994 08:49:37 GMT');
    assert.equal(dateText(784_111_777_999), 'Sun, 06 Nov 1994 08:49:37 GMT');
    assert.equal(dateText(784_111_778_000), 'Sun, 06 Nov 1994 08:49:38 GMT');
    assert.equal(dateText(0), 'Thu, 01 Jan 1970 00:00:00 GMT');
  });
});
