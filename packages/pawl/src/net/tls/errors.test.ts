import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { coroutine, type Future, join, type PawlError, run, spawn } from 'pawl';
import { type CertificateOptions, type Certified, certificate } from '../../../test/support/certificates.ts';
import { bytes, failure } from '../../../test/support/loopback.ts';
import { runScript } from '../../../test/support/script.ts';
import { authority, server, serving, trusting } from '../../../test/support/secure.ts';
import {
  TcpListener,
  TcpStream,
  type TlsConnectOptions,
  TlsListener,
  type TlsListenOptions,
  TlsStream,
} from '../index.ts';

const DAY = 24 * 3600 * 1000;
const from = (days: number): Date => new Date(Date.now() + days * DAY);
const issued = (options: CertificateOptions): Certified =>
  certificate({ hosts: ['localhost'], issuer: authority, ...options });

/** How both ends of a handshake ended: an error, or null. */
interface Ends {
  readonly client: PawlError | null;
  readonly server: unknown;
}

/** One handshake, and what each end then has of it. */
const shake: (listen: Partial<TlsListenOptions>, connect: TlsConnectOptions) => Future<Ends> = coroutine(function* (
  listen: Partial<TlsListenOptions>,
  connect: TlsConnectOptions,
) {
  let told: unknown = null;
  using listener = yield* TlsListener.bind(0, {
    ...serving,
    ...listen,
    onHandshakeError: (error) => {
      told = error;
      listener.close();
    },
  });
  const accepting = spawn(
    coroutine(function* () {
      try {
        using stream = yield* listener.accept();
        yield* stream.writeAll(bytes('x'));
        // Until the client has seen what there is.
        yield* stream.read(new Uint8Array(1));
      } catch {
        // what there is to know has been told
      }
    })(),
  );
  let client: PawlError | null = null;
  try {
    using stream = yield* TlsStream.connect(listener.localAddress, { ...trusting, ...connect });
    // In TLS 1.3 a client's certificate is refused only now.
    yield* stream.read(new Uint8Array(1));
  } catch (error) {
    client = error as PawlError;
  }
  yield* accepting;
  return { client, server: told };
});

/** A server of Node's that shows a certificate which ours would refuse to show. */
async function nodeServer(options: tls.TlsOptions): Promise<{ port: number; close: () => void }> {
  const listening = tls.createServer(options, (socket) => socket.end());
  listening.on('tlsClientError', () => {});
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return { port: (listening.address() as AddressInfo).port, close: () => listening.close() };
}

const stranger = certificate({ name: 'stranger', ca: true });
const middle = certificate({ name: 'middle', issuer: authority });
const own = certificate({ name: 'own', hosts: ['localhost'] });
const withRoot = certificate({ hosts: ['localhost'], issuer: stranger });

describe('a certificate that is not accepted', () => {
  const cases: [
    title: string,
    show: { cert: string; key: string },
    code: string,
    message: RegExp,
    connect?: TlsConnectOptions,
  ][] = [
    [
      'has expired',
      issued({ notBefore: from(-9), notAfter: from(-2) }),
      'CERT_HAS_EXPIRED',
      /localhost has expired \(valid to .*\): it must be renewed/,
    ],
    [
      'is not valid yet',
      issued({ notBefore: from(2), notAfter: from(9) }),
      'CERT_NOT_YET_VALID',
      /is not valid yet \(valid from /,
    ],
    ['is self-signed', own, 'DEPTH_ZERO_SELF_SIGNED_CERT', /is self-signed, .* give it as `ca`/],
    [
      'has an unknown issuer',
      server,
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      /not known here \(CN=test authority\)/,
      { ca: stranger.cert },
    ],
    [
      'brings an untrusted root along',
      { key: withRoot.key, cert: withRoot.cert + stranger.cert },
      'SELF_SIGNED_CERT_IN_CHAIN',
      /an authority that is not trusted/,
    ],
    [
      'has an issuer that may not issue',
      ((leaf) => ({ key: leaf.key, cert: leaf.cert + middle.cert }))(
        certificate({ hosts: ['localhost'], issuer: middle }),
      ),
      'INVALID_CA',
      /may not issue any/,
    ],
    [
      'is for another host',
      issued({ hosts: ['other.example', '*.other.example'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /not for 'localhost' but for DNS:other.example, DNS:\*\.other\.example/,
    ],
    [
      'has the host in its subject only',
      certificate({ name: 'localhost', issuer: authority }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /no subjectAltName/,
    ],
    [
      'is for another address',
      issued({ addresses: ['127.0.0.2'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /not for '127.0.0.1'/,
      { servername: '127.0.0.1' },
    ],
    [
      'has the address as a name',
      issued({ hosts: ['127.0.0.1'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /not for '127.0.0.1'/,
      { servername: '127.0.0.1' },
    ],
    [
      'has a wildcard over two labels',
      issued({ hosts: ['*.example.com'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /a\.b\.example\.com/,
      { servername: 'a.b.example.com' },
    ],
    [
      'has a wildcard within a label',
      issued({ hosts: ['f*.example.com'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /foo\.example\.com/,
      { servername: 'foo.example.com' },
    ],
    ['is for clients', issued({ usage: 'client' }), 'INVALID_PURPOSE', /not meant for this side/],
    [
      'was forged',
      ((forged) => ({ key: forged.key, cert: forged.cert }))(
        certificate({ hosts: ['localhost'], issuer: { ...stranger, name: authority.name } }),
      ),
      'CERT_SIGNATURE_FAILURE',
      /forged/,
    ],
  ];
  for (const [title, show, code, message, connect = {}] of cases) {
    it(title, () =>
      run(function* () {
        for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
          const { client, server: told } = yield* shake(
            { cert: show.cert, key: show.key },
            { ...connect, maxVersion: version },
          );
          assert.equal(client?.code, code, String(client));
          assert.match(client.message, message);
          assert.equal(client.port !== undefined && client.address, '127.0.0.1');
          assert.match((told as PawlError).code, /^ERR_SSL_.*ALERT_/, 'the server is told');
        }
        // Where that is wanted it can be used all the same, and says what is wrong.
        using listener = yield* TlsListener.bind(0, { cert: show.cert, key: show.key });
        const [far, stream] = yield* join([
          listener.accept(),
          TlsStream.connect(listener.localAddress, { ...trusting, ...connect, rejectUnauthorized: false }),
        ]);
        assert.deepEqual([stream.authorized, stream.authorizationError], [false, code]);
        far.close();
        stream.close();
      }),
    );
  }

  for (const [title, show, code] of [
    ['has too small a key', issued({ rsa: 1024 }), 'EE_KEY_TOO_SMALL'],
    ['is signed with SHA-1', issued({ hash: 'sha1' }), 'CA_MD_TOO_WEAK'],
  ] as const) {
    it(title, async () => {
      // Ours would not even show it.
      const node = await nodeServer({ cert: show.cert, key: show.key, ciphers: 'DEFAULT@SECLEVEL=0' });
      const error = await run(failure(TlsStream.connect(node.port, trusting)));
      node.close();
      assert.equal(error.code, code, error.message);
    });
  }

  it('is one of ours, where only Node’s default authorities are trusted', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, serving);
      const accepting = spawn(failure(listener.accept()));
      const error = yield* failure(TlsStream.connect(listener.localAddress, { servername: 'localhost' }));
      assert.equal(error.code, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
      listener.close();
      yield* accepting;
    }));
});

describe('a certificate that is accepted', () => {
  const accepted: [title: string, show: CertificateOptions, connect: TlsConnectOptions][] = [
    ['names the host', {}, {}],
    ['names the host in another case', { hosts: ['LocalHost'] }, { servername: 'LOCALHOST' }],
    ['names the host, which was given with a final dot', {}, { servername: 'localhost.' }],
    ['names the address', { addresses: ['127.0.0.1'] }, { servername: '127.0.0.1' }],
    ['has a wildcard for one label', { hosts: ['*.example.com'] }, { servername: 'a.example.com' }],
    ['names a host that is not ASCII', { hosts: ['xn--bcher-kva.example'] }, { servername: 'bücher.example' }],
    ['is for servers', { usage: 'server' }, {}],
    ['is of an RSA key', { rsa: 2048 }, {}],
  ];
  for (const [title, show, connect] of accepted) {
    it(title, () =>
      run(function* () {
        const { client, server: told } = yield* shake(issued(show), connect);
        assert.equal(client, null);
        assert.equal(told, null);
      }),
    );
  }

  it('comes through an intermediate one', () =>
    run(function* () {
      const between = certificate({ name: 'between', ca: true, issuer: authority });
      const leaf = certificate({ hosts: ['localhost'], issuer: between });
      assert.deepEqual(yield* shake({ cert: leaf.cert + between.cert, key: leaf.key }, {}), {
        client: null,
        server: null,
      });
      const missing = yield* shake({ cert: leaf.cert, key: leaf.key }, {});
      assert.equal(missing.client?.code, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
      assert.match(missing.client.message, /must send the intermediate certificates/);
    }));

  it('is trusted by what Node trusts by default, also when that has been changed', async () => {
    const { code, stdout } = await runScript(`
      import * as tls from 'node:tls';
      import { join, run } from 'pawl';
      import { TlsListener, TlsStream } from 'pawl/net';
      const connect = () => run(function* () {
        using listener = yield* TlsListener.bind(0, { cert: ${JSON.stringify(server.cert)}, key: ${JSON.stringify(server.key)} });
        const [far, near] = yield* join([listener.accept(), TlsStream.connect(listener.localAddress)]);
        far.close();
        near.close();
      });
      let refused;
      await connect().catch((error) => { refused = error.code; });
      tls.setDefaultCACertificates([${JSON.stringify(authority.cert)}]);
      await connect();
      console.log(refused);
    `);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY\n' });
  });
});

describe('a client’s certificate', () => {
  const good = certificate({ name: 'client', issuer: authority });
  const alien = certificate({ name: 'client', issuer: stranger });
  const asking = { requestCert: true, ca: authority.cert };

  it('is verified, and told', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, { ...serving, ...asking });
      const [far, near] = yield* join([
        listener.accept(),
        TlsStream.connect(listener.localAddress, { ...trusting, cert: good.cert, key: good.key }),
      ]);
      assert.equal(far.authorized, true);
      assert.equal(far.peerCertificate?.subject, 'CN=client');
      far.close();
      near.close();
    }));

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is missing or not trusted, in ${version}`, () =>
      run(function* () {
        const missing = yield* shake(asking, { maxVersion: version });
        assert.equal((missing.server as PawlError).code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
        assert.match((missing.server as PawlError).message, /the client gave no certificate/);
        assert.match(missing.client!.code, /ALERT_CERTIFICATE_REQUIRED$|ALERT_HANDSHAKE_FAILURE$/);
        assert.match(missing.client!.message, /client certificate/);
        const unknown = yield* shake(asking, { maxVersion: version, cert: alien.cert, key: alien.key });
        assert.equal((unknown.server as PawlError).code, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
        assert.match((unknown.server as PawlError).message, /the certificate of the client was issued by somebody/);
        assert.match(unknown.client!.code, /ALERT_UNKNOWN_CA$/);
      }));
  }

  it('may be missing where the server only asks, which then says so', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, { ...serving, ...asking, rejectUnauthorized: false });
      const [far, near] = yield* join([listener.accept(), TlsStream.connect(listener.localAddress, trusting)]);
      assert.deepEqual([far.authorized, far.authorizationError, far.peerCertificate], [false, null, null]);
      far.close();
      near.close();
      const [other, alienClient] = yield* join([
        listener.accept(),
        TlsStream.connect(listener.localAddress, { ...trusting, cert: alien.cert, key: alien.key }),
      ]);
      // Where verification goes on after an error, the last one is told.
      assert.deepEqual([other.authorized, other.authorizationError], [false, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
      assert.equal(other.peerCertificate?.subject, 'CN=client');
      other.close();
      alienClient.close();
    }));
});

describe('a handshake', () => {
  it('fails without a common version', () =>
    run(function* () {
      const { client, server: told } = yield* shake({ minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' });
      assert.match(client!.code, /ALERT_PROTOCOL_VERSION$/);
      assert.match(client!.message, /no version of TLS in common/);
      assert.match((told as PawlError).code, /^ERR_SSL_UNSUPPORTED_PROTOCOL$/);
    }));

  it('fails without a common cipher', async () => {
    // An elliptic key serves no cipher that is for RSA keys.
    const node = await nodeServer({
      cert: server.cert,
      key: server.key,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
    });
    const error = await run(failure(TlsStream.connect(node.port, trusting)));
    node.close();
    assert.match(error.code, /ALERT_HANDSHAKE_FAILURE$/);
    assert.match(error.message, /no cipher, key or version in common/);
    await run(function* () {
      let told: unknown;
      using listener = yield* TlsListener.bind(0, {
        ...serving,
        onHandshakeError: (failed) => {
          told = failed;
          listener.close();
        },
      });
      const { port } = listener.localAddress;
      const client = tls.connect({
        port,
        host: '127.0.0.1',
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
      });
      client.on('error', () => {});
      yield* failure(listener.accept());
      assert.equal((told as PawlError).code, 'ERR_SSL_NO_SHARED_CIPHER');
      assert.match((told as PawlError).message, /no cipher in common/);
    });
  });

  it('fails without a common application protocol, if both sides name some', () =>
    run(function* () {
      const { client, server: told } = yield* shake({ alpn: ['h2'] }, { alpn: ['http/1.1'] });
      assert.match(client!.code, /ALERT_NO_APPLICATION_PROTOCOL$/);
      assert.match((told as PawlError).code, /NO_APPLICATION_PROTOCOL$|NO_PROTOCOL/);
      assert.deepEqual(yield* shake({ alpn: ['h2'] }, {}), { client: null, server: null });
      assert.deepEqual(yield* shake({}, { alpn: ['h2'] }), { client: null, server: null });
    }));

  it('is refused to plain HTTP', () =>
    run(function* () {
      let told: unknown;
      using listener = yield* TlsListener.bind(0, {
        ...serving,
        onHandshakeError: (error) => {
          told = error;
          listener.close();
        },
      });
      using client = yield* TcpStream.connect(listener.localAddress);
      yield* client.writeAll(bytes('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'));
      yield* failure(listener.accept());
      assert.equal((told as PawlError).code, 'ERR_SSL_HTTP_REQUEST');
      assert.match((told as PawlError).message, /plain HTTP was spoken to a TLS port/);
    }));

  it('fails at a server that speaks plain HTTP', () =>
    run(function* () {
      using listener = yield* TcpListener.bind(0);
      const plain = spawn(
        coroutine(function* () {
          using stream = yield* listener.accept();
          yield* stream.read(new Uint8Array(100));
          yield* stream.writeAll(bytes('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
          yield* stream.shutdown();
        })(),
      );
      const error = yield* failure(TlsStream.connect(listener.localAddress, trusting));
      assert.equal(error.code, 'ERR_SSL_WRONG_VERSION_NUMBER');
      assert.match(error.message, /not TLS: does the other side speak plain HTTP/);
      yield* plain;
    }));

  it('fails when the other side ends or resets the connection', () =>
    run(function* () {
      using listener = yield* TcpListener.bind(0);
      for (const [reset, code] of [
        [false, 'TLS_TRUNCATED'],
        [true, 'ECONNRESET'],
      ] as const) {
        const [, error] = yield* join([
          coroutine(function* () {
            const stream = yield* listener.accept();
            yield* stream.read(new Uint8Array(10_000));
            if (reset) stream.reset();
            else stream.close();
          })(),
          failure(TlsStream.connect(listener.localAddress, trusting)),
        ]);
        assert.equal(error.code, code, error.message);
      }
    }));

  it('has its time', () =>
    run(function* () {
      using listener = yield* TcpListener.bind(0);
      const error = yield* failure(TlsStream.connect(listener.localAddress, { ...trusting, timeout: 5 }));
      assert.equal(error.code, 'TIMEOUT');
      assert.match(error.message, /with the TLS handshake, took more than 5 ms/);
      using stream = yield* TcpStream.connect(listener.localAddress);
      const over = yield* failure(TlsStream.over(stream, { servername: 'localhost', timeout: 5 }));
      assert.equal(over.code, 'TIMEOUT');
      assert.ok(stream.closed);
    }));
});
