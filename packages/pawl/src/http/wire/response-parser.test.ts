import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1, readResponses } from '../../../test/support/wire.ts';
import { HttpError } from '../error.ts';
import { CloseDecoder, LengthDecoder, responseBody } from './body-decoder.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import type { HeadLimits } from './limits.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseParser } from './response-parser.ts';

function parse(text: string, limits?: HeadLimits): ResponseHead {
  const parser = new ResponseParser(limits);
  const bytes = latin1(text);
  assert.equal(parser.parse(bytes, 0, bytes.length), bytes.length);
  return parser.head;
}

function refused(text: string, code: string, message: RegExp, limits?: HeadLimits): void {
  assert.throws(
    () => {
      const bytes = latin1(text);
      new ResponseParser(limits).parse(bytes, 0, bytes.length);
    },
    (error: unknown) => error instanceof HttpError && error.code === code && message.test(error.message),
    text,
  );
}

describe('a response head', () => {
  it('has its status, reason, version and fields', () => {
    const head = parse('HTTP/1.0 404 Not \xe9 Found\r\nContent-Length: 3\r\nconnection: Keep-Alive\r\n\r\n');
    assert.deepEqual([head.status, head.reason, head.minor], [404, 'Not \xe9 Found', 0]);
    assert.deepEqual([head.contentLength, head.chunked, head.keepAlive, head.upgrade], [3, false, true, null]);
    assert.deepEqual(
      [...head.fields],
      [
        ['Content-Length', '3'],
        ['connection', 'Keep-Alive'],
      ],
    );
  });

  it('may be without a reason, and without the space before it', () => {
    assert.equal(parse('HTTP/1.1 200 \r\n\r\n').reason, '');
    assert.equal(parse('HTTP/1.1 200\r\nX: y\r\n\r\n').reason, '');
    assert.equal(parse('HTTP/1.1 200\r\nX: y\r\n\r\n').fields.get('x'), 'y');
  });

  it('of 1xx comes before the last one', () => {
    const parser = new ResponseParser();
    const bytes = latin1('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const length = parser.parse(bytes, 0, bytes.length);
    assert.equal(parser.head.status, 100);
    assert.equal(parser.idle, true);
    assert.equal(parser.parse(bytes, length, bytes.length), bytes.length - length);
    assert.equal(parser.head.status, 200);
  });

  it('keeps nothing of the one before', () => {
    const first = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: upgrade\r\n\r\na';
    const second = 'HTTP/1.1 404 Not Found\r\nUpgrade: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    const third = 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n';
    const { messages, end } = readResponses([latin1(first + second + third)]);
    assert.deepEqual([messages.map(({ line }) => line[1]), end], [[200, 404, 204], 'idle']);
  });

  it('offers what the connection becomes', () => {
    assert.equal(parse('HTTP/1.1 101 x\r\nUpgrade: h\r\nConnection: upgrade\r\n\r\n').upgrade, 'h');
  });

  it('says where its first line is broken', () => {
    refused('HTTP/1.1  200 OK\r\n', 'HTTP_SYNTAX', /0x20 in the status, at byte 9 \(RFC 9112 4\)/);
    refused('HTTP/1.1 099 OK\r\n', 'HTTP_SYNTAX', /'0' in the status, at byte 9/);
    refused('HTTP/1.1 20 OK\r\n', 'HTTP_SYNTAX', /0x20 in the status, at byte 11/);
    refused('HTTP/1.1 2000 OK\r\n', 'HTTP_SYNTAX', /'0' after the status, at byte 12/);
    refused('HTTP/1.1 200\n', 'HTTP_SYNTAX', /0x0a after the status, at byte 12/);
    refused('HTTP/1.1 200 O\x00K\r\n', 'HTTP_SYNTAX', /0x00 in the reason, at byte 14/);
    refused('HTTP/1.1 200 OK\rX', 'HTTP_SYNTAX', /'X' after CR, at byte 16/);
    refused('ICY 200 OK\r\n', 'HTTP_SYNTAX', /'I' in the version, at byte 0/);
    refused('HTTP/2.0 200 OK\r\n', 'HTTP_VERSION', /byte 5/);
  });

  it('is limited', () => {
    const text = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n';
    assert.equal(parse(text, { head: text.length }).status, 200);
    for (let head = 1; head < text.length; head++) refused(text, 'HTTP_FIELDS_TOO_LARGE', /longer than/, { head });
    refused('HTTP/1.1 200 OK\r\nX: y\r\nX: y\r\n\r\n', 'HTTP_FIELDS_TOO_LARGE', /more than 1 /, { fields: 1 });
  });
});

describe('the content of a response', () => {
  const body = (line: string, fields: string, method = 'GET') =>
    responseBody(parse(`HTTP/1.1 ${line}\r\n${fields}\r\n`), method);

  it('is as its head and its request say (RFC 9112 6.3)', () => {
    assert.ok(body('200 OK', 'Content-Length: 5\r\n') instanceof LengthDecoder);
    assert.ok(body('200 OK', 'Transfer-Encoding: chunked\r\n') instanceof ChunkedDecoder);
    assert.ok(body('200 OK', '') instanceof CloseDecoder);
    assert.equal(body('200 OK', 'Content-Length: 0\r\n'), null);
    for (const fields of ['', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n']) {
      for (const line of ['100 Continue', '101 Switching Protocols', '204 No Content', '304 Not Modified']) {
        assert.equal(body(line, fields), null);
      }
      assert.equal(body('200 OK', fields, 'HEAD'), null);
      assert.equal(body('200 OK', fields, 'CONNECT'), null);
      assert.notEqual(body('404 Not Found', fields, 'CONNECT'), null);
    }
  });

  it('goes on until the connection ends when nothing says how long it is', () => {
    const { messages, end } = readResponses([latin1('HTTP/1.1 200 OK\r\n\r\nab'), latin1('c')]);
    assert.deepEqual([messages[0]?.body, end], ['abc', 'idle']);
  });
});
