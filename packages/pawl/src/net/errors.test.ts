import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockOn, coroutine, type Future, PawlError, PENDING, run, spawn, type Steps, yieldNow } from 'pawl';
import { defaultDriver } from '../driver/default.ts';
import type { NameLookup } from '../driver/driver.ts';
import { bytes, failure, pair } from '../../test/support/loopback.ts';
import { withNames } from '../../test/support/names.ts';
import { TcpListener, TcpStream } from './index.ts';

/** A port where nobody listens. */
const freePort = coroutine(function* () {
  using listener = yield* TcpListener.bind(0);
  return listener.localAddress.port;
});

/** What an error carries, as plain properties. */
const facts = ({ code, errno, syscall, address, port }: PawlError): unknown => ({
  code,
  errno,
  syscall,
  address,
  port,
});

/** Forces who is asked for names. */
function namesBy(whom: string): Disposable {
  const before = process.env['PAWL_NAMES'];
  process.env['PAWL_NAMES'] = whom;
  return {
    [Symbol.dispose]() {
      if (before === undefined) delete process.env['PAWL_NAMES'];
      else process.env['PAWL_NAMES'] = before;
    },
  };
}

/** Runs the test and compares the open descriptors before and after. */
function closesAll(test: () => Steps<void>): void {
  const before = defaultDriver().metrics;
  blockOn(coroutine(test)());
  assert.equal(defaultDriver().metrics.descriptors, before.descriptors, 'descriptors left open');
  assert.equal(defaultDriver().metrics.waiting, before.waiting, 'wakers left behind');
}

describe('an error of', () => {
  it('a bind to an address in use names it', () => {
    closesAll(function* () {
      using first = yield* TcpListener.bind(0);
      const { port } = first.localAddress;
      const error = yield* failure(TcpListener.bind(port));
      assert.deepEqual(facts(error), {
        code: 'EADDRINUSE',
        errno: -98,
        syscall: error.syscall,
        address: '127.0.0.1',
        port,
      });
      assert.match(error.message, /address already in use/);
    });
  });

  it('a bind to an address of another machine is EADDRNOTAVAIL', () => {
    closesAll(function* () {
      const error = yield* failure(TcpListener.bind('192.0.2.1:0')); // TEST-NET-1 (RFC 5737)
      assert.deepEqual(facts(error), {
        code: 'EADDRNOTAVAIL',
        errno: -99,
        syscall: 'bind',
        address: '192.0.2.1',
        port: 0,
      });
    });
  });

  it('a connect that is refused names the address', () => {
    closesAll(function* () {
      const port = yield* freePort();
      const error = yield* failure(TcpStream.connect(port));
      assert.equal(error.cause, undefined);
      assert.deepEqual(facts(error), {
        code: 'ECONNREFUSED',
        errno: -111,
        syscall: 'connect',
        address: '127.0.0.1',
        port,
      });
    });
  });

  it('a connect to an address that TCP cannot reach is ENETUNREACH', () => {
    closesAll(function* () {
      const error = yield* failure(TcpStream.connect('224.0.0.1:9')); // multicast: ip(7)
      assert.deepEqual(facts(error), {
        code: 'ENETUNREACH',
        errno: -101,
        syscall: 'connect',
        address: '224.0.0.1',
        port: 9,
      });
    });
  });

  it('a reset in the middle of a read is ECONNRESET', () => {
    closesAll(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const reading = spawn(failure(server.read(new Uint8Array(8))));
      yield* yieldNow();
      client.reset();
      const { host, port } = server.remoteAddress;
      assert.deepEqual(facts(yield* reading), {
        code: 'ECONNRESET',
        errno: -104,
        syscall: 'read',
        address: host,
        port,
      });
      assert.equal(yield* server.read(new Uint8Array(8)), 0);
    });
  });

  it('a reset in the middle of a write is ECONNRESET, and EPIPE afterwards', () => {
    closesAll(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const writing = client.writeAll(new Uint8Array(32 * 1024 * 1024));
      const failed = spawn(failure(writing));
      yield* server.read(new Uint8Array(8));
      assert.equal(failed.finished, false);
      server.reset();
      const error = yield* failed;
      assert.deepEqual([error.code, error.syscall, error.errno], ['ECONNRESET', 'write', -104]);
      assert.equal((yield* failure(client.write(bytes('x')))).code, 'EPIPE');
    });
  });

  it("a name that is not found is the resolver's", () => {
    const error = blockOn(failure(TcpStream.connect('nowhere.example:80')), { driver: withNames({}) });
    assert.deepEqual([error.code, error.syscall, error.address], ['ENOTFOUND', 'getaddrinfo', 'nowhere.example']);
    const bind = blockOn(failure(TcpListener.bind('nowhere.example:0')), { driver: withNames({}) });
    assert.deepEqual([bind.code, bind.syscall, bind.address], ['ENOTFOUND', 'getaddrinfo', 'nowhere.example']);
  });

  it('a name inside blockOn is that Node would have to run, where the system has to be asked', () => {
    using _ = namesBy('system');
    const error = blockOn(failure(TcpStream.connect('localhost:80')));
    assert.equal(error.code, 'BLOCKING_NODE');
  });

  it('a bad port or address comes at once, before anything is opened', () => {
    const uses = [(address: never) => TcpListener.bind(address), (address: never) => TcpStream.connect(address)];
    for (const use of uses) {
      assert.throws(() => use(70_000 as never), { code: 'BAD_PORT' });
      assert.throws(() => use('localhost:http' as never), { code: 'BAD_PORT' });
      assert.throws(() => use('1.2.3:80' as never), { code: 'BAD_ADDRESS' });
      assert.throws(() => use({ port: 80, host: '' } as never), { code: 'BAD_ADDRESS' });
    }
    assert.throws(() => TcpStream.connect(0), { code: 'BAD_PORT' });
    assert.throws(() => TcpStream.connect(80, { local: 'nonsense' }), { code: 'BAD_ADDRESS' });
    assert.throws(() => TcpStream.connect(80, { timeout: -1 }), { code: 'BAD_ARGUMENT' });
  });

  it('any use after close is CLOSED, and closing again is harmless', () => {
    closesAll(function* () {
      const { client, server } = yield* pair();
      client.close();
      client.close();
      client.reset();
      client[Symbol.dispose]();
      assert.equal(client.closed, true);
      const uses = [
        client.read(new Uint8Array(1)),
        client.read(new Uint8Array(0)),
        client.write(bytes('x')),
        client.writeAll(bytes('x')),
        client.writeVectored([bytes('x')]),
        client.shutdown(),
      ];
      for (const use of uses) assert.equal((yield* failure(use)).code, 'CLOSED');
      assert.throws(() => client.setNoDelay(), { code: 'CLOSED' });
      assert.throws(() => client.setKeepAlive(), { code: 'CLOSED' });
      assert.throws(() => client.setLinger(0), { code: 'CLOSED' });
      server.close();
      const listener = yield* TcpListener.bind(0);
      listener.close();
      listener[Symbol.dispose]();
      assert.equal(listener.closed, true);
      assert.equal((yield* failure(listener.accept())).code, 'CLOSED');
    });
  });

  it('a close while tasks wait in both directions is CLOSED for both', () => {
    closesAll(function* () {
      using both = yield* pair();
      const { client } = both;
      const reading = spawn(failure(client.read(new Uint8Array(1))));
      const writing = spawn(failure(client.writeAll(new Uint8Array(32 * 1024 * 1024))));
      yield* yieldNow();
      client.close();
      assert.equal((yield* reading).code, 'CLOSED');
      assert.equal((yield* writing).code, 'CLOSED');
    });
  });

  it('an operation that has ended and is polled again is ALREADY_COMPLETED', () => {
    closesAll(function* () {
      using both = yield* pair();
      const { client } = both;
      const ended = [
        client.read(new Uint8Array(0)),
        client.write(bytes('x')),
        client.writeAll(bytes('x')),
        client.shutdown(),
      ];
      for (const operation of ended) {
        yield* operation as Future<unknown>;
        assert.equal((yield* failure(operation)).code, 'ALREADY_COMPLETED');
      }
    });
  });
});

describe('a descriptor that was closed and used again', () => {
  it('does not receive the late event of the old one', () => {
    closesAll(function* () {
      using first = yield* pair();
      using second = yield* pair();
      using listener = yield* TcpListener.bind(0);
      const descriptor = ({ handle }: TcpStream): number => (handle as unknown as { fd: number }).fd;
      let third: TcpStream | undefined;
      // Both events come in one batch. Whichever reader is polled first closes the other's connection and opens one with its descriptor.
      const reader = coroutine(function* (mine: TcpStream, other: TcpStream) {
        yield* mine.read(new Uint8Array(8));
        const old = descriptor(other);
        other.close();
        third = yield* TcpStream.connect(listener.localAddress);
        assert.equal(descriptor(third), old);
        return 'read';
      });
      const outcome = coroutine(function* (reading: Future<string>) {
        try {
          return yield* reading;
        } catch (error) {
          return error instanceof PawlError ? error.code : error;
        }
      });
      const one = spawn(outcome(reader(first.server, second.server)));
      const two = spawn(outcome(reader(second.server, first.server)));
      yield* yieldNow();
      yield* first.client.writeAll(bytes('one'));
      yield* second.client.writeAll(bytes('two'));
      assert.deepEqual(new Set([yield* one, yield* two]), new Set(['CLOSED', 'read']));
      using stream = third as unknown as TcpStream;
      using peer = yield* listener.accept();
      const target = new Uint8Array(8);
      const waiting = spawn(stream.read(target));
      for (let i = 0; i < 10; i++) yield* yieldNow();
      assert.equal(waiting.finished, false);
      yield* peer.writeAll(bytes('three'));
      assert.equal(yield* waiting, 5);
    });
  });
});

describe('a connection to a name', () => {
  it('is made to the first of its addresses that answers', () => {
    const driver = withNames({ 'two.example': ['127.0.0.1', '127.0.0.2'] });
    blockOn(
      function* () {
        using listener = yield* TcpListener.bind('127.0.0.2:0');
        const { port } = listener.localAddress;
        using stream = yield* TcpStream.connect({ host: 'two.example', port });
        assert.deepEqual(stream.remoteAddress, { ...listener.localAddress });
      },
      { driver },
    );
  });

  it("that fails at every address has the last failure's code and all of them as its cause", () => {
    const driver = withNames({ 'two.example': ['127.0.0.1', '127.0.0.2'] });
    const { descriptors } = driver.metrics;
    const error = blockOn(
      function* () {
        const port = yield* freePort();
        return yield* failure(TcpStream.connect({ host: 'two.example', port }));
      },
      { driver },
    );
    assert.deepEqual(
      [error.code, error.errno, error.syscall, error.address],
      ['ECONNREFUSED', -111, 'connect', '127.0.0.2'],
    );
    assert.ok(error.cause instanceof AggregateError);
    assert.deepEqual(
      error.cause.errors.map(({ address }: PawlError) => address),
      ['127.0.0.1', '127.0.0.2'],
    );
    assert.equal(driver.metrics.descriptors, descriptors);
  });

  it('whose lookup is cancelled or timed out lets go of it', () => {
    const calls: string[] = [];
    const lookup: NameLookup = {
      poll(cx): typeof PENDING {
        void cx.waker; // a resolver that never answers
        calls.push('poll');
        return PENDING;
      },
      forget: () => void calls.push('forget'),
    };
    const error = blockOn(failure(TcpStream.connect('slow.example:80', { timeout: 1 })), {
      driver: withNames({ 'slow.example': lookup }),
    });
    assert.deepEqual([error.code, error.address, error.port], ['TIMEOUT', 'slow.example', 80]);
    assert.deepEqual(calls, ['poll', 'forget']);
  });

  const toLocalhost = coroutine(function* () {
    using listener = yield* TcpListener.bind('localhost:0');
    using stream = yield* TcpStream.connect({ host: 'localhost', port: listener.localAddress.port });
    assert.equal(stream.remoteAddress.port, listener.localAddress.port);
  });

  it("uses the system's resolver beside Node's loop where it has to", async () => {
    using _ = namesBy('system');
    await run(toLocalhost());
  });

  it('is refused when the environment asks for a resolver that there is none of', () => {
    using _ = namesBy('neither');
    assert.equal(blockOn(failure(TcpStream.connect('nowhere.invalid:80'))).code, 'BAD_ARGUMENT');
  });

  it('uses our own resolver, inside blockOn too', async () => {
    using _ = namesBy('own');
    await run(toLocalhost());
    blockOn(toLocalhost());
    const error = blockOn(failure(TcpStream.connect('nowhere.invalid:80')));
    assert.deepEqual([error.code, error.hostname, error.syscall], ['ENOTFOUND', 'nowhere.invalid', 'getaddrinfo']);
  });
});

describe('a connect that gets no answer', () => {
  /** Loopback addresses of which one takes no more connections: its queue is full, and further SYNs are dropped (listen(2)). */
  const fillQueue = coroutine(function* (listener: TcpListener, timeout: number, keep: TcpStream[]) {
    for (let i = 0; i < 16; i++) {
      try {
        keep.push(yield* TcpStream.connect(listener.localAddress, { timeout }));
      } catch (error) {
        assert.ok(error instanceof PawlError);
        return error;
      }
    }
    throw new assert.AssertionError({ message: 'the queue was never full' });
  });

  it('ends with TIMEOUT and has closed its socket', () => {
    closesAll(function* () {
      using listener = yield* TcpListener.bind(0, { backlog: 1 });
      const keep: TcpStream[] = [];
      const before = defaultDriver().metrics;
      const error = yield* fillQueue(listener, 30, keep);
      const { host, port } = listener.localAddress;
      assert.deepEqual(facts(error), { code: 'TIMEOUT', errno: undefined, syscall: 'connect', address: host, port });
      const after = defaultDriver().metrics;
      assert.equal(after.descriptors - before.descriptors, keep.length);
      assert.equal(after.timers, before.timers);
      for (const stream of keep) stream.close();
    });
  });

  it('closes its socket when it is cancelled', () => {
    closesAll(function* () {
      using listener = yield* TcpListener.bind(0, { backlog: 1 });
      const keep: TcpStream[] = [];
      yield* fillQueue(listener, 30, keep);
      const { descriptors } = defaultDriver().metrics;
      const connecting = spawn(TcpStream.connect(listener.localAddress));
      yield* yieldNow();
      assert.equal(defaultDriver().metrics.descriptors, descriptors + 1);
      connecting.abort();
      assert.equal((yield* failure(connecting)).code, 'CANCELLED');
      assert.equal(defaultDriver().metrics.descriptors, descriptors);
      for (const stream of keep) stream.close();
    });
  });
});
