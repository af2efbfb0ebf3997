/** A request as a server hands it to a handler, of the bytes that a client sends. */
import { IncomingBody } from '../../src/http/body.ts';
import { LazyRequest, type SignalSource } from '../../src/http/fetch/index.ts';
import { RequestParser } from '../../src/http/wire/request-parser.ts';

/** Of a head (its lines without their CRLF) and a body. */
export function lazyRequest(
  lines: string,
  body: IncomingBody | string | Uint8Array | null = null,
  signals: SignalSource | null = null,
): Request {
  const bytes = Buffer.from(`${lines.trim().replaceAll(/\n\s*/g, '\r\n')}\r\n\r\n`, 'latin1');
  const parser = new RequestParser();
  if (parser.parse(bytes, 0, bytes.length) !== bytes.length) throw new Error('this is no whole head');
  const { head } = parser;
  // What the buffer is used for next must not show.
  bytes.fill('x');
  const incoming = typeof body === 'string' ? IncomingBody.of(new TextEncoder().encode(body)) : body;
  const given = incoming instanceof Uint8Array ? IncomingBody.of(incoming) : incoming;
  return new LazyRequest(head, given, { scheme: 'http', authority: 'fallback.test:8080' }, signals);
}
