/** TLS connections over the loopback interface for tests. */
import type { Future } from '../../src/future/future.ts';
import { coroutine, type Steps } from '../../src/future/coroutine.ts';
import { join } from '../../src/future/join.ts';
import { type TlsConnectOptions, TlsListener, type TlsListenOptions, TlsStream } from '../../src/net/index.ts';
import { certificate } from './certificates.ts';

/** Who issues the certificates of tests, and a server's certificate for localhost and 127.0.0.1. */
export const authority = certificate({ name: 'test authority', ca: true });
export const server = certificate({
  name: 'server',
  hosts: ['localhost'],
  addresses: ['127.0.0.1'],
  issuer: authority,
});

/** Serves as `server`. */
export const serving: TlsListenOptions = { cert: server.cert, key: server.key };

/** Trusts the authority. */
export const trusting: TlsConnectOptions = { ca: authority.cert, servername: 'localhost' };

/** A connected pair, closed with it. */
export interface SecurePair extends Disposable {
  readonly client: TlsStream;
  readonly server: TlsStream;
}

/** Two ends of a new TLS connection; its listener is closed already. */
export const securePair: (listen?: Partial<TlsListenOptions>, connect?: TlsConnectOptions) => Future<SecurePair> =
  coroutine(function* (listen: Partial<TlsListenOptions> = {}, connect: TlsConnectOptions = {}): Steps<SecurePair> {
    using listener = yield* TlsListener.bind(0, { ...serving, ...listen });
    const [far, client] = yield* join([
      listener.accept(),
      TlsStream.connect(listener.localAddress, { ...trusting, ...connect }),
    ]);
    return {
      client,
      server: far,
      [Symbol.dispose]() {
        client.close();
        far.close();
      },
    };
  });
