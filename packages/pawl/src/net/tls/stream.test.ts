import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, integer, sample } from 'fast-check';
import { blockOn, coroutine, type Future, join, type PawlError, PENDING, run, sleep, spawn, timeout } from 'pawl';
import { BufferedReader, copy, readExact } from 'pawl/io';
import { defaultDriver } from '../../driver/default.ts';
import type { TimerEntry } from '../../driver/driver.ts';
import { takeError } from '../../sys/ssl/failure.ts';
import { openssl } from '../../sys/ssl/functions.ts';
import { HandContext } from '../../../test/support/jobs.ts';
import { bytes, failure, pair, text } from '../../../test/support/loopback.ts';
import { authority, securePair, server, serving, trusting } from '../../../test/support/secure.ts';
import { TcpListener, TcpStream, TlsListener, TlsStream } from '../index.ts';

/** Runs until the driver holds as much as before: what lingers is told of. */
async function clean(main: () => Future<unknown>): Promise<void> {
  const { descriptors, timers, waiting } = defaultDriver().metrics;
  await run(main());
  const after = defaultDriver().metrics;
  assert.deepEqual(
    { descriptors: after.descriptors, timers: after.timers, waiting: after.waiting },
    { descriptors, timers, waiting },
  );
}

const take = coroutine(function* (from: TlsStream, count: number) {
  const target = new Uint8Array(count);
  yield* readExact(from, target);
  return text(target);
});

const exchange = coroutine(function* (from: TlsStream, to: TlsStream, what: string) {
  yield* from.writeAll(bytes(what));
  return yield* take(to, what.length);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const only = { minVersion: version, maxVersion: version };

  describe(`a stream of ${version}`, () => {
    it('carries bytes both ways, and says with what', () =>
      clean(
        coroutine(function* () {
          using ends = yield* securePair(only);
          const { client, server: far } = ends;
          assert.equal(yield* exchange(client, far, 'hello'), 'hello');
          assert.equal(yield* exchange(far, client, 'and back'), 'and back');
          for (const end of [client, far]) {
            assert.equal(end.protocol, version);
            assert.match(end.cipher, /AES|CHACHA20/);
            assert.equal(end.alpn, null);
            assert.equal(end.servername, 'localhost');
          }
          assert.equal(client.authorized, true);
          assert.equal(client.authorizationError, null);
          assert.equal(client.peerCertificate?.subject, 'CN=server');
          assert.equal(far.authorized, false);
          assert.equal(far.peerCertificate, null);
        }),
      ));

    it('ends a direction by shutdown and goes on with the other', () =>
      clean(
        coroutine(function* () {
          using ends = yield* securePair(only);
          const { client, server: far } = ends;
          yield* client.writeAll(bytes('last'));
          yield* client.shutdown();
          assert.equal(text(yield* new BufferedReader(far).readToEnd()), 'last');
          assert.equal((yield* failure(client.write(bytes('more')))).code, 'EPIPE');
          // RFC 8446, 6.1; in TLS 1.2 OpenSSL as well lets the other direction be.
          assert.equal(yield* exchange(far, client, 'answer'), 'answer');
          far.close();
          assert.equal(yield* client.read(new Uint8Array(1)), 0);
          assert.equal(yield* client.read(new Uint8Array(1)), 0);
        }),
      ));

    it('takes an end without close_notify for a truncation, after what had come', () =>
      clean(
        coroutine(function* () {
          using listener = yield* TlsListener.bind(0, { ...serving, ...only });
          using tcp = yield* TcpStream.connect(listener.localAddress);
          const [far, client] = yield* join([
            listener.accept(),
            TlsStream.over(tcp, { ...trusting, servername: 'localhost' }),
          ]);
          using _far = far;
          using _client = client;
          yield* client.writeAll(bytes('cut'));
          client.handle.transport.shutdown('write');
          assert.equal(yield* take(far, 3), 'cut');
          const first = yield* failure(far.read(new Uint8Array(1)));
          assert.equal(first.code, 'TLS_TRUNCATED');
          assert.match(first.message, /without TLS's close_notify/);
          assert.equal((yield* failure(far.read(new Uint8Array(1)))).code, 'TLS_TRUNCATED');
        }),
      ));

    it('holds a writer back until the reader has made room, and loses nothing', () =>
      clean(
        coroutine(function* () {
          using ends = yield* securePair(only);
          const { client, server: far } = ends;
          const total = 8 * 1024 * 1024;
          const sent = new Uint8Array(total);
          for (let i = 0; i < total; i++) sent[i] = (i * 7) % 251;
          const writing = client.writeAll(sent);
          const writer = spawn(writing);
          // The peer does not read: it comes to rest before the end.
          for (let last = -1; last !== writing.written;) {
            last = writing.written;
            yield* sleep(5);
          }
          assert.ok(writing.written < total, `${writing.written} bytes went to nobody`);
          const got = new Uint8Array(total);
          for (let at = 0; at < total;) at += yield* far.read(got.subarray(at));
          yield* writer;
          assert.ok(Buffer.from(got).equals(Buffer.from(sent)));
        }),
      ));

    it('fails when a byte on the way was changed, and says so to the peer', () =>
      clean(
        coroutine(function* () {
          using wire = yield* pair();
          using listener = yield* TlsListener.bind(0, { ...serving, ...only });
          using upstream = yield* TcpStream.connect(listener.localAddress);
          let tamper = false;
          const forward = spawn(
            coroutine(function* () {
              const buffer = new Uint8Array(65_536);
              for (;;) {
                const count = yield* wire.server.read(buffer);
                if (count === 0) return;
                if (tamper) buffer[count - 1]! ^= 1;
                yield* upstream.writeAll(buffer.subarray(0, count));
              }
            })(),
          );
          const backward = spawn(copy(upstream, wire.server));
          const [far, client] = yield* join([
            listener.accept(),
            TlsStream.over(wire.client, { ...trusting, servername: 'localhost' }),
          ]);
          using _far = far;
          using _client = client;
          assert.equal(yield* exchange(client, far, 'whole'), 'whole');
          tamper = true;
          yield* client.writeAll(bytes('changed'));
          const error = yield* failure(far.read(new Uint8Array(10)));
          assert.match(error.code, /^ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC$|^ERR_SSL_BAD_RECORD_MAC$/);
          assert.match((yield* failure(client.read(new Uint8Array(1)))).code, /ALERT_BAD_RECORD_MAC$/);
          // A broken session neither reads nor writes any more.
          assert.equal((yield* failure(far.read(new Uint8Array(10)))).code, error.code);
          assert.equal((yield* failure(far.write(bytes('x')))).code, error.code);
          forward.abort();
          backward.abort();
        }),
      ));
  });
}

describe('a TLS stream', () => {
  it('keeps the bytes and their order, however they are cut', () =>
    clean(
      coroutine(function* () {
        const size = integer({ min: 1, max: 100_000 });
        for (const [writes, reads] of sample(
          array(array(size, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 2 }),
          {
            seed: 3,
            numRuns: 6,
          },
        )) {
          using ends = yield* securePair();
          const { client, server: far } = ends;
          const writer = spawn(
            coroutine(function* () {
              let at = 0;
              for (const length of writes!) {
                const chunk = Uint8Array.from({ length }, (_, i) => (at + i) % 251);
                for (let sent = 0; sent < length;) {
                  const rest = chunk.subarray(sent);
                  const half = rest.length >> 1;
                  sent += yield* length % 2 === 0
                    ? client.write(rest)
                    : client.writeVectored([rest.subarray(0, half), rest.subarray(half)]);
                }
                at += length;
              }
              yield* client.shutdown();
              return at;
            })(),
          );
          let at = 0;
          for (let i = 0; ; i++) {
            const target = new Uint8Array(reads![i % reads!.length]!);
            const count = yield* far.read(target);
            if (count === 0) break;
            for (let j = 0; j < count; j++, at++) if (target[j] !== at % 251) assert.fail(`byte ${at} is wrong`);
          }
          assert.equal(at, yield* writer);
        }
      }),
    ));

  it('keeps what comes for the read after a cancelled one', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const target = new Uint8Array(4);
        assert.equal((yield* failure(timeout(5, ends.server.read(target)))).code, 'TIMEOUT');
        yield* ends.client.writeAll(bytes('late'));
        assert.equal(yield* ends.server.read(target), 4);
        assert.equal(text(target), 'late');
      }),
    ));

  it('has written nothing when a write is cancelled', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const { client, server: far } = ends;
        const block = new Uint8Array(16_384).fill(1);
        let sent = 0;
        for (;;) {
          try {
            sent += yield* timeout(5, client.write(block));
          } catch {
            break;
          }
        }
        const reader = spawn(new BufferedReader(far).readToEnd({ limit: sent + 10 }));
        yield* client.writeAll(bytes('end'));
        yield* client.shutdown();
        const got = yield* reader;
        assert.equal(got.length, sent + 3);
        assert.equal(text(got.subarray(sent)), 'end');
      }),
    ));

  it('lets one task use a direction, and tells a second one', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const reader = spawn(ends.client.read(new Uint8Array(1)));
        yield* sleep(0);
        assert.equal((yield* failure(ends.client.read(new Uint8Array(1)))).code, 'BUSY');
        yield* ends.server.writeAll(bytes('x'));
        assert.equal(yield* reader, 1);
      }),
    ));

  it('wakes whoever waits when it is closed', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const { client } = ends;
        const reader = spawn(failure(client.read(new Uint8Array(1))));
        const writer = spawn(failure(client.writeAll(new Uint8Array(32 * 1024 * 1024))));
        yield* sleep(5);
        client.close();
        assert.ok(client.closed);
        assert.equal((yield* reader).code, 'CLOSED');
        assert.equal((yield* writer).code, 'CLOSED');
        for (const use of [
          client.read(new Uint8Array(1)),
          client.write(bytes('x')),
          client.shutdown(),
          client.flush(),
        ]) {
          assert.equal((yield* failure(use)).code, 'CLOSED');
        }
        assert.throws(() => client.peerCertificate, { code: 'CLOSED' });
        client.close();
        client.reset();
        client.handle.abandon();
      }),
    ));

  it('sends, after a close, what had been written', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const { client, server: far } = ends;
        const block = new Uint8Array(48 * 1024);
        let sent = 0;
        while (client.handle.outbox.empty) sent += yield* client.write(block);
        client.close();
        const reader = new BufferedReader(far);
        const rest = yield* reader.readToEnd({ limit: sent + 1 });
        assert.equal(rest.length, sent);
        // Its descriptor goes when the last byte has.
        for (let turns = 0; !client.handle.transport.closed; turns++) {
          assert.ok(turns < 1000);
          yield* sleep(1);
        }
      }),
    ));

  it('loses nothing of what it wrote when it is closed at once, with tickets of the server unread', () =>
    clean(
      coroutine(function* () {
        for (let i = 0; i < 20; i++) {
          const { client, server: far } = yield* securePair();
          yield* client.writeAll(bytes('all of it'));
          client.close();
          assert.equal(text(yield* new BufferedReader(far).readToEnd()), 'all of it');
          far.close();
        }
      }),
    ));

  it('gives up what a peer does not read, five seconds after the close', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const { client } = ends;
        const block = new Uint8Array(48 * 1024);
        while (client.handle.outbox.empty) yield* client.write(block);
        const set: { entry: TimerEntry; deadline: number }[] = [];
        const timers = {
          insert: (entry: TimerEntry, deadline: number) => set.push({ entry, deadline }),
          cancel: () => set.pop(),
        };
        client.handle.outbox.runtime = { driver: { timers, refresh: () => 100 } };
        client.close();
        assert.ok(!client.handle.transport.closed);
        assert.equal(set[0]?.deadline, 5100);
        set[0].entry.onTimer();
        assert.equal(set.length, 0);
        assert.ok(client.handle.transport.closed);
      }),
    ));

  it('resets at once', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        ends.client.reset();
        assert.ok(ends.client.closed);
        assert.equal((yield* failure(ends.server.read(new Uint8Array(1)))).code, 'ECONNRESET');
      }),
    ));

  it('flushes what the kernel has not taken', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const { client, server: far } = ends;
        const block = new Uint8Array(48 * 1024);
        let sent = 0;
        while (client.handle.outbox.empty) sent += yield* client.write(block);
        assert.equal((yield* failure(timeout(5, client.flush()))).code, 'TIMEOUT');
        const flushing = spawn(client.flush());
        const target = new Uint8Array(65_536);
        let got = 0;
        while (got < sent) got += yield* far.read(target);
        yield* flushing;
        assert.ok(client.handle.outbox.empty);
      }),
    ));

  it('tells of a hang-up, as its connection does', () =>
    clean(
      coroutine(function* () {
        using ends = yield* securePair();
        const cx = new HandContext(defaultDriver());
        assert.equal(ends.server.handle.pollHangup(cx), PENDING);
        ends.client.reset();
        while (cx.woken === 0) yield* sleep(1);
        assert.equal(ends.server.handle.pollHangup(cx), undefined);
      }),
    ));

  it('goes over another TLS stream, as to a proxy that speaks TLS', () =>
    clean(
      coroutine(function* () {
        using inner = yield* TlsListener.bind(0, serving);
        using outer = yield* TlsListener.bind(0, serving);
        const proxy = spawn(
          coroutine(function* () {
            using near = yield* outer.accept();
            using far = yield* TcpStream.connect(inner.localAddress);
            const [inwards, outwards] = near.split();
            yield* join([copy(inwards, far), copy(far, outwards)]);
          })(),
        );
        using tunnel = yield* TlsStream.connect(outer.localAddress, trusting);
        const [far, client] = yield* join([
          inner.accept(),
          TlsStream.over(tunnel, { ...trusting, servername: 'localhost', timeout: 5000 }),
        ]);
        using _far = far;
        using _client = client;
        assert.equal(yield* exchange(client, far, 'twice wrapped'), 'twice wrapped');
        assert.equal((yield* failure(tunnel.read(new Uint8Array(1)))).code, 'BUSY');
        proxy.abort();
      }),
    ));

  it('works inside blockOn', () => {
    blockOn(
      coroutine(function* () {
        using ends = yield* securePair();
        assert.equal(yield* exchange(ends.client, ends.server, 'blocking'), 'blocking');
        assert.equal(yield* exchange(ends.server, ends.client, 'gnikcolb'), 'gnikcolb');
      })(),
    );
  });

  it('keeps nothing: hundreds of handshakes leave the memory of the process where it was', () =>
    clean(
      coroutine(function* () {
        const many = coroutine(function* (count: number) {
          using listener = yield* TlsListener.bind(0, serving);
          for (let i = 0; i < count; i++) {
            const [far, client] = yield* join([listener.accept(), TlsStream.connect(listener.localAddress, trusting)]);
            client.close();
            far.close();
          }
        });
        yield* many(300);
        // What is not JavaScript's: its heap grows by its own rules.
        const native = (): number => {
          const { rss, heapTotal, external } = process.memoryUsage();
          return rss - heapTotal - external;
        };
        const before = native();
        yield* many(500);
        const grown = (native() - before) / 500;
        // A session that is not freed holds 20 KiB and more.
        assert.ok(grown < 10_000, `${grown} bytes a handshake`);
      }),
    ));

  it('leaves no error of its own to Node’s cryptography, and takes none of its', () =>
    clean(
      coroutine(function* () {
        using listener = yield* TlsListener.bind(0, serving);
        const queue = (): string | undefined => takeError()?.code;
        for (const servername of ['localhost', 'elsewhere']) {
          const accepting = spawn(listener.accept());
          try {
            using stream = yield* TlsStream.connect(listener.localAddress, { ...trusting, servername });
            assert.equal(stream.servername, 'localhost');
            (yield* accepting).close();
          } catch (error) {
            assert.equal((error as PawlError).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
            accepting.abort();
          }
          assert.equal(queue(), undefined);
        }
        using ends = yield* securePair({}, { servername: '127.0.0.1' });
        assert.equal(ends.client.servername, null);
        // An error that somebody else has left there.
        openssl().PEM_read_bio_X509(openssl().BIO_new(openssl().BIO_s_mem()), 0n, 0n, '');
        const reading = spawn(take(ends.server, 5));
        yield* sleep(0);
        assert.equal(yield* exchange(ends.server, ends.client, 'there'), 'there');
        yield* ends.client.writeAll(bytes('hello'));
        assert.equal(yield* reading, 'hello');
      }),
    ));

  it('refuses options that cannot be', () => {
    const bad: [options: object, code: string][] = [
      [{ minVersion: 'TLSv1' }, 'BAD_ARGUMENT'],
      [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, 'BAD_ARGUMENT'],
      [{ alpn: [''] }, 'BAD_ARGUMENT'],
      [{ alpn: ['x'.repeat(256)] }, 'BAD_ARGUMENT'],
      [{ alpn: 'h2' }, 'BAD_ARGUMENT'],
      [{ ca: 7 }, 'BAD_ARGUMENT'],
      [{ cert: server.cert }, 'BAD_ARGUMENT'],
      [{ timeout: Number.NaN }, 'BAD_ARGUMENT'],
      [{ servername: '' }, 'BAD_ADDRESS'],
      [{ servername: 'a b' }, 'BAD_ADDRESS'],
    ];
    for (const [options, code] of bad) {
      assert.throws(() => TlsStream.connect(1, options), { code }, JSON.stringify(options));
    }
    assert.throws(() => TlsStream.connect(0), { code: 'BAD_PORT' });
    assert.throws(() => TlsStream.over({} as never, { servername: 'x' }), { code: 'BAD_ARGUMENT' });
  });

  it('refuses certificates and keys that cannot be read, and closes the connection', () =>
    clean(
      coroutine(function* () {
        using listener = yield* TcpListener.bind(0);
        const to = listener.localAddress;
        const cases: [options: object, code: string | RegExp][] = [
          [{ ca: 'no PEM' }, 'BAD_ARGUMENT'],
          [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }, /^ERR_OSSL_/],
          [{ cert: 'none', key: server.key }, 'BAD_ARGUMENT'],
          [{ cert: server.cert, key: 'none' }, 'BAD_ARGUMENT'],
          [{ cert: server.cert, key: authority.key }, /^ERR_OSSL_X509_.*KEY_VALUES_MISMATCH$/],
        ];
        for (const [options, code] of cases) {
          const error = yield* failure(TlsStream.connect(to, options));
          assert.match(error.code, code instanceof RegExp ? code : new RegExp(`^${code}$`), error.message);
        }
      }),
    ));
});
