import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coroutine, join, race, sleep, spawn, timeout } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { cancelEverywhere } from '../../../test/support/cancel-everywhere.ts';
import { bytes } from '../../../test/support/loopback.ts';
import { serving, trusting } from '../../../test/support/secure.ts';
import { TcpListener, TcpStream, TlsListener, TlsStream } from '../index.ts';

describe('a program with TLS that is cancelled at any suspension', () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`leaks nothing of a handshake, a stream and a child, in ${maxVersion}`, async () => {
      let finished = 0;
      const suspensions = await cancelEverywhere(function* (watch) {
        using listener = yield* TlsListener.bind(0, { ...serving, maxVersion });
        const serve = coroutine(function* () {
          using stream = yield* listener.accept();
          const reader = new BufferedReader(stream);
          for (;;) {
            const line = yield* reader.readLine();
            if (line === null) return;
            yield* sleep(1);
            yield* stream.writeAll(bytes(`${line}!\n`));
          }
        });
        const child = spawn(watch(serve()), { name: 'server' });
        using client = yield* TlsStream.connect(listener.localAddress, { ...trusting, timeout: 5000 });
        const reader = new BufferedReader(client);
        for (const word of ['one', 'two']) {
          yield* client.writeAll(bytes(`${word}\n`));
          assert.equal(yield* timeout(5000, reader.readLine()), `${word}!`);
        }
        yield* client.shutdown();
        yield* child;
        finished++;
      });
      assert.ok(suspensions >= 8, `${suspensions} suspensions`);
      assert.ok(finished >= 1);
    });
  }

  it('leaks nothing when each byte of the handshake comes by itself', async () => {
    const suspensions = await cancelEverywhere(
      function* (watch) {
        using listener = yield* TlsListener.bind(0, serving);
        using wire = yield* TcpListener.bind(0);
        const proxy = coroutine(function* () {
          using near = yield* wire.accept();
          using far = yield* TcpStream.connect(listener.localAddress, { noDelay: true });
          const drip = coroutine(function* (from: TcpStream, to: TcpStream, size: number) {
            const buffer = new Uint8Array(size);
            for (;;) {
              const count = yield* from.read(buffer);
              if (count === 0) return;
              yield* to.writeAll(buffer.subarray(0, count));
              yield* sleep(0);
            }
          });
          yield* race([drip(near, far, 150), drip(far, near, 150)]);
        });
        const accept = coroutine(function* () {
          using stream = yield* listener.accept();
          return yield* stream.read(new Uint8Array(1));
        });
        const connect = coroutine(function* () {
          using under = yield* TcpStream.connect(wire.localAddress);
          using stream = yield* TlsStream.over(under, { ...trusting, servername: 'localhost' });
          yield* stream.writeAll(bytes('x'));
          yield* stream.shutdown();
        });
        const task = spawn(proxy());
        const [got] = yield* join([watch(accept()), watch(connect())]);
        assert.equal(got, 1);
        task.abort();
      },
      { most: 300 },
    );
    assert.ok(suspensions >= 15, `${suspensions} suspensions`);
  });

  it('leaks nothing of clients that fail', async () => {
    await cancelEverywhere(function* (watch) {
      const told: unknown[] = [];
      using listener = yield* TlsListener.bind(0, { ...serving, onHandshakeError: (error) => told.push(error) });
      const accepting = spawn(watch(listener.accept()));
      const refuses = coroutine(function* () {
        try {
          yield* TlsStream.connect(listener.localAddress, { ca: serving.cert, servername: 'elsewhere' });
        } catch {
          return;
        }
        assert.fail('the certificate is for another host');
      });
      yield* join([watch(refuses()), watch(refuses())]);
      while (told.length < 2) yield* sleep(1);
      accepting.abort();
    });
  });
});
