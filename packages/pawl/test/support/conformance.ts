/**
 * What every driver must do: one body, run against each driver, and each of its ways of running.
 *
 * The jobs of a test run to their end on a driver that may be shared; so each test leaves nothing behind, and checks that by the counts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, integer, oneof, record, sample } from 'fast-check';
import type { Driver, SocketAddress, TcpListenerHandle, TcpStreamHandle } from '../../src/driver/driver.ts';
import { PENDING } from '../../src/future/poll.ts';
import { failure, HandContext, isSystemError, type Job, JobClient, pause, TestTimer, until } from './jobs.ts';

/** How a driver is had and how jobs are run on it. */
export interface World {
  readonly driver: () => Driver;
  readonly run: (client: JobClient, jobs: Job<unknown>[]) => void | Promise<void>;
  /** An address to listen on, with any port. */
  readonly anywhere: SocketAddress;
}

export function conformance(name: string, world: World): void {
  /** Runs jobs made for a fresh client; then nothing may be left. */
  const check = (title: string, make: (driver: Driver) => Job<unknown>[]): void => {
    void test(`${name}: ${title}`, async () => {
      const driver = world.driver();
      const before = driver.metrics;
      await world.run(new JobClient(driver), make(driver));
      const after = driver.metrics;
      assert.deepEqual(
        { descriptors: after.descriptors, timers: after.timers, waiting: after.waiting },
        { descriptors: before.descriptors, timers: before.timers, waiting: before.waiting },
      );
    });
  };
  const { anywhere } = world;

  function* connectedPair(driver: Driver): Job<Pair> {
    const listener = driver.net.tcpListen(anywhere, {});
    const near = driver.net.tcpConnect(listener.local, {});
    yield* until((cx) => near.pollConnect(cx));
    const far = yield* until((cx) => listener.pollAccept(cx));
    listener.close();
    return { near, far };
  }

  /** A test over one connection. */
  const pair = (title: string, body: (ends: Pair, driver: Driver) => Job<unknown>): void =>
    check(title, (driver) => [
      (function* (): Job {
        const ends = yield* connectedPair(driver);
        try {
          yield* body(ends, driver);
        } finally {
          ends.near.close();
          ends.far.close();
        }
      })(),
    ]);

  check('connects, accepts and names both ends', (driver) => [
    (function* (): Job {
      const listener = driver.net.tcpListen(anywhere, {});
      assert.notEqual(listener.local.port, 0);
      assert.equal(listener.local.host, anywhere.host);
      const near = driver.net.tcpConnect(listener.local, {});
      yield* until((cx) => near.pollConnect(cx));
      const far = yield* until((cx) => listener.pollAccept(cx));
      assert.deepEqual(near.peer, listener.local);
      assert.deepEqual(far.local, listener.local);
      assert.deepEqual(far.peer, near.local);
      // A second time it is connected already.
      yield* until((cx) => near.pollConnect(cx));
      for (const handle of [near, far, listener]) handle.close();
    })(),
  ]);

  check('accepts what came before and what comes after', (driver) => {
    const listener = driver.net.tcpListen(anywhere, {});
    const connect = function* (): Job {
      const stream = driver.net.tcpConnect(listener.local, {});
      yield* until((cx) => stream.pollConnect(cx));
      assert.equal(yield* until((cx) => stream.pollRead(cx, new Uint8Array(1))), 0);
      stream.close();
    };
    const accept = function* (): Job {
      for (let i = 0; i < 20; i++) (yield* until((cx) => listener.pollAccept(cx))).close();
      listener.close();
    };
    return [accept(), ...Array.from({ length: 20 }, connect)];
  });

  check('is refused where nobody listens', (driver) => [
    (function* (): Job {
      const listener = driver.net.tcpListen(anywhere, {});
      const address = listener.local;
      listener.close();
      const stream = driver.net.tcpConnect(address, {});
      const error = yield* failure((cx) => stream.pollConnect(cx));
      isSystemError('ECONNREFUSED', 'connect', address.port)(error);
      assert.ok(stream.closed);
      assert.throws(() => stream.pollRead(new HandContext(driver), new Uint8Array(1)), { code: 'CLOSED' });
    })(),
  ]);

  check('cannot listen twice on one address', (driver) => [
    (function* (): Job {
      const listener = driver.net.tcpListen(anywhere, {});
      assert.throws(
        () => driver.net.tcpListen(listener.local, {}),
        (error) => {
          const { code, port } = error as { code: string; port: number };
          return code === 'EADDRINUSE' && port === listener.local.port;
        },
      );
      const { local } = listener;
      listener.close();
      driver.net.tcpListen(local, {}).close();
      yield* [];
    })(),
  ]);

  check('connects from a chosen local address', (driver) => [
    (function* (): Job {
      const listener = driver.net.tcpListen(anywhere, {});
      const near = driver.net.tcpConnect(listener.local, { local: { ...anywhere, port: 0 } });
      yield* until((cx) => near.pollConnect(cx));
      assert.equal(near.local.host, anywhere.host);
      near.close();
      listener.close();
    })(),
  ]);

  pair('carries bytes both ways', function* ({ near, far }) {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      assert.equal(yield* until((cx) => from.pollWrite(cx, bytes(1, 2, 3))), 3);
      const target = new Uint8Array(10);
      assert.equal(yield* until((cx) => to.pollRead(cx, target)), 3);
      assert.deepEqual([...target.subarray(0, 3)], [1, 2, 3]);
    }
  });

  pair('has nothing to do for an empty buffer, even when it could only wait', function* ({ near }, driver) {
    const cx = new HandContext(driver);
    assert.equal(near.pollRead(cx, new Uint8Array(0)), 0);
    assert.equal(near.pollWrite(cx, new Uint8Array(0)), 0);
    assert.equal(near.pollWriteVectored(cx, []), 0);
    assert.equal(near.pollWriteVectored(cx, [new Uint8Array(0)]), 0);
    assert.equal(driver.metrics.waiting, 0);
    yield* [];
  });

  pair('gathers several buffers in one write', function* ({ near, far }) {
    const sources = [bytes(1, 2), new Uint8Array(0), bytes(3), bytes(4, 5, 6)];
    assert.equal(yield* until((cx) => near.pollWriteVectored(cx, sources)), 6);
    near.shutdown('write');
    assert.deepEqual(yield* readAll(far), [1, 2, 3, 4, 5, 6]);
  });

  pair('hands out what has come in pieces as small as the caller likes', function* ({ near, far }) {
    yield* until((cx) => near.pollWrite(cx, bytes(1, 2, 3, 4, 5)));
    near.shutdown('write');
    const seen: number[] = [];
    const target = new Uint8Array(2);
    for (;;) {
      const count = yield* until((cx) => far.pollRead(cx, target));
      if (count === 0) break;
      assert.ok(count <= 2);
      seen.push(...target.subarray(0, count));
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  });

  pair('sees the end that came together with the last bytes', function* ({ near, far }, driver) {
    yield* until((cx) => near.pollWrite(cx, bytes(1, 2, 3)));
    near.close();
    yield* pause(driver, 5);
    const target = new Uint8Array(100);
    assert.equal(yield* until((cx) => far.pollRead(cx, target)), 3);
    assert.equal(yield* until((cx) => far.pollRead(cx, target)), 0);
    assert.equal(yield* until((cx) => far.pollRead(cx, target)), 0);
  });

  pair('goes on reading after its own half-close', function* ({ near, far }) {
    near.shutdown('write');
    assert.deepEqual(yield* readAll(far), []);
    yield* until((cx) => far.pollWrite(cx, bytes(7)));
    far.shutdown('write');
    assert.deepEqual(yield* readAll(near), [7]);
    isSystemError('EPIPE', 'write', near.peer.port)(yield* failure((cx) => near.pollWrite(cx, bytes(1))));
  });

  pair('ends its own reads by shutdown', function* ({ near }, driver) {
    const cx = new HandContext(driver);
    assert.equal(near.pollRead(cx, new Uint8Array(1)), PENDING);
    near.shutdown('read');
    assert.equal(cx.woken, 1);
    assert.equal(yield* until((cx) => near.pollRead(cx, new Uint8Array(1))), 0);
  });

  pair('wakes a waiting reader when the peer resets', function* ({ near, far }) {
    far.setLinger(0);
    const target = new Uint8Array(1);
    let polls = 0;
    const error = yield* failure((cx) => {
      const result = near.pollRead(cx, target);
      if (polls++ === 0) {
        assert.equal(result, PENDING);
        far.close();
      }
      return result;
    });
    isSystemError('ECONNRESET', 'read', near.peer.port)(error);
  });

  pair('fails a write to a peer that has reset, and kills nobody', function* ({ near, far }, driver) {
    far.setLinger(0);
    far.close();
    yield* pause(driver, 5);
    const first = yield* failure((cx) => near.pollWrite(cx, bytes(1)));
    assert.match((first as { code: string }).code, /^(EPIPE|ECONNRESET)$/);
    isSystemError('EPIPE', 'write', near.peer.port)(yield* failure((cx) => near.pollWrite(cx, bytes(1))));
  });

  pair('does not mind a half-close after the peer has reset', function* ({ near, far }, driver) {
    far.setLinger(0);
    far.close();
    yield* pause(driver, 5);
    near.shutdown('write');
    near.shutdown('both');
  });

  check('listens again at once where old connections linger', (driver) => [
    (function* (): Job {
      const listener = driver.net.tcpListen(anywhere, {});
      const near = driver.net.tcpConnect(listener.local, {});
      yield* until((cx) => near.pollConnect(cx));
      const far = yield* until((cx) => listener.pollAccept(cx));
      // Who closes first lingers in TIME_WAIT.
      far.close();
      assert.equal(yield* until((cx) => near.pollRead(cx, new Uint8Array(1))), 0);
      near.close();
      listener.close();
      driver.net.tcpListen(listener.local, {}).close();
    })(),
  ]);

  pair('wakes a waiting writer when the peer resets', function* ({ near, far }) {
    const block = new Uint8Array(65_536);
    far.setLinger(0);
    const error = yield* failure((cx) => {
      for (;;) {
        const written = near.pollWrite(cx, block);
        if (written !== PENDING) continue;
        far.close();
        return PENDING;
      }
    });
    assert.match((error as { code: string }).code, /^(EPIPE|ECONNRESET)$/);
  });

  pair('tells of a hang-up when the peer resets', function* ({ near, far }, driver) {
    const cx = new HandContext(driver);
    assert.equal(near.pollHangup(cx), PENDING);
    assert.equal(driver.metrics.waiting, 1);
    far.setLinger(0);
    far.close();
    yield* until((cx) => near.pollHangup(cx));
    assert.equal(cx.woken, 1);
    assert.equal(near.pollHangup(cx), undefined);
    isSystemError('ECONNRESET', 'read', near.peer.port)(yield* failure((cx) => near.pollRead(cx, new Uint8Array(1))));
  });

  pair(
    'tells of no hang-up for bytes and a half-close, and of one when both directions are closed',
    function* (ends, driver) {
      const { near, far } = ends;
      const cx = new HandContext(driver);
      yield* until((cx) => far.pollWrite(cx, bytes(1)));
      far.shutdown('write');
      const target = new Uint8Array(1);
      assert.equal(yield* until((cx) => near.pollRead(cx, target)), 1);
      assert.equal(yield* until((cx) => near.pollRead(cx, target)), 0);
      assert.equal(near.pollHangup(cx), PENDING);
      assert.equal(near.pollHangup(cx, true), undefined);
      near.shutdown('write');
      yield* until((cx) => near.pollHangup(cx));
      assert.equal(yield* until((cx) => near.pollRead(cx, target)), 0);
    },
  );

  pair('leaves to the reader what came before a hang-up', function* ({ near, far }) {
    yield* until((cx) => near.pollWrite(cx, bytes(1, 2, 3)));
    near.shutdown('write');
    far.shutdown('write');
    yield* until((cx) => far.pollHangup(cx));
    assert.deepEqual(yield* readAll(far), [1, 2, 3]);
  });

  pair('forgets who waits for a hang-up, and wakes that one at the close', function* ({ near }, driver) {
    const cx = new HandContext(driver);
    assert.equal(near.pollHangup(cx), PENDING);
    near.forget('read');
    assert.equal(driver.metrics.waiting, 0);
    assert.equal(near.pollHangup(cx), PENDING);
    near.close();
    assert.equal(cx.woken, 1);
    yield* [];
  });

  pair(
    'wakes a reader that keeps nothing alive, and counts whoever takes its place',
    function* ({ near, far }, driver) {
      const [idle, other] = [new HandContext(driver), new HandContext(driver)];
      const target = new Uint8Array(1);
      assert.equal(near.pollRead(idle, target), PENDING);
      near.unrefRead();
      near.unrefRead();
      assert.equal(driver.metrics.waiting, 0);
      assert.equal(near.pollRead(other, target), PENDING);
      assert.deepEqual([idle.woken, driver.metrics.waiting], [1, 1]);
      near.forget('read');
      assert.equal(near.pollRead(idle, target), PENDING);
      near.unrefRead();
      near.forget('read');
      near.unrefRead();
      assert.equal(driver.metrics.waiting, 0);
      assert.equal(near.pollRead(idle, target), PENDING);
      near.unrefRead();
      far.close();
      while (idle.woken < 2) yield* pause(driver, 1);
      assert.equal(near.pollRead(idle, target), 0);
      assert.equal(driver.metrics.waiting, 0);
    },
  );

  check('holds a writer back until the reader has made room, and loses nothing', (driver) => {
    const total = 4 * 1024 * 1024;
    const state: { waits: number; far?: TcpStreamHandle } = { waits: 0 };
    const writer = function* (): Job {
      const { near, far } = yield* connectedPair(driver);
      state.far = far;
      for (let sent = 0; sent < total;) {
        const chunk = Uint8Array.from({ length: Math.min(50_000, total - sent) }, (_, i) => (sent + i) % 251);
        sent += yield* until((cx) => {
          const count = near.pollWrite(cx, chunk);
          if (count === PENDING) state.waits++;
          return count;
        });
      }
      near.close();
    };
    const reader = function* (): Job {
      while (state.waits === 0) yield* pause(driver, 1);
      const far = state.far!;
      const target = new Uint8Array(70_001);
      let at = 0;
      for (;;) {
        const count = yield* until((cx) => far.pollRead(cx, target));
        if (count === 0) break;
        for (let i = 0; i < count; i++, at++) if (target[i] !== at % 251) assert.fail(`byte ${at} is wrong`);
      }
      assert.equal(at, total);
      far.close();
    };
    return [writer(), reader()];
  });

  check('keeps the bytes and their order, however they are cut', (driver) => {
    const size = oneof(integer({ min: 1, max: 100 }), integer({ min: 1, max: 100_000 }));
    const cuts = record({ writes: array(size, { maxLength: 12 }), reads: array(size, { minLength: 1, maxLength: 6 }) });
    return sample(cuts, { seed: 7, numRuns: 12 }).flatMap(({ writes, reads }) => {
      const total = writes.reduce((sum, length) => sum + length, 0);
      const state: { far?: TcpStreamHandle } = {};
      const writer = function* (): Job {
        const { near, far } = yield* connectedPair(driver);
        state.far = far;
        let at = 0;
        for (const length of writes) {
          const chunk = Uint8Array.from({ length }, (_, i) => (at + i) % 251);
          for (let sent = 0; sent < length;) {
            const rest = chunk.subarray(sent);
            const half = rest.length >> 1;
            // By turns whole and in two pieces.
            sent += yield* until((cx) =>
              length % 2 === 0
                ? near.pollWrite(cx, rest)
                : near.pollWriteVectored(cx, [rest.subarray(0, half), rest.subarray(half)]),
            );
          }
          at += length;
        }
        near.close();
      };
      const reader = function* (): Job {
        while (state.far === undefined) yield* pause(driver, 1);
        const { far } = state;
        let at = 0;
        for (let i = 0; ; i++) {
          const target = new Uint8Array(reads[i % reads.length]!);
          const count = yield* until((cx) => far.pollRead(cx, target));
          if (count === 0) break;
          for (let j = 0; j < count; j++, at++) if (target[j] !== at % 251) assert.fail(`byte ${at} is wrong`);
        }
        assert.equal(at, total);
        far.close();
      };
      return [writer(), reader()];
    });
  });

  pair('lets one task read while another writes', function* ({ near, far }, driver) {
    const reader = new HandContext(driver);
    const writer = new HandContext(driver);
    assert.equal(near.pollRead(reader, new Uint8Array(1)), PENDING);
    const block = new Uint8Array(65_536);
    while (near.pollWrite(writer, block) !== PENDING);
    assert.equal(driver.metrics.waiting, 2);
    yield* until((cx) => far.pollWrite(cx, bytes(1)));
    yield* eventually(driver, () => reader.woken === 1);
    assert.equal(writer.woken, 0);
    const sink = new Uint8Array(1 << 20);
    yield* eventually(driver, (cx) => {
      far.pollRead(cx, sink);
      far.forget('read');
      return writer.woken === 1;
    });
    assert.equal(reader.woken, 1);
  });

  pair('forgets a waker, and keeps what comes for the next poll', function* ({ near, far }, driver) {
    const cx = new HandContext(driver);
    assert.equal(near.pollRead(cx, new Uint8Array(1)), PENDING);
    near.forget('read');
    near.forget('read');
    assert.equal(driver.metrics.waiting, 0);
    yield* until((cx) => far.pollWrite(cx, bytes(9)));
    yield* pause(driver, 5);
    assert.equal(cx.woken, 0);
    const target = new Uint8Array(1);
    assert.equal(yield* until((cx) => near.pollRead(cx, target)), 1);
    assert.equal(target[0], 9);
  });

  pair('wakes the waker that another replaces', function* ({ near }, driver) {
    const [old, next] = [new HandContext(driver), new HandContext(driver)];
    near.pollRead(old, new Uint8Array(1));
    near.pollRead(old, new Uint8Array(1));
    assert.equal(old.woken, 0);
    near.pollRead(next, new Uint8Array(1));
    assert.deepEqual([old.woken, next.woken], [1, 0]);
    assert.equal(driver.metrics.waiting, 1);
    yield* [];
  });

  pair('wakes whoever waits for a stream that is closed', function* ({ near }, driver) {
    const reader = new HandContext(driver);
    const writer = new HandContext(driver);
    near.pollRead(reader, new Uint8Array(1));
    const block = new Uint8Array(65_536);
    while (near.pollWrite(writer, block) !== PENDING);
    near.close();
    near.close();
    assert.deepEqual([reader.woken, writer.woken], [1, 1]);
    assert.ok(near.closed);
    for (const use of [
      () => near.pollRead(reader, new Uint8Array(1)),
      () => near.pollWrite(reader, bytes(1)),
      () => near.pollWriteVectored(reader, [bytes(1)]),
      () => near.pollConnect(reader),
      () => near.pollHangup(reader),
      () => near.shutdown('write'),
      () => near.setNoDelay(true),
    ]) {
      assert.throws(use, { code: 'CLOSED', port: near.peer.port });
    }
    yield* [];
  });

  check('wakes whoever waits for a listener that is closed', (driver) => [
    (function* (): Job {
      const listener = driver.net.tcpListen(anywhere, {});
      const cx = new HandContext(driver);
      assert.equal(listener.pollAccept(cx), PENDING);
      listener.close();
      listener.close();
      assert.equal(cx.woken, 1);
      assert.throws(() => listener.pollAccept(cx), { code: 'CLOSED', port: listener.local.port });
      yield* [];
    })(),
  ]);

  check('forgets an accept, and keeps the connection for the next', (driver) => [
    (function* (): Job {
      const listener: TcpListenerHandle = driver.net.tcpListen(anywhere, {});
      const cx = new HandContext(driver);
      assert.equal(listener.pollAccept(cx), PENDING);
      listener.forget();
      const near = driver.net.tcpConnect(listener.local, {});
      yield* until((cx) => near.pollConnect(cx));
      yield* pause(driver, 5);
      assert.equal(cx.woken, 0);
      (yield* until((cx) => listener.pollAccept(cx))).close();
      near.close();
      listener.close();
    })(),
  ]);

  pair('is for its own driver only', function* ({ near }, driver) {
    const stranger = new HandContext({ timers: {} } as Driver);
    const code = 'WRONG_RUNTIME';
    assert.throws(() => near.pollConnect(stranger), { code });
    assert.throws(() => near.pollRead(stranger, new Uint8Array(1)), { code });
    assert.throws(() => near.pollWrite(stranger, bytes(1)), { code });
    assert.throws(() => near.pollWriteVectored(stranger, [bytes(1)]), { code });
    assert.throws(() => near.pollHangup(stranger), { code });
    const listener = driver.net.tcpListen(anywhere, {});
    assert.throws(() => listener.pollAccept(stranger), { code });
    listener.close();
    yield* [];
  });

  pair('takes its options', function* ({ near }) {
    near.setNoDelay(true);
    near.setKeepAlive(true, 1500, 1000, 3);
    near.setKeepAlive(false);
    near.setLinger(0);
    near.setLinger(undefined);
    yield* [];
  });

  check('fires timers in order, and never early', (driver) => {
    const order: number[] = [];
    const sleeper = function* (ms: number): Job {
      const due = driver.refresh() + ms;
      yield* pause(driver, ms);
      assert.ok(driver.refresh() >= due, `${ms} ms`);
      order.push(ms);
    };
    const judge = function* (): Job {
      yield* pause(driver, 40);
      assert.deepEqual(order, [1, 5, 10, 20]);
    };
    return [judge(), ...[20, 5, 10, 1].map((ms) => sleeper(ms))];
  });

  check('does not fire a cancelled timer', (driver) => [
    (function* (): Job {
      const timer = new TestTimer();
      driver.timers.insert(timer, driver.now() + 2);
      driver.timers.cancel(timer);
      yield* pause(driver, 10);
      assert.equal(timer.fired, 0);
    })(),
  ]);

  check('resolves a numeric host to itself', (driver) => [
    (function* (): Job {
      const lookup = driver.net.resolve(anywhere.host);
      const found = yield* until((cx) => lookup.poll(cx));
      assert.deepEqual(
        found.map(({ host, family }) => ({ host, family })),
        [{ host: anywhere.host, family: anywhere.family }],
      );
    })(),
  ]);
}

interface Pair {
  readonly near: TcpStreamHandle;
  readonly far: TcpStreamHandle;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function* readAll(stream: TcpStreamHandle): Job<number[]> {
  const seen: number[] = [];
  const target = new Uint8Array(16);
  for (;;) {
    const count = yield* until((cx) => stream.pollRead(cx, target));
    if (count === 0) return seen;
    seen.push(...target.subarray(0, count));
  }
}

/** Lets the driver turn until something holds: bounded by the number of turns. */
function* eventually(driver: Driver, holds: (cx: HandContext) => boolean): Job {
  const cx = new HandContext(driver);
  for (let i = 0; i < 1000; i++) {
    if (holds(cx)) return;
    yield* pause(driver, 1);
  }
  assert.fail('it did not come about in a thousand turns');
}
