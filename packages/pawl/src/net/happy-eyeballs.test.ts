import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  blockOn,
  coroutine,
  dumpAll,
  type Future,
  PawlError,
  ready,
  run,
  sleep,
  spawn,
  type Steps,
  timeout,
} from 'pawl';
import { addressOf, FakeDial, type Manner } from '../../test/support/fake-dial.ts';
import { failure } from '../../test/support/loopback.ts';
import { withNames } from '../../test/support/names.ts';
import type { SocketAddress, TcpStreamHandle } from '../driver/driver.ts';
import { type Addresses, ATTEMPT_DELAY, HappyEyeballs } from './happy-eyeballs.ts';
import { TcpListener, TcpStream } from './index.ts';

const NEVER: Manner = { after: Infinity };
const REFUSES: Manner = { after: 1, refuses: true };

/** Connects by a name with those addresses, which are known at once; gives who was tried and when, and what came of it. */
function dial(manners: Record<string, Manner>, delay = 250): { attempts: string[]; outcome: string } {
  const driver = new FakeDial(manners);
  const outcome = blockOn(
    function* () {
      try {
        using stream = yield* TcpStream.connect('some.example:80', { attemptDelay: delay });
        assert.equal(driver.open.length, 1, 'a loser is open');
        return `${stream.remoteAddress.host} at ${driver.time}`;
      } catch (error) {
        return `${(error as PawlError).code} at ${driver.time}`;
      }
    },
    { driver },
  );
  assert.deepEqual([driver.open.length, driver.timerCount], [0, 0], 'something is left');
  return { attempts: driver.attempts, outcome };
}

/** Addresses that come one by one, each after so many ms; the lookup ends after `end`. */
function slowly(driver: FakeDial, parts: Record<string, number>, end: number): Addresses {
  return coroutine(function* (found: (some: readonly SocketAddress[]) => void) {
    const all: SocketAddress[] = [];
    for (const [host, at] of Object.entries(parts)) {
      yield* sleep(at - driver.time);
      all.push(addressOf(host));
      found(all.slice(-1));
    }
    yield* sleep(end - driver.time);
    return all;
  });
}

function dialSlowly(manners: Record<string, Manner>, parts: Record<string, number>, end: number): string[] {
  const driver = new FakeDial(manners);
  const to = { host: 'some.example', port: 80 };
  const handle = blockOn(
    (): Future<TcpStreamHandle> => new HappyEyeballs(to, undefined, slowly(driver, parts, end), ATTEMPT_DELAY),
    { driver },
  );
  const peer = `${handle.peer.host} at ${driver.time}`;
  handle.close();
  assert.deepEqual([driver.open.length, driver.timerCount], [0, 0], 'something is left');
  return [...driver.attempts, peer];
}

describe('connecting to a name', () => {
  it('tries the families in turn, beginning with that of the first address', () => {
    const { attempts } = dial({
      '::1': NEVER,
      '::2': NEVER,
      '::3': NEVER,
      '10.0.0.1': NEVER,
      '10.0.0.2': { after: 0 },
    });
    assert.deepEqual(attempts, ['::1 at 0', '10.0.0.1 at 250', '::2 at 500', '10.0.0.2 at 750']);
  });

  it('begins the next attempt at once when one has failed', () => {
    const { attempts, outcome } = dial({ '10.0.0.1': REFUSES, '::1': REFUSES, '10.0.0.2': { after: 5 } });
    assert.deepEqual(attempts, ['10.0.0.1 at 0', '::1 at 1', '10.0.0.2 at 2']);
    assert.equal(outcome, '10.0.0.2 at 7');
  });

  it('goes on with those that have not answered', () => {
    const { attempts, outcome } = dial({ '::1': { after: 300 }, '10.0.0.1': { after: 100 } });
    assert.deepEqual(attempts, ['::1 at 0', '10.0.0.1 at 250']);
    assert.equal(outcome, '::1 at 300');
  });

  it('waits as long between two attempts as it is told', () => {
    const { attempts, outcome } = dial({ '::1': NEVER, '10.0.0.1': { after: 5 } }, 20);
    assert.deepEqual([...attempts, outcome], ['::1 at 0', '10.0.0.1 at 20', '10.0.0.1 at 25']);
  });

  it('fails when the last of them has, with every failure', () => {
    const driver = new FakeDial({ '::1': { after: 400, refuses: true }, '10.0.0.1': REFUSES });
    const error = blockOn(failure(TcpStream.connect('some.example:80')), { driver });
    assert.deepEqual([error.code, driver.time], ['ECONNREFUSED', 400]);
    assert.match(error.message, /^none of the 2 addresses of some\.example answered/);
    const { errors } = error.cause as AggregateError;
    assert.deepEqual(
      errors.map((each: PawlError) => each.address),
      ['10.0.0.1', '::1'],
    );
  });

  it('waits for the last attempt, whatever the delay is', () => {
    assert.equal(dial({ '::1': { after: 5000 }, '10.0.0.1': { after: 6000 } }).outcome, '::1 at 5000');
  });

  it('refuses a delay that would flood the network', () => {
    for (const attemptDelay of [9, -1, NaN, '250' as never])
      assert.throws(
        () => TcpStream.connect('a.example:80', { attemptDelay }),
        { code: 'BAD_ARGUMENT' },
        String(attemptDelay),
      );
  });

  it('tries an IPv6 address at once, and IPv4 when IPv6 has had 50 ms to come', () => {
    const all = { '::1': { after: 5 }, '10.0.0.1': { after: 5 } };
    assert.deepEqual(dialSlowly(all, { '::1': 3, '10.0.0.1': 1000 }, 2000), ['::1 at 3', '::1 at 8']);
    assert.deepEqual(dialSlowly(all, { '10.0.0.1': 3, '::1': 1000 }, 2000), ['10.0.0.1 at 53', '10.0.0.1 at 58']);
    assert.deepEqual(dialSlowly(all, { '10.0.0.1': 3, '::1': 33 }, 2000), ['::1 at 33', '::1 at 38']);
  });

  it('tries IPv4 at once when the lookup has ended without IPv6', () => {
    assert.deepEqual(dialSlowly({ '10.0.0.1': { after: 5 } }, { '10.0.0.1': 3 }, 20), [
      '10.0.0.1 at 20',
      '10.0.0.1 at 25',
    ]);
  });

  it('goes by the order of the lookup when that has ended before the first attempt', () => {
    const driver = new FakeDial({ '::1': { after: 5 }, '10.0.0.1': { after: 5 } });
    const [v4, v6] = [addressOf('10.0.0.1'), addressOf('::1')];
    const handle = blockOn(
      new HappyEyeballs(
        { host: 'some.example', port: 80 },
        undefined,
        (found) => {
          found([v4]);
          found([v6]);
          return ready([v6, v4]);
        },
        ATTEMPT_DELAY,
      ),
      { driver },
    );
    handle.close();
    assert.deepEqual(driver.attempts, ['::1 at 0']);
  });

  it('takes addresses that come while others are being tried', () => {
    const all = { '::1': NEVER, '10.0.0.1': { after: 5 } };
    assert.deepEqual(dialSlowly(all, { '::1': 2, '10.0.0.1': 600 }, 700), [
      '::1 at 2',
      '10.0.0.1 at 600',
      '10.0.0.1 at 605',
    ]);
  });

  it('waits for addresses that may still come when those that came have failed', () => {
    const all = { '::1': REFUSES, '10.0.0.1': { after: 5 } };
    assert.deepEqual(dialSlowly(all, { '::1': 2, '10.0.0.1': 600 }, 700), [
      '::1 at 2',
      '10.0.0.1 at 600',
      '10.0.0.1 at 605',
    ]);
  });

  it('closes everything wherever it is cancelled', () => {
    for (let at = 0; at <= 600; at += 50) {
      const driver = new FakeDial({ '::1': NEVER, '10.0.0.1': { after: 400 }, '::2': NEVER });
      const code = blockOn(
        function* () {
          const task = spawn(TcpStream.connect('some.example:80'));
          yield* sleep(at);
          task.abort();
          return (yield* failure(task)).code;
        },
        { driver },
      );
      assert.deepEqual([code, driver.open.length, driver.timerCount], ['CANCELLED', 0, 0], `at ${at} ms`);
    }
  });

  it('closes the winner, too, when it is cancelled before the lookup has let go, or that fails to', () => {
    for (const fails of [false, true]) {
      const driver = new FakeDial({ '::1': { after: 5 } });
      const stubborn = coroutine(function* (found: (some: readonly SocketAddress[]) => void): Steps<SocketAddress[]> {
        try {
          found([addressOf('::1')]);
          yield* sleep(Infinity);
        } finally {
          yield* sleep(100);
          // oxlint-disable-next-line no-unsafe-finally -- that is the fault
          if (fails) throw new Error('as meant');
        }
        return [];
      });
      const connecting = new HappyEyeballs({ host: 'some.example', port: 80 }, undefined, stubborn, ATTEMPT_DELAY);
      const outcome = blockOn(
        function* () {
          try {
            if (fails) (yield* connecting).close();
            else yield* timeout(50, connecting);
          } catch (error) {
            return `${String(error)} at ${driver.time}`;
          }
          return 'connected';
        },
        { driver },
      );
      assert.match(outcome, fails ? /^SuppressedError.* at 105$/ : /timed out after 50 ms at 105$/);
      assert.deepEqual([driver.open.length, driver.timerCount], [0, 0], fails ? 'failed' : 'cancelled');
    }
  });

  it('says in a dump whom it tries', () => {
    const driver = new FakeDial({ '::1': NEVER, '10.0.0.1': NEVER });
    blockOn(
      function* () {
        const task = spawn(TcpStream.connect('some.example:80'));
        yield* sleep(300);
        const dump = dumpAll(driver);
        assert.match(dump, /connect to some\.example:80/);
        assert.match(dump, /connect to \[::1\]:80/);
        assert.match(dump, /connect to 10\.0\.0\.1:80/);
        task.abort();
      },
      { driver },
    );
  });

  it('gets past an address of the kernel where nobody answers', async () => {
    const driver = withNames({ 'two.example': ['127.0.0.1', '127.0.0.2'] });
    const { descriptors } = driver.metrics;
    await run(
      function* () {
        // Its queue is full, and further SYNs are dropped (listen(2)).
        using deaf = yield* TcpListener.bind('127.0.0.1:0', { backlog: 1 });
        const { port } = deaf.localAddress;
        using live = yield* TcpListener.bind({ host: '127.0.0.2', port });
        const keep: TcpStream[] = [];
        try {
          for (;;) keep.push(yield* TcpStream.connect(deaf.localAddress, { timeout: 30 }));
        } catch (error) {
          assert.equal((error as PawlError).code, 'TIMEOUT');
        }
        using stream = yield* TcpStream.connect({ host: 'two.example', port }, { attemptDelay: 10 });
        assert.deepEqual(stream.remoteAddress, { ...live.localAddress });
        for (const each of keep) each.close();
      },
      { driver },
    );
    assert.equal(driver.metrics.descriptors, descriptors);
  });
});
