import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1, readRequests } from '../../../test/support/wire.ts';
import { type BodyDecoder, CloseDecoder, LengthDecoder } from './body-decoder.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';

function step(decoder: BodyDecoder, source: string, room: number): [content: string, consumed: number, done: boolean] {
  const target = Buffer.alloc(room);
  const bytes = latin1(`??${source}??`);
  const put = decoder.decode(bytes, 2, bytes.length - 2, target);
  return [target.toString('latin1', 0, put), decoder.consumed, decoder.done];
}

describe('a content of known length', () => {
  it('ends where it says, and leaves what follows', () => {
    const decoder = new LengthDecoder(7);
    assert.deepEqual(step(decoder, 'abc', 10), ['abc', 3, false]);
    assert.deepEqual(step(decoder, 'defg', 2), ['de', 2, false]);
    assert.equal(decoder.verbatim, 2);
    decoder.took(1);
    assert.deepEqual(step(decoder, 'gGET', 10), ['g', 1, true]);
    assert.deepEqual(step(decoder, 'GET', 10), ['', 0, true]);
    decoder.end();
  });

  it('that is cut short is an error', () => {
    const decoder = new LengthDecoder(7);
    step(decoder, 'abc', 10);
    assert.throws(() => decoder.end(), { code: 'UNEXPECTED_EOF', message: /4 bytes/ });
  });

  it('is copied whatever its size', () => {
    const large = 'x'.repeat(10_000);
    assert.deepEqual(step(new LengthDecoder(20_000), large, 9000), [large.slice(0, 9000), 9000, false]);
  });
});

describe('a content that ends with the connection', () => {
  it('takes everything until then', () => {
    const decoder = new CloseDecoder();
    assert.deepEqual(step(decoder, 'abc', 2), ['ab', 2, false]);
    assert.ok(decoder.verbatim > 1e15);
    decoder.took(5);
    decoder.end();
    assert.deepEqual([decoder.done, decoder.verbatim], [true, 0]);
    assert.deepEqual(step(decoder, 'abc', 2), ['', 0, true]);
  });
});

describe('a content in chunks', () => {
  it('is joined, and ends behind the last chunk', () => {
    const decoder = new ChunkedDecoder();
    assert.deepEqual(step(decoder, '5\r\nhello\r\n00A\r\n0123456789\r\n0\r\n\r\nGET', 100), [
      'hello0123456789',
      32,
      true,
    ]);
    assert.equal(decoder.trailers, null);
    decoder.end();
  });

  it('is joined from large chunks, too', () => {
    const [a, b] = ['a'.repeat(100), 'b'.repeat(1000)];
    const text = `64\r\n${a}\r\n3E8\r\n${b}\r\n64\r\n${a}\r\n0\r\n\r\n`;
    assert.deepEqual(step(new ChunkedDecoder(), text, 2000), [a + b + a, text.length, true]);
  });

  it('fills what room there is and takes no more of the data', () => {
    const decoder = new ChunkedDecoder();
    assert.deepEqual(step(decoder, '5\r\nhello\r\n0\r\n\r\n', 3), ['hel', 6, false]);
    assert.equal(decoder.verbatim, 2);
    assert.deepEqual(step(decoder, 'lo\r\n0\r\n\r\n', 2), ['lo', 9, true]);
  });

  it('may go past the decoder while it is inside a chunk', () => {
    const decoder = new ChunkedDecoder();
    assert.equal(decoder.verbatim, 0);
    assert.deepEqual(step(decoder, 'a\r\n', 10), ['', 3, false]);
    assert.equal(decoder.verbatim, 10);
    decoder.took(4);
    assert.equal(decoder.verbatim, 6);
    decoder.took(6);
    assert.equal(decoder.verbatim, 0);
    assert.deepEqual(step(decoder, '\r\n0\r\n\r\n', 10), ['', 7, true]);
  });

  it('may have extensions, which are passed over', () => {
    const text = '1;a\r\nx\r\n1;a=b;c="\\"\t;\xe9"\r\ny\r\n0;end\r\n\r\n';
    assert.deepEqual(step(new ChunkedDecoder(), text, 10), ['xy', text.length, true]);
  });

  it('has its trailers apart from the fields', () => {
    const decoder = new ChunkedDecoder();
    const text = '0\r\nDigest: abc\r\nX: \t\r\nConnection: close\r\n\r\n';
    assert.deepEqual(step(decoder, `${text}GET / HTTP/1.1`, 10), ['', text.length, true]);
    assert.deepEqual(
      [...(decoder.trailers ?? [])],
      [
        ['Digest', 'abc'],
        ['X', ''],
        ['Connection', 'close'],
      ],
    );
  });

  it('takes trailers up to their limit', () => {
    const line = `X: ${'y'.repeat(8192 - 7)}\r\n\r\n`;
    assert.equal(line.length, 8192);
    assert.equal(step(new ChunkedDecoder(), `0\r\n${line}`, 10)[2], true);
  });

  it('says where in the body it is broken, however it came', () => {
    const bytes = latin1('5\r\nhello\r\n4\r\nmore\r\nX');
    for (const size of [1, 2, 3, 100]) {
      const decoder = new ChunkedDecoder();
      assert.throws(
        () => {
          const target = Buffer.alloc(3);
          for (let at = 0; at < bytes.length; at += decoder.consumed) {
            decoder.decode(bytes, at, Math.min(at + size, bytes.length), target);
          }
        },
        { code: 'HTTP_SYNTAX', message: "unexpected 'X' in a chunk size, at byte 19 (RFC 9112 7.1)" },
      );
    }
  });

  it('that is cut short is an error', () => {
    const decoder = new ChunkedDecoder();
    for (const byte of '5\r\nhello\r\n0\r\nX: y\r\n\r') {
      step(decoder, byte, 10);
      assert.throws(() => decoder.end(), { code: 'UNEXPECTED_EOF' });
    }
    step(decoder, '\n', 10);
    decoder.end();
  });
});

describe('the content of a request', () => {
  it('is none without a length and without chunks', () => {
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const { messages, end } = readRequests([latin1(`${get}${get}`)]);
    assert.deepEqual([messages.length, messages[1]?.body, end], [2, '', 'idle']);
  });
});
