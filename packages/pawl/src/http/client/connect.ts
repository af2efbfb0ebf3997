/**
 * Connecting: a transport to where a request goes, through a proxy where there is one.
 *
 * What must hold: what has been opened is closed when a later step fails or is cancelled.
 */
import { PawlError } from '../../error/index.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { TcpStream } from '../../net/stream.ts';
import type { TlsClientOptions } from '../../net/tls/options.ts';
import { TlsStream, type Under } from '../../net/tls/stream.ts';
import type { Transport } from '../../net/transport.ts';
import { timeout } from '../../time/timeout.ts';
import type { Proxy } from './proxy.ts';
import type { Target } from './target.ts';
import { tunnel } from './tunnel.ts';

/** Nothing else is spoken here (RFC 7301). */
const ALPN = ['http/1.1'];

/** Throws TIMEOUT after `limit` ms, PROXY_REFUSED, and what TCP and TLS throw. */
export const connect: (target: Target, proxy: Proxy | null, tls: TlsClientOptions, limit: number) => Future<Transport> =
  coroutine(function* connect(
    target: Target,
    proxy: Proxy | null,
    tls: TlsClientOptions,
    limit: number,
  ): Steps<Transport> {
    const connecting = proxy === null ? directly(target, tls) : through(proxy, target, tls);
    if (limit === Infinity) return yield* connecting;
    try {
      return yield* timeout(limit, connecting);
    } catch (error) {
      if (!(error instanceof PawlError) || error.code !== 'TIMEOUT') throw error;
      throw new PawlError('TIMEOUT', `connecting to ${target.authority} took more than ${limit} ms`, {
        cause: error,
        syscall: 'connect',
        address: target.host,
        port: target.port,
      });
    }
  });

const directly = coroutine(function* connect({ host, port, secure }: Target, tls: TlsClientOptions): Steps<Transport> {
  const stream = yield* TcpStream.connect({ host, port }, { noDelay: true });
  return secure ? yield* securely(stream, host, tls) : stream.handle;
});

const through = coroutine(function* connect(proxy: Proxy, target: Target, tls: TlsClientOptions): Steps<Transport> {
  const { host, port, secure } = proxy;
  const stream = yield* TcpStream.connect({ host, port }, { noDelay: true });
  const under: Under = secure ? yield* TlsStream.over(stream, { servername: host, alpn: ALPN }) : stream;
  if (!target.secure) return under.handle;
  let established = false;
  try {
    yield* tunnel(under, target, proxy.lines);
    established = true;
  } finally {
    if (!established) under.close();
  }
  return yield* securely(under, target.host, tls);
});

const securely = coroutine(function* connect(under: Under, host: string, tls: TlsClientOptions): Steps<Transport> {
  let stream: TlsStream | null = null;
  try {
    stream = yield* TlsStream.over(under, { ...tls, servername: tls.servername ?? host, alpn: ALPN });
    return stream.handle;
  } finally {
    if (stream === null) under.close();
  }
});
