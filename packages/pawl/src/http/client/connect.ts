/** Connecting: a transport to where a request goes, through a proxy where there is one. */
import { PawlError } from '../../error/index.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { TcpStream } from '../../net/stream.ts';
import type { Transport } from '../../net/transport.ts';
import { timeout } from '../../time/timeout.ts';
import type { Proxy } from './proxy.ts';
import type { Target } from './target.ts';

const connecting = coroutine(function* connect(target: Target, proxy: Proxy | null): Steps<Transport> {
  const { secure } = target;
  const { host, port } = proxy ?? target;
  if (secure) throw new PawlError('UNSUPPORTED_PLATFORM', 'https: is not there yet');
  const stream = yield* TcpStream.connect({ host, port }, { noDelay: true });
  return stream.handle;
});

/** Throws TIMEOUT after `limit` ms. */
export const connect: (target: Target, proxy: Proxy | null, limit: number) => Future<Transport> = coroutine(
  function* connect(target: Target, proxy: Proxy | null, limit: number): Steps<Transport> {
    if (limit === Infinity) return yield* connecting(target, proxy);
    try {
      return yield* timeout(limit, connecting(target, proxy));
    } catch (error) {
      if (!(error instanceof PawlError) || error.code !== 'TIMEOUT') throw error;
      throw new PawlError('TIMEOUT', `connecting to ${target.authority} took more than ${limit} ms`, {
        cause: error,
        syscall: 'connect',
        address: target.host,
        port: target.port,
      });
    }
  },
);
