import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockOn, coroutine, race, spawn, yieldNow } from 'pawl';
import { bytes, failure, pair, text } from '../../test/support/loopback.ts';
import { TcpListener, TcpStream } from './index.ts';

describe('a TCP stream', () => {
  it('carries bytes both ways and ends with 0', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const buffer = new Uint8Array(16);
      yield* client.writeAll(bytes('ping'));
      assert.equal(yield* server.read(buffer), 4);
      assert.equal(text(buffer.subarray(0, 4)), 'ping');
      yield* server.writeAll(bytes('pong'));
      assert.equal(yield* client.read(buffer), 4);
      assert.equal(text(buffer.subarray(0, 4)), 'pong');
      client.close();
      assert.equal(yield* server.read(buffer), 0);
      assert.equal(yield* server.read(buffer), 0);
    });
  });

  it('knows both addresses', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      assert.deepEqual(server.remoteAddress, client.localAddress);
      assert.deepEqual(server.localAddress.port, client.remoteAddress.port);
    });
  });

  it('moves more than the kernel buffers, with back-pressure', () => {
    const size = 8 * 1024 * 1024;
    const source = Uint8Array.from({ length: size }, (_, i) => i % 251);
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const sender = coroutine(function* () {
        yield* client.writeAll(source);
        client.close();
      });
      const sending = spawn(sender());
      const received = new Uint8Array(size);
      let at = 0;
      for (;;) {
        const count = yield* server.read(received.subarray(at));
        if (count === 0) break;
        at += count;
      }
      yield* sending;
      assert.equal(at, size);
      assert.ok(Buffer.from(received.buffer).equals(source));
    });
  });

  it('reads nothing at once into an empty target', () => {
    blockOn(function* () {
      using both = yield* pair();
      assert.equal(yield* both.client.read(new Uint8Array(0)), 0);
    });
  });

  it('shut down on one side is read to the end and still reads', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const buffer = new Uint8Array(16);
      yield* client.writeAll(bytes('last'));
      yield* client.shutdown();
      assert.equal(yield* server.read(buffer), 4);
      assert.equal(yield* server.read(buffer), 0);
      yield* server.writeAll(bytes('reply'));
      assert.equal(yield* client.read(buffer), 5);
      assert.equal((yield* failure(client.write(bytes('more')))).code, 'EPIPE');
    });
  });

  it('takes one reader and one writer at a time: another fails with BUSY and the first is unharmed', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const buffer = new Uint8Array(16);
      const first = spawn(client.read(buffer));
      yield* yieldNow();
      assert.equal((yield* failure(client.read(new Uint8Array(1)))).code, 'BUSY');
      yield* client.writeAll(bytes('the other direction is free'));
      yield* server.writeAll(bytes('data'));
      assert.equal(yield* first, 4);
      assert.equal(text(buffer.subarray(0, 4)), 'data');
      yield* server.writeAll(bytes('again'));
      assert.equal(yield* client.read(buffer), 5);
    });
  });

  it('loses nothing when a read is cancelled', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const buffer = new Uint8Array(16);
      yield* race<unknown>([client.read(buffer), yieldNow()]);
      yield* server.writeAll(bytes('kept'));
      assert.equal(yield* client.read(buffer), 4);
      assert.equal(text(buffer.subarray(0, 4)), 'kept');
    });
  });
});

describe('a TCP listener', () => {
  it('gives each connection once', () => {
    blockOn(function* () {
      using listener = yield* TcpListener.bind('127.0.0.1:0');
      for (let i = 0; i < 10; i++) {
        using client = yield* TcpStream.connect(listener.localAddress);
        using server = yield* listener.accept();
        assert.deepEqual(server.remoteAddress, client.localAddress);
      }
    });
  });

  it('whose accept waits ends with CLOSED when it is closed', () => {
    blockOn(function* () {
      const listener = yield* TcpListener.bind(0);
      const accepting = spawn(failure(listener.accept()));
      yield* yieldNow();
      listener.close();
      listener.close();
      assert.equal((yield* accepting).code, 'CLOSED');
    });
  });
});
