/** What the UDP of every driver must do: one body, run against each driver and each of its ways of running. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Driver } from '../../src/driver/driver.ts';
import type { UdpHandle } from '../../src/driver/udp.ts';
import { PENDING } from '../../src/future/poll.ts';
import type { World } from './conformance.ts';
import { failure, HandContext, isSystemError, type Job, JobClient, until } from './jobs.ts';

export function udpConformance(name: string, world: World): void {
  const { anywhere } = world;

  /** A test over two sockets, after which nothing may be left. */
  const pair = (title: string, body: (a: UdpHandle, b: UdpHandle, driver: Driver) => Job<unknown>): void =>
    void test(`${name}: ${title}`, async () => {
      const driver = world.driver();
      const before = driver.metrics;
      const job = function* (): Job {
        const [a, b] = [driver.net.udpBind(anywhere, {}), driver.net.udpBind(anywhere, {})];
        try {
          yield* body(a, b, driver);
        } finally {
          a.close();
          b.close();
        }
      };
      await world.run(new JobClient(driver), [job()]);
      const after = driver.metrics;
      assert.deepEqual([after.descriptors, after.waiting], [before.descriptors, before.waiting]);
    });

  pair('a datagram arrives with its sender, whole and one at a time', function* (a, b) {
    assert.notEqual(a.local.port, 0);
    const target = new Uint8Array(100);
    yield* until((cx) => a.pollSend(cx, bytes(1, 2, 3), b.local));
    yield* until((cx) => a.pollSend(cx, bytes(4), b.local));
    assert.deepEqual(yield* until((cx) => b.pollRecv(cx, target)), { length: 3, size: 3, from: a.local });
    assert.deepEqual([...target.subarray(0, 3)], [1, 2, 3]);
    assert.deepEqual(yield* until((cx) => b.pollRecv(cx, target)), { length: 1, size: 1, from: a.local });
  });

  pair('what does not fit is cut off, and said to be', function* (a, b) {
    const target = new Uint8Array(4).fill(9);
    yield* until((cx) => a.pollSend(cx, bytes(1, 2, 3, 4, 5, 6), b.local));
    const got = yield* until((cx) => b.pollRecv(cx, target.subarray(0, 3)));
    assert.deepEqual([got.length, got.size, [...target]], [3, 6, [1, 2, 3, 9]]);
    // With no room at all there is still the sender, and the size.
    yield* until((cx) => a.pollSend(cx, bytes(7), b.local));
    assert.deepEqual(yield* until((cx) => b.pollRecv(cx, new Uint8Array(0))), { length: 0, size: 1, from: a.local });
  });

  pair('an empty datagram is one, too', function* (a, b) {
    yield* until((cx) => a.pollSend(cx, bytes(), b.local));
    const got = yield* until((cx) => b.pollRecv(cx, new Uint8Array(4)));
    assert.deepEqual([got.length, got.size], [0, 0]);
  });

  pair('a socket that waits is woken', function* (a, b, driver) {
    const cx = new HandContext(driver);
    const target = new Uint8Array(4);
    assert.equal(b.pollRecv(cx, target), PENDING);
    assert.equal(driver.metrics.waiting, 1);
    yield* until((cx) => a.pollSend(cx, bytes(5), b.local));
    yield* until((cx) => b.pollRecv(cx, target));
    assert.ok(cx.woken > 0);
    assert.equal(target[0], 5);
  });

  pair('a forgotten waker is not woken, and the datagram stays', function* (a, b, driver) {
    const cx = new HandContext(driver);
    const target = new Uint8Array(4);
    assert.equal(b.pollRecv(cx, target), PENDING);
    b.forget('read');
    assert.equal(driver.metrics.waiting, 0);
    yield* until((cx) => a.pollSend(cx, bytes(6), b.local));
    yield* until((cx) => b.pollRecv(cx, target));
    assert.equal(cx.woken, 0);
  });

  pair('a connected socket receives from its peer only, and may be disconnected', function* (a, b, driver) {
    const stranger = driver.net.udpBind(anywhere, {});
    try {
      b.connect(a.local);
      assert.deepEqual(b.peer, a.local);
      yield* until((cx) => stranger.pollSend(cx, bytes(1), b.local));
      yield* until((cx) => a.pollSend(cx, bytes(2), b.local));
      const target = new Uint8Array(4);
      yield* until((cx) => b.pollRecv(cx, target));
      assert.equal(target[0], 2);
      yield* until((cx) => b.pollSend(cx, bytes(3), null));
      yield* until((cx) => a.pollRecv(cx, target));
      assert.equal(target[0], 3);
      b.connect(null);
      assert.equal(b.peer, null);
      isSystemError('EDESTADDRREQ', 'send')(yield* failure((cx) => b.pollSend(cx, bytes(1), null)));
    } finally {
      stranger.close();
    }
  });

  pair('a connected socket hears once that nobody is there, and goes on', function* (a, b) {
    const gone = b.local;
    b.close();
    a.connect(gone);
    yield* until((cx) => a.pollSend(cx, bytes(1), null));
    isSystemError('ECONNREFUSED', 'recv', gone.port)(yield* failure((cx) => a.pollRecv(cx, new Uint8Array(1))));
    a.connect(a.local);
    yield* until((cx) => a.pollSend(cx, bytes(8), null));
    const target = new Uint8Array(1);
    yield* until((cx) => a.pollRecv(cx, target));
    assert.equal(target[0], 8);
  });

  pair('the longest datagram arrives, and a longer one is refused', function* (a, b) {
    const longest = new Uint8Array(anywhere.family === 4 ? 65_507 : 65_527).map((_, i) => i);
    yield* until((cx) => a.pollSend(cx, longest, b.local));
    const target = new Uint8Array(70_000);
    const got = yield* until((cx) => b.pollRecv(cx, target));
    assert.equal(got.size, longest.length);
    assert.deepEqual(target.subarray(0, got.length), longest);
    for (const length of [longest.length + 1, 70_000]) {
      const error = yield* failure((cx) => a.pollSend(cx, new Uint8Array(length), b.local));
      isSystemError('EMSGSIZE', 'send', b.local.port)(error);
      assert.match((error as Error).message, new RegExp(`${length} bytes`));
    }
  });

  pair('batches are sent and received, in order', function* (a, b) {
    const datagrams = Array.from({ length: 100 }, (_, i) => ({ data: new Uint8Array(i).fill(i), to: b.local }));
    for (let sent = 0; sent < datagrams.length;) sent += yield* until((cx) => a.pollSendMany(cx, datagrams, sent));
    const got: Uint8Array[] = [];
    while (got.length < datagrams.length) {
      const batch = yield* until((cx) => b.pollRecvMany(cx, 30));
      assert.ok(batch.length > 0 && batch.length <= 30);
      for (const { data, from } of batch) {
        assert.deepEqual(from, a.local);
        got.push(data);
      }
    }
    assert.deepEqual(
      got,
      datagrams.map(({ data }) => data),
    );
  });

  pair('a batch of any sizes, to several, arrives as it was sent', function* (a, b, driver) {
    const c = driver.net.udpBind(anywhere, {});
    try {
      // Alike, a shorter one at the end of those, empty ones, longer ones, and the receivers in turn or not.
      const sizes = [9, 9, 9, 9, 4, 9, 9, 9, 0, 0, 0, 0, 7, 7, 7, 12, 12, 12, 12, 3000, 3000, 3000, 3000, 3000, 1];
      const datagrams = sizes.map((size, n) => ({
        data: new Uint8Array(size).fill(n),
        to: n > 20 || n % 8 === 7 ? c.local : b.local,
      }));
      for (let sent = 0; sent < datagrams.length;) sent += yield* until((cx) => a.pollSendMany(cx, datagrams, sent));
      for (const receiver of [b, c]) {
        const wanted = datagrams.filter(({ to }) => to === receiver.local).map(({ data }) => data);
        const got: Uint8Array[] = [];
        while (got.length < wanted.length)
          for (const { data } of yield* until((cx) => receiver.pollRecvMany(cx, 64))) got.push(data);
        assert.deepEqual(got, wanted);
      }
    } finally {
      c.close();
    }
  });

  pair('a batch goes as far as it can, and then says why not further', function* (a, b) {
    const batch = [{ data: bytes(1), to: b.local }, { data: new Uint8Array(70_000), to: b.local }, { data: bytes(2) }];
    assert.equal(yield* until((cx) => a.pollSendMany(cx, batch, 0)), 1);
    isSystemError('EMSGSIZE', 'send', b.local.port)(yield* failure((cx) => a.pollSendMany(cx, batch, 1)));
    isSystemError('EDESTADDRREQ', 'send')(yield* failure((cx) => a.pollSendMany(cx, batch, 2)));
    assert.equal((yield* until((cx) => b.pollRecvMany(cx, 10))).length, 1);
  });

  pair('a queue that is full drops what comes, and counts it', function* (a, b, driver) {
    const small = driver.net.udpBind(anywhere, { receiveBuffer: 4096 });
    const data = new Uint8Array(500);
    try {
      for (let i = 0; i < 200; i++) yield* until((cx) => a.pollSend(cx, data, small.local));
      let received = 0;
      const target = new Uint8Array(1000);
      while (received + small.dropped < 200) {
        yield* until((cx) => small.pollRecv(cx, target));
        received++;
      }
      assert.ok(received > 0 && small.dropped > 0);
      assert.equal(received + small.dropped, 200);
      assert.equal(small.pollRecv(new HandContext(driver), target), PENDING);
      small.forget('read');
    } finally {
      small.close();
    }
    assert.ok(small.dropped > 0);
    void b;
  });

  pair('closing wakes who waits, and is final', function* (a, b, driver) {
    const cx = new HandContext(driver);
    assert.equal(a.pollRecv(cx, new Uint8Array(1)), PENDING);
    const { local } = a;
    a.close();
    a.close();
    assert.deepEqual([a.closed, cx.woken, driver.metrics.waiting], [true, 1, 0]);
    for (const poll of [
      (): unknown => a.pollRecv(cx, new Uint8Array(1)),
      (): unknown => a.pollRecvMany(cx, 1),
      (): unknown => a.pollSend(cx, bytes(1), b.local),
      (): unknown => a.pollSendMany(cx, [{ data: bytes(1) }], 0),
      (): unknown => a.connect(b.local),
      (): unknown => a.set({ ttl: 3 }),
      (): unknown => a.join('224.0.0.250', undefined),
    ])
      assert.throws(poll, { code: 'CLOSED', port: local.port });
    yield* [];
  });

  pair('an address is had once', function* (a, b, driver) {
    isSystemError('EADDRINUSE', 'bind', a.local.port)(thrown(() => driver.net.udpBind(a.local, {})));
    a.close();
    driver.net.udpBind(a.local, {}).close();
    void b;
    yield* [];
  });
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}
