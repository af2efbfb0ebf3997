/** The network of a simulated world, as programs meet it: what TCP and UDP do when machines, links and programs fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coroutine, Instant, join, type PawlError, sleep, spawn, timeout } from 'pawl';
import { TcpListener, TcpStream, UdpSocket } from 'pawl/net';
import { simulate, type Scenario, type SimulateOptions, type World } from 'pawl/testing';
import { failure } from './support/loopback.ts';

const anyServer = '0.0.0.0:80';

/** Each seed twice, compared. */
const check = (title: string, scenario: Scenario, options: SimulateOptions = {}): void =>
  void test(title, async () => {
    await simulate({ seeds: 15, check: true, ...options }, scenario);
  });

/** A host that answers every connection by sending back what comes, until the end. */
function echo(world: World, name = 'server'): ReturnType<World['host']> {
  return world.host(name, function* () {
    using listener = yield* TcpListener.bind(anyServer);
    for (;;) {
      const stream = yield* listener.accept();
      spawn(function* () {
        using _ = stream;
        const buffer = new Uint8Array(5000);
        try {
          for (;;) {
            const count = yield* stream.read(buffer);
            if (count === 0) return;
            yield* stream.writeAll(buffer.slice(0, count));
          }
        } catch {
          // The peer is gone.
        }
      });
    }
  });
}

const roundTrip = coroutine(function* (stream: TcpStream, size: number) {
  const sent = new Uint8Array(size).map((_, i) => (i * 7) % 251);
  const received = new Uint8Array(size);
  const sending = spawn(stream.writeAll(sent));
  for (let at = 0; at < size;) {
    const count = yield* stream.read(received.subarray(at));
    assert.notEqual(count, 0, 'the stream has ended early');
    at += count;
  }
  yield* sending;
  assert.deepEqual(received, sent);
});

check(
  'every byte arrives once and in order, whatever the kernel and the network do',
  function* (world) {
    echo(world);
    world.link('main', 'server', { latency: { min: 1, max: 30 }, loss: 0.05 });
    yield* sleep(10);
    yield* join(
      [1, 1000, 30_000, 400_000].map((size) =>
        spawn(function* () {
          using stream = yield* TcpStream.connect('server:80');
          yield* roundTrip(stream, size);
          yield* stream.shutdown();
          assert.equal(yield* stream.read(new Uint8Array(1)), 0);
        }),
      ),
    );
  },
  {
    freedoms: { shortRead: 0.3, shortWrite: 0.3, again: 0.2, spuriousWake: 0.2, lateWake: 0.2, latency: 0.5, order: 1 },
  },
);

check('whoever connects is refused where nobody listens, and hears nothing where the way is cut', function* (world) {
  world.host('server', function* () {});
  yield* sleep(1);
  const refused = yield* failure(TcpStream.connect(`${world.address('server')}:81`));
  assert.deepEqual([refused.code, refused.port], ['ECONNREFUSED', 81]);
  world.partition('main', 'server');
  const began = Instant.now();
  const silent = yield* failure(TcpStream.connect(`${world.address('server')}:81`));
  assert.equal(silent.code, 'ETIMEDOUT');
  // Six repeated SYNs: 1 + 2 + 4 + 8 + 16 + 32 + 64 seconds.
  assert.ok(Math.abs(began.elapsed() - 127_000) < 100, String(began.elapsed()));
  const unknown = yield* failure(TcpStream.connect('nobody:80'));
  assert.equal(unknown.code, 'ENOTFOUND');
});

check('a connection hangs over a partition, and goes on when it is healed', function* (world) {
  echo(world);
  yield* sleep(1);
  using stream = yield* TcpStream.connect('server:80');
  yield* roundTrip(stream, 100);
  for (const oneWay of [false, true]) {
    world.partition('server', 'main', { oneWay });
    const trip = spawn(roundTrip(stream, 100));
    yield* sleep(20_000);
    assert.equal(trip.finished, false);
    world.heal('main', 'server');
    yield* timeout(60_000, trip);
  }
});

check('a connection that is never healed times out, a quarter of an hour later', function* (world) {
  echo(world);
  yield* sleep(1);
  using stream = yield* TcpStream.connect('server:80');
  yield* roundTrip(stream, 100);
  world.partition('main', 'server');
  const began = Instant.now();
  yield* stream.writeAll(new Uint8Array(10));
  assert.equal((yield* failure(stream.read(new Uint8Array(1)))).code, 'ETIMEDOUT');
  assert.ok(began.elapsed() > 800_000 && began.elapsed() < 1_200_000, String(began.elapsed()));
  assert.equal((yield* failure(stream.write(new Uint8Array(1)))).code, 'EPIPE');
});

check('a crash tells nobody; a host that is up again resets what it does not know', function* (world) {
  const server = echo(world);
  yield* sleep(1);
  using idle = yield* TcpStream.connect('server:80');
  using busy = yield* TcpStream.connect('server:80');
  yield* join([roundTrip(idle, 10), roundTrip(busy, 10)]);
  server.crash();
  assert.equal(server.up, false);
  yield* sleep(30_000);
  server.restart();
  yield* sleep(1000);
  yield* busy.writeAll(new Uint8Array(1));
  assert.equal((yield* failure(busy.read(new Uint8Array(1)))).code, 'ECONNRESET');
  // Nothing has been sent, so nothing is known.
  const waiting = spawn(idle.read(new Uint8Array(1)));
  yield* sleep(60_000);
  assert.equal(waiting.finished, false);
  waiting.abort();
  using again = yield* TcpStream.connect('server:80');
  yield* roundTrip(again, 10);
});

check('keep-alive finds out that a silent peer is gone', function* (world) {
  const server = echo(world);
  yield* sleep(1);
  using stream = yield* TcpStream.connect('server:80', { keepAlive: { delay: 10_000, interval: 1000, probes: 3 } });
  yield* roundTrip(stream, 10);
  yield* sleep(100_000);
  yield* roundTrip(stream, 10);
  server.crash();
  const began = Instant.now();
  assert.equal((yield* failure(stream.read(new Uint8Array(1)))).code, 'ETIMEDOUT');
  assert.ok(began.elapsed() < 20_000, String(began.elapsed()));
});

check(
  'a full queue of connections makes the next one wait',
  function* (world) {
    const gate = { open: false };
    world.host('server', function* () {
      using listener = yield* TcpListener.bind(anyServer, { backlog: 1 });
      while (!gate.open) yield* sleep(100);
      for (;;) (yield* listener.accept()).close();
    });
    yield* sleep(10);
    const connects = [1, 2, 3, 4].map(() => spawn(TcpStream.connect('server:80')));
    yield* sleep(900);
    assert.equal(connects.filter(({ finished }) => finished).length, 2);
    gate.open = true;
    yield* timeout(10_000, join(connects));
  },
  { freedoms: 'plain' },
);

check('a machine has only so many descriptors', function* (world) {
  const codes: string[] = [];
  echo(world);
  world.host(
    'small',
    function* () {
      yield* sleep(1);
      for (let i = 0; i < 3; i++) yield* TcpStream.connect('server:80');
      codes.push((yield* failure(TcpStream.connect('server:80'))).code);
    },
    { descriptors: 3 },
  );
  yield* sleep(100_000);
  assert.deepEqual(codes, ['EMFILE']);
});

check(
  'what goes through a link takes its time',
  function* (world) {
    echo(world);
    world.link('main', 'server', { latency: 5, bandwidth: 1_000_000, oneWay: true });
    world.link('server', 'main', { latency: 5, oneWay: true });
    yield* sleep(1);
    using stream = yield* TcpStream.connect('server:80');
    const began = Instant.now();
    yield* roundTrip(stream, 1_000_000);
    // A second for the bytes, a round trip, and what goes around them. (Over a long way it is the window that counts, as in reality.)
    assert.ok(began.elapsed() > 1010 && began.elapsed() < 1060, String(began.elapsed()));
  },
  { freedoms: 'plain' },
);

check('a server that closes with something unread resets', function* (world) {
  world.host('server', function* () {
    using listener = yield* TcpListener.bind(anyServer);
    using stream = yield* listener.accept();
    yield* stream.read(new Uint8Array(1));
  });
  // A reset that gets lost does not come again where nothing is sent any more.
  world.link('main', 'server', { loss: 0 });
  yield* sleep(10);
  using stream = yield* TcpStream.connect('server:80');
  yield* stream.writeAll(new Uint8Array(1000));
  yield* sleep(5000);
  const { code } = yield* failure(stream.read(new Uint8Array(1)));
  assert.equal(code, 'ECONNRESET');
});

check('an end that is lost comes again', function* (world) {
  echo(world);
  yield* sleep(1);
  using stream = yield* TcpStream.connect('server:80');
  yield* roundTrip(stream, 10);
  yield* stream.shutdown();
  // The server's end is on its way, or soon will be, and nothing of it arrives.
  world.partition('main', 'server');
  yield* sleep(10_000);
  world.heal();
  assert.equal(yield* stream.read(new Uint8Array(1)), 0);
  yield* sleep(100_000);
  assert.equal(yield* stream.read(new Uint8Array(1)), 0);
});

check('a host with another clock sleeps as long as its clock says', function* (world) {
  const ends: number[] = [];
  world.host(
    'fast',
    function* () {
      yield* sleep(100_000);
      ends.push(world.time);
    },
    { clock: { drift: 100_000 } },
  );
  yield* sleep(200_000);
  assert.ok(ends[0]! >= 100_000 / 1.1 && ends[0]! < 91_500, String(ends));
});

check('names mean hosts, and bad ones are refused', function* (world) {
  const host = echo(world);
  assert.equal(world.address('server'), host.address);
  const code = (call: () => unknown): unknown => {
    try {
      call();
    } catch (error) {
      return (error as PawlError).code;
    }
    return undefined;
  };
  for (const bad of [
    () => world.partition('main', 'nobody'),
    () => world.partition('main', 'main'),
    () => world.host('server', function* () {}),
    () => world.link('main', 'server', { loss: 2 }),
    () => world.link('main', 'server', { latency: -1 }),
    () => world.link('main', 'server', { bandwidth: 0 }),
    () => world.choose(0),
    () => world.chance(2),
  ])
    assert.equal(code(bad), 'BAD_ARGUMENT');
  yield* sleep(1);
  using stream = yield* TcpStream.connect('server:80');
  yield* roundTrip(stream, 1);
});

test('datagrams get lost, come twice and overtake each other, in some worlds, and are whole in all', async () => {
  const seen = { lost: 0, twice: 0, late: 0 };
  await simulate({ seeds: 60, check: true }, function* (world) {
    const numbers: number[] = [];
    world.host('receiver', function* () {
      using socket = yield* UdpSocket.bind('0.0.0.0:53');
      const target = new Uint8Array(100);
      for (;;) {
        const { length, from } = yield* socket.recvFrom(target);
        assert.equal(from.host, world.address('main'));
        assert.deepEqual([...new Set(target.subarray(1, length))], [target[0]]);
        numbers.push(target[0]!);
      }
    });
    yield* sleep(10);
    using socket = yield* UdpSocket.connect({ host: 'receiver', port: 53 });
    for (let i = 0; i < 40; i++) yield* socket.send(new Uint8Array(50).fill(i));
    yield* sleep(1000);
    seen.lost += 40 - new Set(numbers).size;
    seen.twice += numbers.length - new Set(numbers).size;
    seen.late += numbers.filter((number, i) => i > 0 && number < numbers[i - 1]!).length;
  });
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 10, `${what}: ${count}`);
});

check(
  'a group is on several hosts, and a port where nobody listens is refused',
  function* (world) {
    const heard: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      world.host(name, function* () {
        using socket = yield* UdpSocket.bind('0.0.0.0:5353');
        if (name !== 'c') socket.join('224.0.0.251');
        yield* socket.recvFrom(new Uint8Array(10));
        heard.push(name);
      });
    }
    yield* sleep(10);
    using socket = yield* UdpSocket.bind('0.0.0.0:0');
    yield* socket.sendTo(new Uint8Array(1), '224.0.0.251:5353');
    yield* sleep(100);
    assert.deepEqual(heard.toSorted(), ['a', 'b']);
    using other = yield* UdpSocket.connect({ host: 'c', port: 99 });
    yield* other.send(new Uint8Array(1));
    assert.equal((yield* failure(other.recv(new Uint8Array(1)))).code, 'ECONNREFUSED');
  },
  { freedoms: { loss: 0 } },
);

check('whoever writes to a peer that has closed is reset', function* (world) {
  world.host('server', function* () {
    using listener = yield* TcpListener.bind(anyServer);
    (yield* listener.accept()).close();
    yield* sleep(1e6);
  });
  yield* sleep(10);
  using stream = yield* TcpStream.connect('server:80');
  yield* sleep(5000);
  yield* stream.writeAll(new Uint8Array(10));
  yield* sleep(5000);
  // Its end had come before the reset: EPIPE (tcp_reset in CLOSE-WAIT).
  assert.equal((yield* failure(stream.write(new Uint8Array(10)))).code, 'EPIPE');
});

check('a window that opens unheard is asked for again', function* (world) {
  const size = 500_000;
  const state = { received: 0 };
  world.host('server', function* () {
    using listener = yield* TcpListener.bind(anyServer);
    using stream = yield* listener.accept();
    yield* sleep(20_000);
    const buffer = new Uint8Array(100_000);
    while (state.received < size) state.received += yield* stream.read(buffer);
  });
  yield* sleep(10);
  using stream = yield* TcpStream.connect('server:80');
  const writing = spawn(stream.writeAll(new Uint8Array(size)));
  yield* sleep(18_000);
  assert.equal(writing.finished, false);
  world.partition('server', 'main', { oneWay: true });
  yield* sleep(10_000);
  world.heal();
  yield* timeout(1_000_000, writing);
  while (state.received < size) yield* sleep(1000);
});
