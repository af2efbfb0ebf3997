import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1 } from '../../../test/support/wire.ts';
import { HttpError } from '../error.ts';
import type { HeadLimits } from './limits.ts';
import type { RequestHead } from './request-head.ts';
import { INCOMPLETE, RequestParser } from './request-parser.ts';

function parse(text: string, limits?: HeadLimits): RequestHead {
  const parser = new RequestParser(limits);
  const bytes = latin1(text);
  assert.equal(parser.parse(bytes, 0, bytes.length), bytes.length);
  return parser.head;
}

const withFields = (...lines: string[]): string =>
  `GET / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

function refused(text: string, code: string, message: RegExp, limits?: HeadLimits): void {
  assert.throws(
    () => {
      const bytes = latin1(text);
      new RequestParser(limits).parse(bytes, 0, bytes.length);
    },
    (error: unknown) => {
      assert.ok(error instanceof HttpError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    },
    text,
  );
}

describe('a request head', () => {
  it('has its method, target, version and fields', () => {
    const head = parse('DELETE /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX-Empty:\r\nx-cafe:\t \xe9 \t\r\n\r\n');
    assert.equal(head.method, 'DELETE');
    assert.equal(head.target, '/a/b?c=d');
    assert.equal(head.minor, 1);
    assert.deepEqual(
      [...head.fields],
      [
        ['Host', 'example.com:8080'],
        ['X-Empty', ''],
        ['x-cafe', '\xe9'],
      ],
    );
    assert.equal(head.host, 'example.com:8080');
    assert.equal(head.contentLength, -1);
    assert.equal(head.chunked, false);
    assert.equal(head.keepAlive, true);
    assert.equal(head.expectContinue, false);
    assert.equal(head.upgrade, null);
  });

  it('has any token for its method, told apart by case', () => {
    for (const method of [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'get',
      'POsT',
      'PROPFIND',
      "X!#$%&'*+-.^_`|~9",
    ]) {
      assert.equal(parse(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).method, method);
    }
  });

  it('keeps its own text when its buffer is used again', () => {
    const parser = new RequestParser();
    const bytes = latin1('GET /kept HTTP/1.1\r\nHost: kept.example\r\n\r\n');
    parser.parse(bytes, 0, bytes.length);
    const { head } = parser;
    bytes.fill('x');
    const other = latin1('GET /other HTTP/1.1\r\nHost: other.example\r\n\r\n');
    parser.parse(other, 0, other.length);
    assert.deepEqual([head.target, head.host, parser.head.target], ['/kept', 'kept.example', '/other']);
  });

  it('is found behind one empty line, and its length includes that', () => {
    const parser = new RequestParser();
    const bytes = latin1('??\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nrest');
    assert.equal(parser.parse(bytes, 2, bytes.length), bytes.length - 6);
    assert.equal(parser.head.target, '/');
    refused('\r\n\r\nGET / HTTP/1.1\r\n\r\n', 'HTTP_SYNTAX', /0x0d in the method, at byte 2 /);
    refused('\nGET / HTTP/1.1\r\n\r\n', 'HTTP_SYNTAX', /0x0a in the method, at byte 0 /);
    refused('\rGET / HTTP/1.1\r\n\r\n', 'HTTP_SYNTAX', /'G' after CR, at byte 1 /);
  });

  it('comes one at a time from many, and the parser is idle between them', () => {
    const parser = new RequestParser();
    const bytes = latin1('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGE');
    assert.equal(parser.idle, true);
    const first = parser.parse(bytes, 0, bytes.length);
    assert.equal(parser.head.target, '/1');
    assert.equal(parser.idle, true);
    const second = parser.parse(bytes, first, bytes.length);
    assert.deepEqual([parser.head.target, parser.head.minor], ['/2', 0]);
    assert.equal(parser.parse(bytes, first + second, bytes.length), INCOMPLETE);
    assert.equal(parser.idle, false);
    parser.reset();
    assert.equal(parser.idle, true);
    assert.equal(parser.parse(bytes, 0, bytes.length), first);
  });

  it('is still idle with nothing but the empty line', () => {
    const parser = new RequestParser();
    assert.equal(parser.parse(latin1('\r\n'), 0, 2), INCOMPLETE);
    assert.equal(parser.idle, true);
    assert.equal(parser.parse(latin1('\r\nG'), 0, 3), INCOMPLETE);
    assert.equal(parser.idle, false);
  });

  it('has all forms of targets, and the host that goes with each', () => {
    const cases: [method: string, target: string, host: string][] = [
      ['GET', '/', 'field'],
      ['GET', '//double/', 'field'],
      ['GET', '/?a=/../%zz"<>\\^`{|}', 'field'],
      ['OPTIONS', '*', 'field'],
      ['GET', 'http://example.com', 'example.com'],
      ['GET', 'HTTPS://example.com:8443/path?q', 'example.com:8443'],
      ['GET', 'http://[::1]:80/', '[::1]:80'],
      ['GET', 'http://example.com?query', 'example.com'],
      ['OPTIONS', 'http://example.com', 'example.com'],
      ['CONNECT', 'example.com:443', 'example.com:443'],
      ['CONNECT', '[2001:db8::1]:443', '[2001:db8::1]:443'],
    ];
    for (const [method, target, host] of cases) {
      const head = parse(`${method} ${target} HTTP/1.1\r\nHost: field\r\n\r\n`);
      assert.deepEqual([head.method, head.target, head.host], [method, target, host]);
    }
  });

  it('has no other target', () => {
    const bad = [
      'path',
      '*',
      '?query',
      'http:/path',
      'http://',
      'http:///path',
      'http://:80/',
      'http://user@host/',
      'http://user:pass@host/',
      'ftp://example.com/',
      'http://host:port/',
      'http://host:99999/',
      'http://[::1/',
      'http://[zz]/',
      'http://ex%41mple.com/',
      'host:80',
      'http://a,b/',
    ];
    for (const target of bad)
      refused(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, 'HTTP_SYNTAX', /invalid target at byte 4 .*3\.2/);
    for (const target of [
      '/',
      '*',
      'example.com',
      'example.com:',
      ':443',
      'http://a/',
      'a:b',
      'u@a:1',
      'a:65536',
      '[::1]',
      '::1:443',
    ]) {
      refused(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, 'HTTP_SYNTAX', /invalid target at byte 8 /);
    }
    refused('OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP_SYNTAX', /invalid target/);
    for (const byte of ['#', '\x00', '\x1f', '\x7f', '\x80', '\xff', '\t', '\v', '\r', '\n']) {
      refused(`GET /${byte} HTTP/1.1\r\nHost: a\r\n\r\n`, 'HTTP_SYNTAX', /in the target, at byte 5 /);
    }
  });

  it('says where the request line is broken', () => {
    refused(' GET / HTTP/1.1\r\n', 'HTTP_SYNTAX', /0x20 in the method, at byte 0 \(RFC 9112 3\)/);
    refused('GET\t/ HTTP/1.1\r\n', 'HTTP_SYNTAX', /0x09 in the method, at byte 3 /);
    refused('G\x00T / HTTP/1.1\r\n', 'HTTP_SYNTAX', /0x00 in the method, at byte 1 /);
    refused('\x16\x03\x01\x02', 'HTTP_SYNTAX', /0x16 in the method, at byte 0 /);
    refused('GET  / HTTP/1.1\r\n', 'HTTP_SYNTAX', /0x20 in the target, at byte 4 /);
    refused('GET /\r\n', 'HTTP_SYNTAX', /0x0d in the target, at byte 5 /);
    refused('GET / \r\n', 'HTTP_SYNTAX', /0x0d in the version, at byte 6 /);
    refused('GET /  HTTP/1.1\r\n', 'HTTP_SYNTAX', /0x20 in the version, at byte 6 /);
    refused('GET / http/1.1\r\n', 'HTTP_SYNTAX', /'h' in the version, at byte 6 /);
    refused('GET / HTTP/1.1 \r\n', 'HTTP_SYNTAX', /0x20 after the version, at byte 14 /);
    refused('GET / HTTP/1.1\n', 'HTTP_SYNTAX', /0x0a after the version, at byte 14 /);
    refused('GET / HTTP/1.1\rX', 'HTTP_SYNTAX', /'X' after the version, at byte 15 /);
    refused('GET / HTTP/1.10\r\n', 'HTTP_SYNTAX', /'0' after the version, at byte 14 /);
    refused('GET / HTTP/1,1\r\n', 'HTTP_SYNTAX', /',' in the version, at byte 12 /);
    refused('GET / HTTP/1.x\r\n', 'HTTP_SYNTAX', /'x' in the version, at byte 13 /);
  });

  it('is of major version 1, and a later minor one is read as the last that is known', () => {
    for (const version of ['0.9', '2.0', '3', '9.9']) {
      refused(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`, 'HTTP_VERSION', /byte 11; RFC 9110 2\.5/);
    }
    refused('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP_VERSION', /byte 11/);
    assert.equal(parse('GET / HTTP/1.0\r\n\r\n').minor, 0);
    assert.equal(parse('GET / HTTP/1.9\r\nHost: a\r\n\r\n').minor, 1);
  });

  it('says where a field is broken', () => {
    refused(withFields('Host: a', 'X : b'), 'HTTP_SYNTAX', /white space after a field name, at byte 26 .*5\.1/);
    refused(withFields('Host: a', 'X\t: b'), 'HTTP_SYNTAX', /white space after a field name, at byte 26 /);
    refused(withFields('Host: a', ' X: b'), 'HTTP_SYNTAX', /begins with white space, at byte 25 .*5\.2/);
    refused(withFields(' Host: a'), 'HTTP_SYNTAX', /begins with white space, at byte 16 /);
    refused(withFields('Host: a', ': b'), 'HTTP_SYNTAX', /empty field name at byte 25 /);
    refused(withFields('Host: a', 'X'), 'HTTP_SYNTAX', /0x0d in a field name, at byte 26 /);
    for (const byte of ['\x00', '(', '/', '@', '"', '\x7f', '\x80', '\n', '\v']) {
      refused(withFields('Host: a', `X${byte}Y: b`), 'HTTP_SYNTAX', /in a field name, at byte 26 /);
    }
    for (const byte of ['\x00', '\x01', '\v', '\f', '\n', '\x1f', '\x7f']) {
      refused(withFields('Host: a', `X: a${byte}b`), 'HTTP_SYNTAX', /in a field value, at byte 29 .*5\.5/);
    }
    refused(withFields('Host: a', 'X: a\rb'), 'HTTP_SYNTAX', /'b' after CR, at byte 30 /);
    refused(withFields('Host: a', 'X: a\r'), 'HTTP_SYNTAX', /0x0d after CR, at byte 30 /);
    refused('GET / HTTP/1.1\r\nHost: a\r\n\rX', 'HTTP_SYNTAX', /'X' after CR, at byte 26 /);
    refused('GET / HTTP/1.1\r\nHost: a\r\n\n', 'HTTP_SYNTAX', /0x0a in a field name, at byte 25 /);
  });

  it('has one valid Host in HTTP/1.1, at most one in HTTP/1.0', () => {
    for (const host of [
      '',
      'a',
      'A-b_c.example',
      '127.0.0.1:80',
      '[::1]',
      '[::ffff:1.2.3.4]:65535',
      'a:',
      'xn--nxasmq6b',
    ]) {
      assert.equal(parse(withFields(`Host: ${host}`)).host, host);
    }
    for (const host of [
      'a b',
      'a, b',
      'a,b',
      'a@b',
      'a/b',
      'a?b',
      'a#b',
      'a:b',
      'a:1:2',
      ':80',
      'a:65536',
      'a:-1',
      '[::1',
      '::1',
      '[]',
      '[::1]x',
      'a\\b',
      'a%2eb',
      '\xe9',
    ]) {
      refused(withFields(`Host: ${host}`), 'HTTP_SYNTAX', /invalid Host at byte 22 .*3\.2/);
    }
    refused(withFields('Accept: */*'), 'HTTP_SYNTAX', /no Host in HTTP\/1\.1/);
    refused(withFields('Host: a', 'hOST: a'), 'HTTP_SYNTAX', /a second Host, at byte 31/);
    refused('GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', 'HTTP_SYNTAX', /a second Host/);
    assert.equal(parse('GET / HTTP/1.0\r\n\r\n').host, null);
  });

  it('says how its content is framed', () => {
    assert.equal(parse(withFields('Host: a', 'content-LENGTH: \t 42 ')).contentLength, 42);
    assert.equal(parse(withFields('Host: a', 'Content-Length: 0')).contentLength, 0);
    assert.equal(parse(withFields('Host: a', 'Content-Length: 000000000000000000000007')).contentLength, 7);
    assert.equal(
      parse(withFields('Host: a', `Content-Length: ${Number.MAX_SAFE_INTEGER}`)).contentLength,
      Number.MAX_SAFE_INTEGER,
    );
    assert.equal(parse(withFields('Host: a', 'Transfer-Encoding:cHunKed\t')).chunked, true);
    assert.equal(parse(withFields('Host: a', 'X-Content-Length: 3', 'Content-Lengths: 3')).contentLength, -1);
  });

  it('says what becomes of the connection', () => {
    const keeps = (version: string, ...lines: string[]): boolean =>
      parse(withFields('Host: a', ...lines).replace('1.1', version)).keepAlive;
    assert.equal(keeps('1.1'), true);
    assert.equal(keeps('1.0'), false);
    assert.equal(keeps('1.1', 'Connection: x, CLOSE ,y'), false);
    assert.equal(keeps('1.1', 'Connection: keep-alive', 'connection:close'), false);
    assert.equal(keeps('1.1', 'Connection: closed, "close", close;x, clos'), true);
    assert.equal(keeps('1.0', 'Connection: ,,Keep-Alive,'), true);
    assert.equal(keeps('1.0', 'Connection: keep-alive, close'), false);
  });

  it('offers an upgrade only if Connection names it, and not in HTTP/1.0', () => {
    const upgrade = (version: string, ...lines: string[]): string | null =>
      parse(withFields('Host: a', ...lines).replace('1.1', version)).upgrade;
    assert.equal(upgrade('1.1', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade'), 'websocket');
    assert.equal(upgrade('1.1', 'Upgrade: websocket'), null);
    assert.equal(upgrade('1.1', 'Connection: upgrade'), null);
    assert.equal(upgrade('1.0', 'Upgrade: websocket', 'Connection: upgrade'), null);
  });

  it('expects 100-continue only in HTTP/1.1', () => {
    assert.equal(parse(withFields('Host: a', 'expect: 100-Continue')).expectContinue, true);
    assert.equal(parse(withFields('Host: a', 'Expect: 100-continue, x')).expectContinue, false);
    assert.equal(parse(withFields('Host: a', 'Expect: 100-continue').replace('1.1', '1.0')).expectContinue, false);
  });
});

describe('the limits of a request head', () => {
  const host = 'Host: a\r\n\r\n';

  it('hold for the target: 414', () => {
    const of = (length: number): string => `GET /${'a'.repeat(length - 1)} HTTP/1.1\r\n${host}`;
    assert.equal(parse(of(8192)).target.length, 8192);
    refused(of(8193), 'HTTP_TARGET_TOO_LONG', /longer than 8192 bytes/);
    assert.equal(parse(of(5), { target: 5 }).target.length, 5);
    refused(of(6), 'HTTP_TARGET_TOO_LONG', /longer than 5 bytes/, { target: 5 });
    refused(of(6), 'HTTP_TARGET_TOO_LONG', /longer than 9 bytes/, { target: 9, head: 8 });
  });

  it('hold for the whole head: 431', () => {
    const text = `GET / HTTP/1.1\r\n${host}`;
    assert.equal(parse(text, { head: text.length }).target, '/');
    for (let head = 6; head < text.length; head++) {
      refused(text, 'HTTP_FIELDS_TOO_LARGE', new RegExp(`longer than ${head} bytes`), { head });
      refused(text.slice(0, head), 'HTTP_FIELDS_TOO_LARGE', /longer than/, { head });
    }
  });

  it('hold for the number of lines: 431', () => {
    const of = (count: number): string => withFields('Host: a', ...Array.from({ length: count - 1 }, () => 'X: y'));
    assert.equal(parse(of(100)).fields.size, 100);
    refused(of(101), 'HTTP_FIELDS_TOO_LARGE', /more than 100 field lines/);
    refused(of(3), 'HTTP_FIELDS_TOO_LARGE', /more than 2 field lines/, { fields: 2 });
  });

  it('hold for the method: 501', () => {
    assert.equal(parse(`${'M'.repeat(32)} / HTTP/1.1\r\n${host}`).method.length, 32);
    refused(`${'M'.repeat(33)} / HTTP/1.1\r\n${host}`, 'HTTP_NOT_IMPLEMENTED', /more than 32 bytes/);
  });

  it('are whole numbers', () => {
    for (const bad of [0, -1, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => new RequestParser({ head: bad }), { code: 'BAD_ARGUMENT' });
    }
  });
});
