import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Future, coroutine, join, type PawlError, race, run, sleep, spawn, timeout } from 'pawl';
import { defaultDriver } from '../../driver/default.ts';
import { tlsEngine } from '../../driver/tls.ts';
import { certificate } from '../../../test/support/certificates.ts';
import { bytes, failure, text } from '../../../test/support/loopback.ts';
import { authority, server, serving, trusting } from '../../../test/support/secure.ts';
import { TcpStream, TlsListener, TlsStream } from '../index.ts';
import { Identities } from './identities.ts';

/** A hello, ready to be sent in pieces. */
function hello(): Uint8Array {
  const session = tlsEngine().client({ host: 'localhost', alpn: [], verify: true, ca: [], identity: null });
  session.handshake();
  const target = new Uint8Array(8192);
  const count = session.take(target);
  session.free();
  return target.subarray(0, count);
}

const greet = coroutine(function* (listener: TlsListener, what: string) {
  using stream = yield* TlsStream.connect(listener.localAddress, trusting);
  yield* stream.writeAll(bytes(what));
  const target = new Uint8Array(100);
  return text(target.subarray(0, yield* stream.read(target)));
});

/** Answers each connection with what it says. */
const serve: (listener: TlsListener, count: number) => Future<void> = coroutine(function* (
  listener: TlsListener,
  count: number,
) {
  for (let i = 0; i < count; i++) {
    const stream = yield* listener.accept();
    spawn(
      coroutine(function* () {
        using _closed = stream;
        const target = new Uint8Array(100);
        const got = yield* stream.read(target);
        yield* stream.writeAll(target.subarray(0, got));
        yield* stream.read(target);
      })(),
    );
  }
});

describe('a TLS listener', () => {
  it('serves others while clients are silent, slow, wrong, or gone', () =>
    run(function* () {
      const told: string[] = [];
      using listener = yield* TlsListener.bind(0, {
        ...serving,
        onHandshakeError: (error) => told.push((error as PawlError).code),
      });
      const to = listener.localAddress;
      const silent = yield* TcpStream.connect(to);
      const slow = yield* TcpStream.connect(to);
      const wrong = yield* TcpStream.connect(to);
      const gone = yield* TcpStream.connect(to);
      yield* slow.writeAll(hello().subarray(0, 100));
      yield* wrong.writeAll(bytes('GET / HTTP/1.1\r\n\r\n'));
      yield* gone.writeAll(hello());
      gone.reset();
      const [, ...answers] = yield* join([
        serve(listener, 3),
        greet(listener, 'a'),
        greet(listener, 'b'),
        greet(listener, 'c'),
      ]);
      assert.deepEqual(answers, ['a', 'b', 'c']);
      assert.deepEqual(told.toSorted(), ['ECONNRESET', 'ERR_SSL_HTTP_REQUEST']);
      assert.equal(listener.clients.size, 2);
      for (const stream of [silent, slow, wrong]) stream.close();
    }));

  it('gives each handshake its time, and no more', () =>
    run(function* () {
      const told: PawlError[] = [];
      using listener = yield* TlsListener.bind(0, {
        ...serving,
        handshakeTimeout: 20,
        onHandshakeError: (error) => told.push(error as PawlError),
      });
      using silent = yield* TcpStream.connect(listener.localAddress);
      const accepting = spawn(failure(listener.accept()));
      // Its connection is closed.
      assert.equal(yield* silent.read(new Uint8Array(1)), 0);
      assert.deepEqual(
        told.map(({ code }) => code),
        ['TIMEOUT'],
      );
      assert.match(told[0]!.message, /took more than 20 ms/);
      assert.equal(told[0]!.port, silent.localAddress.port);
      listener.close();
      assert.equal((yield* accepting).code, 'CLOSED');
    }));

  it('has so many handshakes at the same time, and the next when one has ended', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, { ...serving, maxHandshakes: 2 });
      const silent = [yield* TcpStream.connect(listener.localAddress), yield* TcpStream.connect(listener.localAddress)];
      const both = join([serve(listener, 1), greet(listener, 'hello')]);
      const joined = spawn(both);
      yield* sleep(20);
      assert.equal(listener.clients.size, 2);
      silent[0]!.close();
      assert.equal((yield* joined)[1], 'hello');
      silent[1]!.close();
    }));

  it('goes on with a handshake when an accept was cancelled', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, serving);
      const client = spawn(greet(listener, 'patient'));
      // Cancelled at every few steps, it is done all the same.
      let stream: TlsStream | undefined;
      for (let i = 0; stream === undefined; i++) {
        assert.ok(i < 500);
        stream = yield* race([
          listener.accept(),
          coroutine(function* () {
            yield* sleep(0);
            return undefined;
          })(),
        ]);
      }
      const target = new Uint8Array(100);
      const got = yield* stream.read(target);
      yield* stream.writeAll(target.subarray(0, got));
      assert.equal(yield* client, 'patient');
      stream.close();
    }));

  it('holds nothing between two accepts', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, serving);
      using _silent = yield* TcpStream.connect(listener.localAddress);
      const { timers, waiting } = defaultDriver().metrics;
      assert.equal((yield* failure(timeout(10, listener.accept()))).code, 'TIMEOUT');
      assert.equal(listener.clients.size, 1);
      assert.deepEqual(
        { timers: defaultDriver().metrics.timers, waiting: defaultDriver().metrics.waiting },
        { timers, waiting },
      );
    }));

  it('lets one task accept, and closes what is under way when it is closed', () =>
    run(function* () {
      const listener = yield* TlsListener.bind(0, serving);
      using silent = yield* TcpStream.connect(listener.localAddress);
      const accepting = spawn(failure(listener.accept()));
      yield* sleep(5);
      assert.equal((yield* failure(listener.accept())).code, 'BUSY');
      assert.equal(listener.clients.size, 1);
      listener.close();
      listener.close();
      assert.ok(listener.closed);
      assert.equal((yield* accepting).code, 'CLOSED');
      assert.equal((yield* failure(listener.accept())).code, 'CLOSED');
      assert.equal(yield* silent.read(new Uint8Array(1)), 0);
    }));

  it('chooses credentials by the name that is asked for', () =>
    run(function* () {
      const other = certificate({ name: 'other', hosts: ['other.example'], issuer: authority });
      const rsa = certificate({ name: 'rsa', hosts: ['rsa.example'], issuer: authority, rsa: 2048 });
      const asked: string[] = [];
      const told: PawlError[] = [];
      using listener = yield* TlsListener.bind(0, {
        ...serving,
        sni: (name) => {
          asked.push(name);
          if (name === 'bad.example') throw new Error('no such host');
          return name === 'other.example' ? other : name === 'rsa.example' ? rsa : null;
        },
        onHandshakeError: (error) => told.push(error as PawlError),
      });
      for (const [servername, name] of [
        ['other.example', 'other'],
        ['Other.Example', 'other'],
        ['rsa.example', 'rsa'],
        ['localhost', 'server'],
        ['127.0.0.1', 'server'],
      ] as const) {
        const [far, near] = yield* join([
          listener.accept(),
          TlsStream.connect(listener.localAddress, { ...trusting, servername }),
        ]);
        assert.equal(near.peerCertificate?.subject, `CN=${name}`);
        assert.equal(far.servername, servername === '127.0.0.1' ? null : servername.toLowerCase());
        near.close();
        far.close();
      }
      assert.deepEqual(asked, ['other.example', 'other.example', 'rsa.example', 'localhost']);
      const accepting = spawn(failure(listener.accept()));
      yield* failure(TlsStream.connect(listener.localAddress, { ...trusting, servername: 'bad.example' }));
      assert.equal(told[0]?.message, 'no such host');
      listener.close();
      yield* accepting;
    }));

  it('agrees on the first of its own protocols that the client knows', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, { ...serving, alpn: ['h2', 'http/1.1'] });
      for (const [offered, chosen] of [
        [['http/1.1', 'h2'], 'h2'],
        [['x', 'http/1.1'], 'http/1.1'],
        [[], null],
      ] as const) {
        const [far, near] = yield* join([
          listener.accept(),
          TlsStream.connect(listener.localAddress, { ...trusting, alpn: offered }),
        ]);
        assert.deepEqual([near.alpn, far.alpn], [chosen, chosen]);
        near.close();
        far.close();
      }
    }));

  it('says, when it binds, what is wrong with its certificate or key', () =>
    run(function* () {
      const { descriptors } = defaultDriver().metrics;
      const encrypted = certificate({ name: 'encrypted' });
      const key = encrypted.privateKey.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'secret',
      });
      const cases: [options: Partial<Parameters<typeof TlsListener.bind>[1]>, code: RegExp][] = [
        [{ cert: 'none' }, /^BAD_ARGUMENT$/],
        [{ key: 'none' }, /^BAD_ARGUMENT$/],
        [{ key: authority.key }, /KEY_VALUES_MISMATCH$/],
        [{ cert: certificate({ rsa: 1024 }).cert }, /EE_KEY_TOO_SMALL$/],
        [{ ca: 'none', requestCert: true }, /^BAD_ARGUMENT$/],
        [{ cert: encrypted.cert, key }, /^BAD_ARGUMENT$/],
        [{ cert: encrypted.cert, key, passphrase: 'wrong' }, /^BAD_ARGUMENT$/],
      ];
      for (const [options, code] of cases) {
        assert.match((yield* failure(TlsListener.bind(0, { ...serving, ...options }))).code, code);
      }
      (yield* TlsListener.bind(0, { cert: encrypted.cert, key, passphrase: 'secret' })).close();
      assert.equal(defaultDriver().metrics.descriptors, descriptors);
      for (const options of [{ cert: 1 }, { key: 1 }, { maxHandshakes: 0 }, { handshakeTimeout: -1 }, { alpn: [1] }]) {
        assert.throws(() => TlsListener.bind(0, { ...serving, ...options } as never), { code: 'BAD_ARGUMENT' });
      }
    }));

  it('reads the credentials of one object once, of so many objects', () => {
    let live = 0;
    const engine = {
      ...tlsEngine(),
      identity: () => {
        live++;
        return { free: () => void live-- };
      },
    };
    const identities = new Identities(engine, server);
    const one = { ...server };
    assert.equal(identities.of(one), identities.of(one));
    for (let i = 0; i < 1000; i++) {
      identities.of({ ...server });
      if (i % 100 === 0) identities.of(one);
    }
    assert.equal(live, 501);
    const before = live;
    identities.of(one);
    assert.equal(live, before, 'what is used stays');
    identities.free();
    assert.equal(live, 0);
  });
});
