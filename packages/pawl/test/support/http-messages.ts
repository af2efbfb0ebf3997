/** Requests and responses as bytes for properties: well formed ones, and the same with a few bytes changed. */
import { type Arbitrary, array, constantFrom, nat, oneof, record, string, tuple } from 'fast-check';

const CRLF = '\r\n';
const among = (characters: string): Arbitrary<string> => constantFrom(...characters.split(''));
const names = constantFrom(
  'Host',
  'X-Name',
  'accept',
  'Cookie',
  'Content-Type',
  'ETag',
  'x',
  'Transfer-Encodings',
  'A_b',
);
const values = oneof(
  constantFrom('', 'a', 'b, c', '\t tabbed\t', '"quoted \\" text"', 'caf\xe9', '5', '127.0.0.1'),
  string({ unit: among('abc ;,=:"\t\xff'), maxLength: 30 }),
);
const field = tuple(names, constantFrom('', ' ', '\t', '  '), values).map(
  ([name, gap, value]) => `${name}:${gap}${value}${CRLF}`,
);
const targets = constantFrom('/', '/a/b?c=d', '//', '/%20;x?y="<|>"', 'http://host:80/path', 'HTTP://[::1]', '*');
const content = string({ unit: among('ab\r\n\x00\xff0: '), maxLength: 80 });

const quoted = constantFrom('', ';a', ';a=b', ';name="value;\\"x"', ';a;b;c=d');
const chunk = tuple(
  content.filter((text) => text !== ''),
  quoted,
  constantFrom('', '0', '00'),
).map(([data, extension, zeros]) => `${zeros}${data.length.toString(16)}${extension}${CRLF}${data}${CRLF}`);
const trailers = array(
  field.filter((line) => !line.startsWith('Host')),
  { maxLength: 3 },
);
const chunked = tuple(array(chunk, { maxLength: 4 }), quoted, trailers).map(
  ([chunks, extension, lines]) =>
    `Transfer-Encoding: chunked${CRLF}${CRLF}${chunks.join('')}0${extension}${CRLF}${lines.join('')}${CRLF}`,
);
const counted = content.map((data) => `Content-Length: ${data.length}${CRLF}${CRLF}${data}`);
const connection = constantFrom(
  '',
  '',
  '',
  'Connection: keep-alive\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
);

/** A well-formed request, in latin1. */
export const request: Arbitrary<string> = record({
  method: constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'PROPFIND'),
  target: targets,
  before: constantFrom('', '', '', CRLF),
  version: constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
  lines: array(field, { maxLength: 6 }),
  connection,
  body: oneof(counted, chunked, constantFrom(CRLF)),
}).map(({ method, target, before, version, lines, connection, body }) => {
  const own = lines.filter((line) => !line.startsWith('Host'));
  const form = target === '*' ? 'OPTIONS' : method;
  const host = own.length === lines.length && version === 'HTTP/1.0' ? '' : `Host: example.com${CRLF}`;
  const coded = version === 'HTTP/1.0' && body.startsWith('Transfer') ? CRLF : body;
  return `${before}${form} ${target} ${version}${CRLF}${host}${connection}${own.join('')}${coded}`;
});

/** A well-formed response, in latin1. */
export const response: Arbitrary<string> = record({
  status: constantFrom('200 OK', '404 ', '500 Caf\xe9 au lait', '204 No Content', '304 Not Modified', '100 Continue'),
  lines: array(field, { maxLength: 6 }),
  connection: constantFrom('', '', 'Connection: keep-alive\r\n', 'Connection: close\r\n'),
  body: oneof(counted, chunked, constantFrom(CRLF)),
}).map(({ status, lines, connection, body }) => {
  const coded = /^[^245]|^204|^304/.test(status) ? CRLF : body;
  return `HTTP/1.1 ${status}${CRLF}${connection}${lines.join('')}${coded}`;
});

/** Several messages with a few bytes changed, taken out or put in; with no change, well formed. */
export function broken(message: Arbitrary<string>): Arbitrary<string> {
  const change = record({
    at: nat(),
    what: constantFrom('replace', 'insert', 'delete', 'double'),
    byte: among('\r\n\t \x00\x0b\x7f\x80\xff:;,"=0aG/#[]'),
  });
  return tuple(array(message, { minLength: 1, maxLength: 3 }), array(change, { maxLength: 2 })).map(
    ([messages, changes]) => {
      let text = messages.join('');
      for (const { at, what, byte } of changes) {
        const place = at % text.length;
        const after = text.slice(what === 'replace' || what === 'delete' ? place + 1 : place);
        const middle = what === 'delete' ? '' : what === 'double' ? (text[place] as string) : byte;
        text = `${text.slice(0, place)}${middle}${after}` || 'x';
      }
      return text;
    },
  );
}
