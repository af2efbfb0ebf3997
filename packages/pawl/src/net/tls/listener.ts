/**
 * TlsListener: a listening socket whose connections have TLS on them.
 *
 * What must hold: nothing that happens to one connection ends the listener or holds up the others. Handshakes go on side by side, as long as somebody
 * waits in `accept`; there are at most `maxHandshakes` of them, and each has its time.
 */
import type { SocketAddress } from '../../driver/driver.ts';
import { type Pem, tlsEngine, type TlsCredentials, type TlsIdentity, type TlsServerContext } from '../../driver/tls.ts';
import { PawlError } from '../../error/index.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import type { Address } from '../address.ts';
import { type ListenOptions, TcpListener } from '../listener.ts';
import type { TcpStream } from '../stream.ts';
import { type Client, TlsAccept } from './accept.ts';
import { type ClientHello, HelloReader } from './client-hello.ts';
import { Handshake } from './handshake.ts';
import { Identities } from './identities.ts';
import { authorities, checkPem, checkTime, checkTls, type TlsOptions, versions } from './options.ts';
import { TlsStream } from './stream.ts';

/** How to serve TLS. `noDelay` is true by default here. `ca`: whose client certificates to trust. */
export interface TlsListenOptions extends TlsOptions, ListenOptions {
  /** The server's certificate, its chain after it (PEM). */
  readonly cert: Pem;
  readonly key: Pem;
  /** Of an encrypted key. */
  readonly passphrase?: string;
  /**
   * Other credentials by the name that the client asks for, in lower case; null or undefined for the usual ones. Called once for each client that names
   * a server. An object that it returns again is not read again. What it throws fails the handshake.
   */
  readonly sni?: (servername: string) => TlsCredentials | null | undefined;
  /** Ask clients for a certificate. Default false. */
  readonly requestCert?: boolean;
  /** Refuse a client without a certificate, or with one that is not accepted. Of meaning with `requestCert`; default true. */
  readonly rejectUnauthorized?: boolean;
  /** Milliseconds for one client's handshake. Default 10,000. */
  readonly handshakeTimeout?: number;
  /** Handshakes at the same time; further connections wait in the kernel's queue. Default 1000. */
  readonly maxHandshakes?: number;
  /**
   * Told of each handshake that failed, and whose; the connection has been closed. What it throws, `accept` throws. Default: nobody is told, since on a
   * public network they fail all the time.
   */
  readonly onHandshakeError?: (error: unknown, peer: SocketAddress) => void;
}

const HANDSHAKE_TIMEOUT = 10_000;
const MAX_HANDSHAKES = 1000;

/**
 * A TLS server's socket. Close it, or declare it with `using`.
 *
 * Sessions can be resumed by tickets, which clients do by themselves. It works inside `blockOn`, in workers and in guest mode.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { TlsListener, TlsStream } from 'pawl/net';
 * const cert = `
 * -----BEGIN CERTIFICATE-----
 * MIIBlDCCATugAwIBAgIUZMv8eFWTDfW1louIVou0DgeasAowCgYIKoZIzj0EAwIw
 * FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDIzNTAyM1oYDzIwOTgwMTMw
 * MjM1MDIzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
 * PQMBBwNCAATnjr/vijQyLCb02fTrxRbGCrqOrbwqpi+HXj7QrvdBr3fJ9HMN7sHx
 * WEYh0UTzwe/rHVVvka7zrkkNXhVUMXhJo2kwZzAdBgNVHQ4EFgQUiJ87rNsjvoCV
 * 1P52TBzbpkXrhGcwHwYDVR0jBBgwFoAUiJ87rNsjvoCV1P52TBzbpkXrhGcwDwYD
 * VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
 * RwAwRAIgKFkztjeyLM1DzH+QfCr/JL31AhiSDQEisH8yOLdF2E0CIDN+4UE6HFjK
 * ZWjetSDXwVtAebQesNjIyTPWmN9M6gSm
 * -----END CERTIFICATE-----
 * `;
 * const key = `
 * -----BEGIN PRIVATE KEY-----
 * MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgslzYLMwcnqp9s55T
 * PKXAXi0lxMaT96G7Y/F+hkilY3ChRANCAATnjr/vijQyLCb02fTrxRbGCrqOrbwq
 * pi+HXj7QrvdBr3fJ9HMN7sHxWEYh0UTzwe/rHVVvka7zrkkNXhVUMXhJ
 * -----END PRIVATE KEY-----
 * `;
 * await run(function* () {
 *   using listener = yield* TlsListener.bind(0, { cert, key, alpn: ['http/1.1'] });
 *   const [server, client] = yield* join([
 *     listener.accept(),
 *     // A self-signed certificate is trusted where it is given.
 *     TlsStream.connect(listener.localAddress, { servername: 'localhost', ca: cert, alpn: ['h2', 'http/1.1'] }),
 *   ]);
 *   using _server = server;
 *   using _client = client;
 *   console.log(client.protocol, client.alpn, client.authorized); // TLSv1.3 http/1.1 true
 *   yield* client.writeAll(new TextEncoder().encode('hello'));
 *   const buffer = new Uint8Array(16);
 *   console.log(yield* server.read(buffer), server.servername); // 5 localhost
 * });
 * ```
 */
export class TlsListener implements Disposable {
  /** @internal */
  readonly tcp: TcpListener;
  /** @internal */
  readonly onHandshakeError: (error: unknown, peer: SocketAddress) => void;
  /** @internal */
  readonly handshakeTimeout: number;
  /** @internal */
  readonly maxHandshakes: number;
  /** @internal */
  acceptor: TlsAccept | null = null;
  /** @internal Under way, the oldest first. */
  readonly clients: Set<Client> = new Set();
  private readonly options: TlsListenOptions;
  private readonly context: TlsServerContext;
  private readonly identities: Identities;

  /** @internal */
  constructor(tcp: TcpListener, options: TlsListenOptions) {
    this.tcp = tcp;
    this.options = options;
    this.onHandshakeError = options.onHandshakeError ?? (() => {});
    this.handshakeTimeout = options.handshakeTimeout ?? HANDSHAKE_TIMEOUT;
    this.maxHandshakes = options.maxHandshakes ?? MAX_HANDSHAKES;
    const engine = tlsEngine();
    const { requestCert = false, rejectUnauthorized = true } = options;
    this.identities = new Identities(engine, options);
    try {
      this.context = engine.server({
        clients: !requestCert ? 'ignore' : rejectUnauthorized ? 'require' : 'ask',
        ca: authorities(options),
        ...versions(options),
      });
    } catch (error) {
      this.identities.free();
      throw error;
    }
  }

  /**
   * Binds and listens: when it is done, connections are taken. A port alone is a port of `127.0.0.1`, as for `TcpListener.bind`.
   *
   * Cancelling it is *safe*. Errors: those of `TcpListener.bind`; BAD_ARGUMENT and ERR_… for a certificate or key that cannot be read, or that do not
   * belong together (ERR_OSSL_X509_KEY_VALUES_MISMATCH); UNSUPPORTED_PLATFORM where Node hides its OpenSSL.
   */
  static bind(address: Address, options: TlsListenOptions): Future<TlsListener> {
    checkTls(options);
    checkPem('cert', options.cert);
    checkPem('key', options.key);
    const { handshakeTimeout, maxHandshakes } = options;
    if (handshakeTimeout !== undefined) checkTime('handshakeTimeout', handshakeTimeout);
    if (maxHandshakes !== undefined && !(Number.isInteger(maxHandshakes) && maxHandshakes > 0)) {
      throw new PawlError('BAD_ARGUMENT', `maxHandshakes must be a whole number of at least 1, got ${maxHandshakes}`);
    }
    return bound(TcpListener.bind(address, { noDelay: true, ...options }), options);
  }

  /** Where it listens, with the port that the system chose. */
  get localAddress(): SocketAddress {
    return this.tcp.localAddress;
  }

  get closed(): boolean {
    return this.tcp.closed;
  }

  /**
   * Waits for the next connection whose handshake is done. While it waits, handshakes of other clients go on; one that fails or takes too long is closed and
   * told of (`onHandshakeError`).
   *
   * Cancelling it is *safe*: the handshakes under way go on with the next accept. Errors: BUSY while another task accepts; CLOSED.
   */
  accept(): Future<TlsStream> {
    return new TlsAccept(this);
  }

  /** Stops listening, and closes the connections whose handshakes are under way. A task that waits in `accept` gets CLOSED. Harmless when closed. */
  close(): void {
    if (this.tcp.closed) return;
    this.tcp.close();
    for (const { handshake } of this.clients) handshake.drop();
    this.clients.clear();
    this.context.free();
    this.identities.free();
    this.acceptor?.interrupt();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  begin(stream: TcpStream): Handshake {
    return new Handshake(stream, {
      party: { side: 'server', host: null, peer: stream.remoteAddress },
      hello: new HelloReader(),
      session: (hello) => {
        const { serverName, alpn } = hello as ClientHello;
        return this.context.session(this.identityFor(serverName), this.choose(alpn));
      },
    });
  }

  private identityFor(serverName: string | null): TlsIdentity {
    const { sni } = this.options;
    const credentials = serverName === null ? null : sni?.(serverName);
    return credentials === null || credentials === undefined ? this.identities.usual : this.identities.of(credentials);
  }

  /** The first of ours that the client knows; `''` when it knows none of them (RFC 7301, section 3.2). */
  private choose(offered: readonly string[]): string | null {
    const { alpn = [] } = this.options;
    if (alpn.length === 0 || offered.length === 0) return null;
    return alpn.find((name) => offered.includes(name)) ?? '';
  }
}

const bound = coroutine(function* (tcp: Future<TcpListener>, options: TlsListenOptions) {
  const listener = yield* tcp;
  try {
    return new TlsListener(listener, options);
  } catch (error) {
    listener.close();
    throw error;
  }
});
