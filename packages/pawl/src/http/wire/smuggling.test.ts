/**
 * What two readers could understand differently: the families by which requests are smuggled past a proxy (RFC 9112 11.2), each with the
 * request that would be hidden. A vector passes only if it is refused before anything hidden in it has become a message.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1, readRequests, readResponses } from '../../../test/support/wire.ts';

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

/** A request with these field lines, and what stands behind its head. */
const post = (fields: string, body = `0\r\n\r\n${HIDDEN}`): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;
const chunks = (body: string): string => post('Transfer-Encoding: chunked', `${body}${HIDDEN}`);
const coding = (value: string): string => post(`Transfer-Encoding:${value}`);
const length = (value: string): string => post(`Content-Length:${value}`, `12345${HIDDEN}`);

const FRAMING = 'HTTP_FRAMING';
const SYNTAX = 'HTTP_SYNTAX';
const UNKNOWN = 'HTTP_NOT_IMPLEMENTED';

const families: Record<string, [name: string, text: string, code: string][]> = {
  'length and coding at once': [
    ['CL.TE', post('Content-Length: 6\r\nTransfer-Encoding: chunked'), FRAMING],
    ['TE.CL', post('Transfer-Encoding: chunked\r\nContent-Length: 6'), FRAMING],
    ['CL.0', post('Content-Length: 0\r\nTransfer-Encoding: chunked'), FRAMING],
    ['a length hidden by case', post('transfer-encoding: CHUNKED\r\ncONTENT-lENGTH: 6'), FRAMING],
    ['chunks in HTTP/1.0', coding(' chunked').replace('1.1', '1.0'), FRAMING],
    [
      'chunks in HTTP/1.0 kept alive',
      post('Connection: keep-alive\r\nTransfer-Encoding: chunked').replace('1.1', '1.0'),
      FRAMING,
    ],
    ['content of a CONNECT', post('Content-Length: 5').replace('POST /', 'CONNECT a:1'), FRAMING],
    ['chunks of a TRACE', coding(' chunked').replace('POST', 'TRACE'), FRAMING],
  ],
  'TE.TE: a coding that only one of two recognises': [
    ['another word', coding(' xchunked'), FRAMING],
    ['identity', coding(' identity'), FRAMING],
    ['gzip alone', coding(' gzip'), FRAMING],
    ['gzip before it', coding(' gzip, chunked'), UNKNOWN],
    ['identity before it', coding(' identity, chunked'), UNKNOWN],
    ['in two lines', post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked'), UNKNOWN],
    ['not the last', coding(' chunked, gzip'), FRAMING],
    ['not the last, in two lines', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x'), FRAMING],
    ['twice', coding(' chunked, chunked'), FRAMING],
    ['twice, in two lines', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'), FRAMING],
    ['an empty member before', coding(' , chunked'), FRAMING],
    ['an empty member after', coding(' chunked,'), FRAMING],
    ['an empty value', coding(''), FRAMING],
    ['an empty line of it first', post('Transfer-Encoding:\r\nTransfer-Encoding: chunked'), FRAMING],
    ['a parameter', coding(' chunked;q=1'), FRAMING],
    ['quoted', coding(' "chunked"'), FRAMING],
    ['quoted once', coding(" 'chunked'"), FRAMING],
    ['two words', coding(' chunked foo'), FRAMING],
    ['a vertical tab before', coding('\x0bchunked'), SYNTAX],
    ['a vertical tab after', coding(' chunked\x0b'), SYNTAX],
    ['a form feed', coding('\x0cchunked'), SYNTAX],
    ['a NUL', coding(' chunked\x00'), SYNTAX],
    ['a DEL', coding(' chunked\x7f'), SYNTAX],
    ['a control', coding(' \x1fchunked'), SYNTAX],
    ['no-break space', coding(' chunked\xa0'), FRAMING],
    ['next line', coding('\x85chunked'), FRAMING],
    ['folded value', coding('\r\n chunked'), FRAMING],
    ['folded value with a tab', coding('\r\n\tchunked'), FRAMING],
    ['folded after it', coding(' chunked\r\n , identity'), SYNTAX],
    ['a bare CR in the value', coding(' \rchunked'), SYNTAX],
    ['a bare LF in the value', coding(' \nchunked'), SYNTAX],
    ['a bare CR behind the value', coding(' chunked\rX: y'), SYNTAX],
  ],
  'a name that only one of two recognises': [
    ['space before the colon', post('Transfer-Encoding : chunked'), SYNTAX],
    ['tab before the colon', post('Transfer-Encoding\t: chunked'), SYNTAX],
    ['space before the colon of a length', post('Content-Length : 5'), SYNTAX],
    ['space before the name', post(' Transfer-Encoding: chunked'), SYNTAX],
    ['space before the first name', 'POST / HTTP/1.1\r\n Host: a\r\nContent-Length: 5\r\n\r\n12345', SYNTAX],
    ['a CR before the name', post('X: y\r\n\rTransfer-Encoding: chunked'), SYNTAX],
    ['a NUL in the name', post('Transfer-Encoding\x00: chunked'), SYNTAX],
    ['a control in the name', post('\x01Transfer-Encoding: chunked'), SYNTAX],
    ['a vertical tab in the name', post('Transfer-Encoding\x0b: chunked'), SYNTAX],
    ['a byte above ASCII in the name', post('Transfer-Encoding\xa0: chunked'), SYNTAX],
    ['a second name in the line', post('X Transfer-Encoding: chunked'), SYNTAX],
    ['a line without a colon', post('Transfer-Encoding\r\nX: chunked'), SYNTAX],
    ['no name', post(': chunked'), SYNTAX],
    ['a bare LF ends the line before', post('X: y\nTransfer-Encoding: chunked'), SYNTAX],
    ['a bare CR ends the line before', post('X: y\rTransfer-Encoding: chunked'), SYNTAX],
    ['a bare LF ends the head', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\n12345${HIDDEN}`, SYNTAX],
    ['bare LFs all along', HIDDEN.replaceAll('\r', ''), SYNTAX],
    ['a NUL in a value', post('X: a\x00b\r\nContent-Length: 5'), SYNTAX],
  ],
  lengths: [
    ['two that differ', post('Content-Length: 5\r\nContent-Length: 6'), FRAMING],
    ['two that agree', post('Content-Length: 5\r\nContent-Length: 5'), FRAMING],
    ['two, one of them empty', post('Content-Length: 5\r\nContent-Length:'), FRAMING],
    ['a list', length(' 5, 5'), FRAMING],
    ['a list without space', length(' 5,5'), FRAMING],
    ['a list that differs', length(' 5, 6'), FRAMING],
    ['none', length(''), FRAMING],
    ['blank', length(' \t '), FRAMING],
    ['plus', length(' +5'), FRAMING],
    ['minus', length(' -5'), FRAMING],
    ['minus zero', length(' -0'), FRAMING],
    ['hexadecimal', length(' 0x5'), FRAMING],
    ['octal', length(' 0o5'), FRAMING],
    ['exponent', length(' 5e0'), FRAMING],
    ['fraction', length(' 5.0'), FRAMING],
    ['two words', length(' 5 0'), FRAMING],
    ['underscore', length(' 1_0'), FRAMING],
    ['letters', length(' five'), FRAMING],
    ['letters after digits', length(' 5abc'), FRAMING],
    ['a superscript digit', length(' \xb2'), FRAMING],
    ['quoted', length(' "5"'), FRAMING],
    ['2^53', length(' 9007199254740992'), FRAMING],
    ['2^53 + 1, which rounds', length(' 9007199254740993'), FRAMING],
    ['2^64 + 5, which wraps', length(' 18446744073709551621'), FRAMING],
    ['more digits than a number has', length(` ${'9'.repeat(400)}`), FRAMING],
    ['a control behind', length(' 5\x0b'), SYNTAX],
    ['a NUL behind', length(' 5\x00'), SYNTAX],
    ['folded', length('\r\n 5'), FRAMING],
  ],
  hosts: [
    ['two', `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, SYNTAX],
    ['two that agree', `GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n`, SYNTAX],
    ['two in a list', `GET / HTTP/1.1\r\nHost: a, b\r\n\r\n`, SYNTAX],
    ['none', `GET / HTTP/1.1\r\nX: y\r\n\r\n`, SYNTAX],
    ['one with a path', `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n`, SYNTAX],
    ['one with a user', `GET / HTTP/1.1\r\nHost: a@b\r\n\r\n`, SYNTAX],
    ['one with a space', `GET / HTTP/1.1\r\nHost: a b\r\n\r\n`, SYNTAX],
    ['one with a line in it', `GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n`, SYNTAX],
  ],
  'request lines': [
    ['two spaces', HIDDEN.replace(' /', '  /'), SYNTAX],
    ['a tab', HIDDEN.replace(' /', '\t/'), SYNTAX],
    ['a space in the target', HIDDEN.replace('hidden', 'hid den'), SYNTAX],
    ['a request in the target', HIDDEN.replace('hidden', '\r\nGET /x'), SYNTAX],
    ['no version', 'GET /\r\n', SYNTAX],
    ['a version behind the version', HIDDEN.replace('1.1', '1.1 HTTP/1.0'), SYNTAX],
    ['a small version', HIDDEN.replace('HTTP', 'http'), SYNTAX],
    ['a space behind the version', HIDDEN.replace('1.1', '1.1 '), SYNTAX],
    ['two empty lines before', `\r\n\r\n${HIDDEN}`, SYNTAX],
    ['a bare LF before', `\n${HIDDEN}`, SYNTAX],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP_VERSION'],
  ],
  'chunk sizes': [
    ['hexadecimal with a prefix', chunks('0x5\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['plus', chunks('+5\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['minus', chunks('-5\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['a space behind', chunks('5 \r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['a space before', chunks(' 5\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['a tab behind', chunks('5\t\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['an underscore', chunks('0_5\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['a letter beyond F', chunks('5G\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['no size', chunks('\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['no size but an extension', chunks(';x\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['2^53', chunks('20000000000000\r\n'), FRAMING],
    ['2^64 + 5, which wraps', chunks('10000000000000005\r\nhello\r\n0\r\n\r\n'), FRAMING],
    ['17 digits F', chunks('FFFFFFFFFFFFFFFFF\r\n'), FRAMING],
    ['zeros without end', chunks(`${'0'.repeat(17)}\r\n`), FRAMING],
    ['a NUL', chunks('5\x00\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['quoted', chunks('"5"\r\nhello\r\n0\r\n\r\n'), SYNTAX],
  ],
  'lines of chunks': [
    ['a bare LF behind the size', chunks('5\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['a bare CR behind the size', chunks('5\rhello\r\n0\r\n\r\n'), SYNTAX],
    ['a bare LF behind the data', chunks('5\r\nhello\n0\r\n\r\n'), SYNTAX],
    ['a bare CR behind the data', chunks('5\r\nhello\r0\r\n\r\n'), SYNTAX],
    ['nothing behind the data', chunks('5\r\nhello0\r\n\r\n'), SYNTAX],
    ['data longer than its size', chunks('4\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['two bytes behind the data', chunks('5\r\nhelloXY0\r\n\r\n'), SYNTAX],
    ['a bare LF behind the last size', chunks('0\n\r\n'), SYNTAX],
    ['a bare LF at the end', chunks('0\r\n\n'), SYNTAX],
    ['a bare CR at the end', chunks('0\r\n\r'), SYNTAX],
    ['a bare LF in an extension', chunks('5;x\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['a bare LF in a quoted extension', chunks('5;x="\n"\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['CR LF in a quoted extension', chunks('5;x="\r\n"\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['an escaped CR in an extension', chunks('5;x="\\\r\n"\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['an escaped NUL in an extension', chunks('5;x="\\\x00"\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['an extension without a name', chunks('5;\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['an extension without a value', chunks('5;x=\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['space before an extension', chunks('5 ;x\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['space in an extension', chunks('5;x y\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['text behind a quoted value', chunks('5;x="y"z\r\nhello\r\n0\r\n\r\n'), SYNTAX],
    ['an extension of 257 bytes', chunks(`5;${'x'.repeat(256)}\r\nhello\r\n0\r\n\r\n`), 'HTTP_BODY_TOO_LARGE'],
    ['extensions of 4097 bytes', chunks(`1;${'x'.repeat(240)}\r\ny\r\n`.repeat(17)), 'HTTP_BODY_TOO_LARGE'],
  ],
  trailers: [
    ['a length', chunks('0\r\nContent-Length: 5\r\n\r\n'), FRAMING],
    ['a coding', chunks('0\r\nTransfer-Encoding: chunked\r\n\r\n'), FRAMING],
    ['a host', chunks('0\r\nHost: b\r\n\r\n'), FRAMING],
    ['a folded line', chunks('0\r\nX: y\r\n z\r\n\r\n'), SYNTAX],
    ['a bare LF', chunks('0\r\nX: y\n\r\n'), SYNTAX],
    ['space before the colon', chunks('0\r\nX : y\r\n\r\n'), SYNTAX],
    ['a NUL', chunks('0\r\nX: \x00\r\n\r\n'), SYNTAX],
    ['more than 8 KiB', chunks(`0\r\nX: ${'y'.repeat(8192)}\r\n\r\n`), 'HTTP_FIELDS_TOO_LARGE'],
    ['101 lines', chunks(`0\r\n${'X: y\r\n'.repeat(101)}\r\n`), 'HTTP_FIELDS_TOO_LARGE'],
  ],
};

for (const [family, vectors] of Object.entries(families)) {
  describe(`smuggling by ${family}`, () => {
    for (const [name, text, code] of vectors) {
      it(`is refused: ${name}`, () => {
        const { messages, end } = readRequests([latin1(text)]);
        assert.deepEqual(messages, []);
        assert.equal(end.split(':')[0], code, end);
      });
    }
  });
}

describe('splitting of responses', () => {
  const ok = (fields: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`;
  const vectors: [name: string, text: string, code: string][] = [
    ['length and coding', ok('Content-Length: 5\r\nTransfer-Encoding: chunked'), FRAMING],
    ['two lengths', ok('Content-Length: 5\r\nContent-Length: 6'), FRAMING],
    ['chunks in HTTP/1.0', ok('Transfer-Encoding: chunked').replace('1.1', '1.0'), FRAMING],
    ['an unknown coding', ok('Transfer-Encoding: gzip'), UNKNOWN],
    ['an unknown coding and chunks', ok('Transfer-Encoding: gzip, chunked'), UNKNOWN],
    ['a bare LF in a field', ok('X: y\nSet-Cookie: z'), SYNTAX],
    ['a bare CR in a field', ok('X: y\rSet-Cookie: z'), SYNTAX],
    ['a folded line', ok('X: y\r\n z'), SYNTAX],
    ['space before the colon', ok('Content-Length : 5'), SYNTAX],
    ['a bare LF behind the reason', ok('X: y').replace('OK\r', 'OK'), SYNTAX],
    ['an empty line before', `\r\n${ok('X: y')}`, SYNTAX],
  ];
  for (const [name, text, code] of vectors) {
    it(`is refused: ${name}`, () => {
      const { messages, end } = readResponses([latin1(text)]);
      assert.deepEqual(messages, []);
      assert.equal(end.split(':')[0], code, end);
    });
  }
});
