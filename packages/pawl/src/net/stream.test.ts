import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, property, uint8Array } from 'fast-check';
import { blockOn, coroutine, join, PawlError, race, spawn, yieldNow } from 'pawl';
import { BufferedReader, readExact, reunite } from 'pawl/io';
import { defaultDriver } from '../driver/default.ts';
import * as options from '../sys/socket-options.ts';
import { bytes, failure, pair, text } from '../../test/support/loopback.ts';
import { TcpListener, TcpStream } from './index.ts';

/** Bytes of which any two pieces of the kernel's sizes differ. */
function pattern(size: number): Uint8Array {
  const all = new Uint8Array(size);
  for (let i = 0; i < size; i++) all[i] = i % 251;
  return all;
}

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
    const source = pattern(size);
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

  it('takes one writer at a time: another, or a shutdown, fails with BUSY and the first is unharmed', () => {
    const source = pattern(8 * 1024 * 1024);
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const first = spawn(client.writeAll(source));
      yield* yieldNow();
      const others = [client.write(bytes('x')), client.writeAll(bytes('x')), client.writeVectored([bytes('x')])];
      for (const other of [...others, client.shutdown()]) assert.equal((yield* failure(other)).code, 'BUSY');
      const received = new Uint8Array(source.length);
      yield* join([readExact(server, received), first]);
      assert.ok(Buffer.from(received).equals(source));
      yield* client.shutdown();
      assert.equal(yield* server.read(new Uint8Array(1)), 0);
    });
  });

  it('loses nothing when a read is cancelled', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const buffer = new Uint8Array(16);
      const { waiting } = defaultDriver().metrics;
      yield* race<unknown>([client.read(buffer), yieldNow()]);
      assert.equal(defaultDriver().metrics.waiting, waiting);
      yield* server.writeAll(bytes('kept'));
      assert.equal(yield* client.read(buffer), 4);
      assert.equal(text(buffer.subarray(0, 4)), 'kept');
    });
  });

  it('resumes a write that was cancelled where it stopped', () => {
    const source = pattern(8 * 1024 * 1024);
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const writing = client.writeAll(source);
      yield* race<unknown>([writing, yieldNow()]);
      assert.ok(writing.written > 0 && writing.written < source.length);
      const rest = coroutine(function* () {
        yield* client.writeAll(source.subarray(writing.written));
        yield* client.shutdown();
      });
      const [received] = yield* join([new BufferedReader(server).readToEnd(), rest()]);
      assert.ok(Buffer.from(received).equals(source));
    });
  });

  it('has written nothing when a write is cancelled while it waits', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const { waiting } = defaultDriver().metrics;
      const filler = client.writeAll(new Uint8Array(8 * 1024 * 1024));
      yield* race<unknown>([filler, yieldNow()]);
      yield* race<unknown>([client.write(bytes('lost')), client.read(new Uint8Array(1)), yieldNow()]);
      yield* race<unknown>([client.writeVectored([bytes('lost')]), yieldNow()]);
      assert.equal(defaultDriver().metrics.waiting, waiting);
      const [received] = yield* join([new BufferedReader(server).readToEnd(), client.shutdown()]);
      assert.equal(received.length, filler.written);
    });
  });

  it('writes several buffers as one', () => {
    const buffers = array(uint8Array({ maxLength: 40 }), { maxLength: 8 });
    check(
      property(buffers, (sources) => {
        blockOn(function* () {
          using both = yield* pair();
          const { client, server } = both;
          const whole = Buffer.concat(sources);
          assert.equal(yield* client.writeVectored(sources), whole.length);
          yield* client.shutdown();
          assert.deepEqual([...(yield* new BufferedReader(server).readToEnd())], [...whole]);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('holds no memory of a buffered reader that waits, also over a half of it', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const [half] = server.split();
      for (const under of [server, half]) {
        const reader = new BufferedReader(under);
        const { state } = reader as unknown as { state: { bytes: Uint8Array | null } };
        for (const line of ['one', 'two']) {
          const reading = spawn(reader.readLine());
          yield* yieldNow();
          assert.equal(state.bytes, null);
          yield* client.writeAll(bytes(`${line}\n`));
          assert.equal(yield* reading, line);
        }
      }
    });
  });

  it('splits into halves that close it together, and is reunited', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const [reader, writer] = client.split();
      const send = coroutine(function* () {
        yield* writer.writeAll(bytes('request'));
        yield* writer.shutdown();
      });
      const target = new Uint8Array(7);
      yield* join([send(), readExact(server, target)]);
      assert.equal(text(target), 'request');
      yield* server.writeAll(bytes('reply'));
      yield* readExact(reader, target.subarray(0, 5));
      assert.equal(text(target.subarray(0, 5)), 'reply');
      assert.equal(reunite(reader, writer), client);
      const halves = client.split();
      halves[0].close();
      assert.equal(client.closed, false);
      halves[1].close();
      assert.equal(client.closed, true);
    });
  });

  it('sets the options of its socket', () => {
    const descriptor = (stream: TcpStream): number => (stream.handle as unknown as { fd: number }).fd;
    blockOn(function* () {
      using listener = yield* TcpListener.bind(0, { noDelay: true, keepAlive: { delay: 7000 } });
      using client = yield* TcpStream.connect(listener.localAddress, { noDelay: true, keepAlive: true });
      using server = yield* listener.accept();
      const [near, far] = [descriptor(client), descriptor(server)];
      assert.equal(options.getNoDelay(near), true);
      assert.equal(options.getNoDelay(far), true);
      assert.equal(options.getKeepAlive(far)?.delay, 7);
      assert.notEqual(options.getKeepAlive(near), undefined);
      client.setNoDelay(false);
      client.setKeepAlive({ delay: 2000, interval: 1500, probes: 3 });
      assert.equal(options.getNoDelay(near), false);
      assert.deepEqual(options.getKeepAlive(near), { delay: 2, interval: 2, probes: 3 });
      client.setKeepAlive(false);
      assert.equal(options.getKeepAlive(near), undefined);
      client.setLinger(0);
      client.close();
      const buffer = new Uint8Array(1);
      try {
        yield* server.read(buffer);
      } catch (error) {
        assert.equal(error instanceof PawlError && error.code, 'ECONNRESET');
        return;
      }
      assert.fail('a reset was expected');
    });
  });

  it('connects from a local address', () => {
    blockOn(function* () {
      using listener = yield* TcpListener.bind(0);
      using client = yield* TcpStream.connect(listener.localAddress, { local: '127.0.0.2:0' });
      using server = yield* listener.accept();
      assert.equal(client.localAddress.host, '127.0.0.2');
      assert.deepEqual(server.remoteAddress, client.localAddress);
      const error = yield* failure(TcpStream.connect(listener.localAddress, { local: '[::1]:0' }));
      assert.equal(error.code, 'BAD_ADDRESS');
    });
  });

  it('speaks IPv6, where the machine does', (test) => {
    blockOn(function* () {
      try {
        using listener = yield* TcpListener.bind('[::1]:0');
        using client = yield* TcpStream.connect(listener.localAddress);
        using server = yield* listener.accept();
        assert.equal(client.remoteAddress.host, '::1');
        assert.equal(server.remoteAddress.family, 6);
      } catch (error) {
        const missing = error instanceof PawlError && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(error.code);
        if (!missing) throw error;
        test.skip('no IPv6 loopback here');
      }
    });
  });

  it('that is always ready does not starve other tasks', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { client } = both;
      let others = 0;
      const other = coroutine(function* () {
        for (;;) {
          others++;
          yield* yieldNow();
        }
      });
      const counting = spawn(other(), { daemon: true });
      for (let i = 0; i < 1000; i++) yield* client.read(new Uint8Array(0));
      counting.abort();
      assert.ok(others >= 5, `the other task ran ${others} times`);
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

  it('shares its port with reusePort, and only then', () => {
    blockOn(function* () {
      using first = yield* TcpListener.bind(0, { reusePort: true });
      using second = yield* TcpListener.bind(first.localAddress, { reusePort: true });
      assert.equal(second.localAddress.port, first.localAddress.port);
      assert.equal((yield* failure(TcpListener.bind(first.localAddress))).code, 'EADDRINUSE');
    });
  });

  it('lets one task accept at a time: another gets BUSY and the first is unharmed', () => {
    blockOn(function* () {
      using listener = yield* TcpListener.bind(0);
      const first = spawn(listener.accept());
      yield* yieldNow();
      assert.equal((yield* failure(listener.accept())).code, 'BUSY');
      using client = yield* TcpStream.connect(listener.localAddress);
      using server = yield* first;
      assert.deepEqual(server.remoteAddress, client.localAddress);
    });
  });

  it('loses no connection when an accept is cancelled', () => {
    blockOn(function* () {
      using listener = yield* TcpListener.bind(0);
      const { waiting } = defaultDriver().metrics;
      yield* race<unknown>([listener.accept(), yieldNow()]);
      assert.equal(defaultDriver().metrics.waiting, waiting);
      using client = yield* TcpStream.connect(listener.localAddress);
      using server = yield* listener.accept();
      assert.deepEqual(server.remoteAddress, client.localAddress);
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
