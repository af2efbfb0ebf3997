/**
 * Tunnel: asks a proxy for a connection to somebody else (RFC 9110 9.3.6).
 *
 * What must hold: nothing of what comes behind the proxy's answer is read. The other side of a tunnel waits for us to speak first.
 */
import { Buffer } from 'node:buffer';
import { PawlError } from '../../error/index.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { unexpectedEnd } from '../../io/stream.ts';
import type { Under } from '../../net/tls/stream.ts';
import { INCOMPLETE, ResponseParser } from '../wire/response-parser.ts';
import type { Target } from './target.ts';

const MOST = 16 * 1024;

/** `lines`: field lines for the proxy. Throws PROXY_REFUSED, HttpError, and what the stream throws. */
export const tunnel: (stream: Under, target: Target, lines: string) => Future<void> = coroutine(function* tunnel(
  stream: Under,
  { host, port }: Target,
  lines: string,
): Steps<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  yield* stream.writeAll(Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${lines}\r\n`, 'latin1'));
  const parser = new ResponseParser({ head: MOST });
  const buffer = Buffer.allocUnsafeSlow(MOST);
  let end = 0;
  for (let start = 0; ;) {
    const used = end > start ? parser.parse(buffer, start, end) : INCOMPLETE;
    if (used === INCOMPLETE) {
      const count = yield* stream.read(buffer.subarray(end));
      if (count === 0) throw unexpectedEnd(end, 'the answer of the proxy');
      end += count;
      continue;
    }
    start += used;
    const { status, reason } = parser.head;
    if (status < 200) continue;
    if (status >= 300) {
      throw new PawlError(
        'PROXY_REFUSED',
        `the proxy does not connect to ${authority}: it answered ${status} ${reason}`,
      );
    }
    if (end > start)
      throw new PawlError('PROXY_REFUSED', `the proxy sent bytes of ${authority} before we had said anything`);
    return;
  }
});
