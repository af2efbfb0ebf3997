/** No byte of a message is looked at again because more have come: the work for a slow sender is what it is for a fast one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1 } from '../../../test/support/wire.ts';
import { ChunkedDecoder } from './body-decoder.ts';
import { INCOMPLETE, RequestParser } from './request-parser.ts';
import { ResponseParser } from './response-parser.ts';

/** The bytes, and how often one was looked at. */
function counted(bytes: Uint8Array): { seen: Uint8Array; looks: () => number } {
  let looks = 0;
  const seen = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { seen, looks: () => looks };
}

/** Looks for each byte, if they come one by one. */
function looksEach(parser: { parse(bytes: Uint8Array, start: number, end: number): number }, text: string): number {
  const { seen, looks } = counted(latin1(text));
  for (let end = 1; end <= text.length; end++) assert.equal(parser.parse(seen, 0, end), INCOMPLETE);
  return looks() / text.length;
}

describe('bytes that come one by one are looked at once', () => {
  const long = 'x'.repeat(7000);
  const lines = 'Accept: something\r\nConnection: keep-alive, x, y, z\r\n'.repeat(40);

  // A few more for each piece, where what is between two states is looked at by both.
  for (const [where, text] of [
    ['a long target', `GET /${long}`],
    ['a long value', `GET / HTTP/1.1\r\nHost: a\r\nX: ${long}`],
    ['a long name', `GET / HTTP/1.1\r\nHost: a\r\n${long}`],
    ['many lines', `GET / HTTP/1.1\r\nHost: a\r\n${lines}`],
  ] as const) {
    it(`in ${where} of a request`, () => {
      const looks = looksEach(new RequestParser(), text);
      assert.ok(looks < 3.5, `${looks} looks for each byte`);
    });
  }

  it('in a response', () => {
    const looks = looksEach(new ResponseParser(), `HTTP/1.1 200 ${long}\r\n${lines}`);
    assert.ok(looks < 3.5, `${looks} looks for each byte`);
  });

  it('in chunks and trailers', () => {
    const text = `${'5;a=b\r\nhello\r\n'.repeat(500)}0\r\n${'X: something\r\n'.repeat(90)}`;
    const { seen, looks } = counted(latin1(text));
    const decoder = new ChunkedDecoder();
    const target = new Uint8Array(10);
    for (let at = 0; at < text.length; at++) {
      decoder.decode(seen, at, at + 1, target);
      assert.equal(decoder.consumed, 1);
    }
    assert.ok(looks() < 3 * text.length, `${looks() / text.length} looks for each byte`);
  });
});
