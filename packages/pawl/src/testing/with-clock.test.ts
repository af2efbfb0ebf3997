/** A paused clock: Pawl code, promise code and both, in order and to the millisecond. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import {
  coroutine,
  fromPromise,
  Instant,
  interval,
  join,
  joinSettled,
  PawlError,
  run,
  sleep,
  spawn,
  timeout,
  blockOn,
  unboundedChannel,
} from '../index.ts';
import { TcpListener, TcpStream } from '../net/index.ts';
import { simulate, withClock, type Clock } from './index.ts';

const code = (error: unknown): unknown => (error as PawlError).code;

test('time stands until it is moved, for Pawl and for the platform', () =>
  withClock(
    async (clock) => {
      const start = Instant.now();
      const began = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(start.elapsed(), 0);
      assert.equal(new Date().toISOString(), '2026-01-01T00:00:00.000Z');
      await clock.advance(1500);
      assert.equal(start.elapsed(), 1500);
      assert.equal(performance.now() - began, 1500);
      assert.equal(Temporal.Now.instant().toString(), '2026-01-01T00:00:01.5Z');
      assert.equal(clock.elapsed, 1500);
    },
    { now: new Date('2026-01-01') },
  ));

test('timers of both kinds fire in order, and in the order of their making at the same time', () =>
  withClock(async (clock) => {
    const seen: unknown[] = [];
    const start = Date.now();
    const note = (what: string) => (): unknown => seen.push([what, Date.now() - start]);
    const sleeper = coroutine(function* (ms: number) {
      yield* sleep(ms);
      note(`sleep ${ms}`)();
    });
    setTimeout(note('timeout 20'), 20);
    const sleeps = run(join([sleeper(10), sleeper(20), sleeper(30)]));
    setTimeout(note('timeout 10'), 10);
    await clock.advance(0);
    setTimeout(note('second 20'), 20);
    await clock.advance(30);
    await sleeps;
    assert.deepEqual(seen, [
      ['timeout 10', 10],
      ['sleep 10', 10],
      ['timeout 20', 20],
      ['sleep 20', 20],
      ['second 20', 20],
      ['sleep 30', 30],
    ]);
  }));

test('an async function that waits twice is through after both delays, at the right times', () =>
  withClock(async (clock) => {
    const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const times: number[] = [];
    const start = Date.now();
    const work = (async () => {
      for (let step = 0; step < 5; step++) {
        await delay(100);
        await Promise.resolve();
        times.push(Date.now() - start);
      }
    })();
    await clock.advance(500);
    assert.deepEqual(times, [100, 200, 300, 400, 500]);
    await work;
  }));

test('a promise that is resolved with another one, and long chains of reactions, are through before time moves on', () =>
  withClock(async (clock) => {
    const seen: string[] = [];
    setTimeout(() => seen.push('timer 101'), 101);
    void new Promise((resolve) => setTimeout(() => resolve(Promise.resolve(5)), 100)).then(async () => {
      for (let link = 0; link < 1000; link++) await Promise.resolve();
      queueMicrotask(() => process.nextTick(() => setImmediate(() => seen.push('chain'))));
    });
    await clock.runToNext();
    assert.deepEqual(seen, ['chain']);
    await clock.runToNext();
    assert.deepEqual(seen, ['chain', 'timer 101']);
  }));

test('microtasks run between two timers that are due at the same time', () =>
  withClock(async (clock) => {
    const seen: string[] = [];
    let second: NodeJS.Timeout | undefined;
    setTimeout(() => void Promise.resolve().then(() => clearTimeout(second)), 10);
    second = setTimeout(() => seen.push('cleared too late'), 10);
    setTimeout(() => {
      seen.push('a');
      process.nextTick(() => seen.push('a, tick'));
      queueMicrotask(() => seen.push('a, microtask'));
    }, 10);
    setTimeout(() => seen.push('b'), 10);
    await clock.advance(10);
    assert.deepEqual(seen, ['a', 'a, tick', 'a, microtask', 'b']);
  }));

test('a timer that a timer sets within the same advance fires in it', () =>
  withClock(async (clock) => {
    const seen: number[] = [];
    const start = Date.now();
    const again = (): void => {
      seen.push(Date.now() - start);
      if (seen.length < 4) setTimeout(again, 10);
    };
    setTimeout(again, 10);
    await clock.advance(25);
    assert.deepEqual(seen, [10, 20]);
    await clock.advance(100);
    assert.deepEqual(seen, [10, 20, 30, 40]);
  }));

test('promises of node:timers/promises, of AbortSignal.timeout and of our futures go together', () =>
  withClock(async (clock) => {
    const signal = AbortSignal.timeout(50);
    const outcomes = Promise.allSettled([
      later(20, 'later'),
      run(function* () {
        yield* sleep(30);
        return yield* fromPromise(later(10, 'inner'));
      }),
      timeout(25, sleep(1000)).then(undefined, code),
      run(sleep(1000), { signal }).catch((error: unknown) => [code(error), Date.now()]),
    ]);
    const start = Date.now();
    await clock.advance(50);
    assert.deepEqual(
      (await outcomes).map((outcome) => (outcome as { value: unknown }).value),
      ['later', 'inner', 'TIMEOUT', ['CANCELLED', start + 50]],
    );
  }));

test('a generator body moves the clock by yield*', () =>
  withClock(function* (clock) {
    const [sender, receiver] = unboundedChannel<number>();
    const start = Instant.now();
    const ticking = spawn(
      coroutine(function* () {
        for (const [_] of [1, 2, 3].entries()) {
          yield* sleep(10);
          sender.send(start.elapsed());
        }
        sender.close();
      }),
    );
    yield* clock.advance(29);
    assert.deepEqual([yield* receiver.recv(), yield* receiver.recv()], [10, 20]);
    yield* clock.advance(1);
    yield* ticking;
    assert.equal(yield* receiver.recv(), 30);
  }));

test('runUntilIdle runs to the end of all that is waited for, and tells how long that took', () =>
  withClock(async (clock) => {
    setInterval(() => {}, 50_000).unref();
    const main = run(function* () {
      yield* sleep(3_600_000);
      return 'done';
    });
    setTimeout(() => setTimeout(() => {}, 4_000_000), 1);
    assert.equal(await clock.runUntilIdle(), 4_000_001);
    assert.equal(await main, 'done');
    assert.equal(await clock.runUntilIdle(), 0);
  }));

test('runUntilIdle gives up on an interval that nobody clears', () =>
  withClock(async (clock) => {
    const endless = setInterval(() => {}, 1);
    await assert.rejects(async () => clock.runUntilIdle(), { code: 'LIMIT_EXCEEDED' });
    clearInterval(endless);
  }));

test('runToNext fires all that is due then, and says when there is nothing', () =>
  withClock(async (clock) => {
    let fired = 0;
    setTimeout(() => fired++, 10);
    setTimeout(() => fired++, 10);
    setTimeout(() => fired++, 11);
    assert.equal(clock.pending, 3);
    assert.equal(await clock.runToNext(), true);
    assert.deepEqual([fired, clock.elapsed], [2, 10]);
    assert.equal(await clock.runToNext(), true);
    assert.equal(await clock.runToNext(), false);
    assert.deepEqual([fired, clock.elapsed, clock.pending], [3, 11, 0]);
  }));

test('an interval of ours ticks as the clock is moved', () =>
  withClock(async (clock) => {
    const seen: number[] = [];
    const start = Date.now();
    const main = run(function* () {
      const ticks = interval(100);
      for (let tick = 0; tick < 3; tick++) {
        yield* ticks.tick();
        seen.push(Date.now() - start);
      }
    });
    await clock.advance(1000);
    await main;
    assert.deepEqual(seen.length, 3);
    assert.ok(seen.every((at) => at % 100 === 0));
  }));

test('a movement throws what a timer throws, and the next one goes on', () =>
  withClock(async (clock) => {
    const seen: string[] = [];
    setTimeout(() => {
      throw new Error('thrown by a timer');
    }, 5);
    setTimeout(() => seen.push('after'), 6);
    await assert.rejects(async () => clock.advance(10), /thrown by a timer/);
    assert.equal(clock.elapsed, 5);
    await clock.advance(5);
    assert.deepEqual(seen, ['after']);
  }));

test('movements under way at once take their turns, and a cancelled one stops where it is', () =>
  withClock(async (clock) => {
    await Promise.all([clock.advance(10), clock.advance(20)]);
    assert.equal(clock.elapsed, 30);
    await run(function* () {
      const task = spawn(clock.advance(100));
      setTimeout(() => task.abort(), 10);
      yield* joinSettled([task]);
    });
    assert.equal(clock.elapsed, 40);
    await clock.advance(1);
    assert.equal(clock.elapsed, 41);
  }));

test('a program that never rests is told from one that waits', () =>
  withClock(async (clock) => {
    let going = true;
    const again = (): void => {
      if (going) setImmediate(again);
    };
    again();
    await assert.rejects(async () => clock.advance(1), { code: 'LIMIT_EXCEEDED' });
    going = false;
  }));

test('connections work, in real time, with timeouts of the clock', () =>
  withClock(function* (clock) {
    const listener = yield* TcpListener.bind({ host: '127.0.0.1', port: 0 });
    const client = yield* TcpStream.connect(listener.localAddress);
    const { stream: served } = yield* accepted(listener);
    const buffer = new Uint8Array(8);
    const reading = spawn(timeout(60_000, served.read(buffer)));
    yield* clock.advance(59_999);
    yield* client.write(new Uint8Array([1, 2, 3]));
    assert.equal(yield* reading, 3);
    const late = spawn(
      coroutine(function* () {
        try {
          yield* timeout(60_000, served.read(buffer));
          return 'read';
        } catch (error) {
          return code(error);
        }
      }),
    );
    yield* clock.advance(60_000);
    assert.equal(yield* late, 'TIMEOUT');
    client.close();
    served.close();
    listener.close();
  }));

const accepted = coroutine(function* (listener: TcpListener) {
  return { stream: yield* listener.accept() };
});

test('it can be awaited within a run, whose own time goes on', async () => {
  const passed = await run(function* () {
    yield* sleep(1);
    const inner = yield* fromPromise(() =>
      withClock(function* (clock) {
        const start = Instant.now();
        yield* clock.advance(1e6);
        return start.elapsed();
      }),
    );
    yield* sleep(1);
    return inner;
  });
  assert.equal(passed, 1e6);
});

test('a simulated world has a clock of its own, and refuses this one', async () => {
  await simulate({ seed: 1 }, function* () {
    const outcome = yield* fromPromise(withClock(async () => {}).then(undefined, code));
    assert.equal(outcome, 'BUSY');
  });
});

test('afterwards time goes on by itself, and the ambient runtime is the old one', async () => {
  await withClock(async (clock) => {
    await clock.advance(1e9);
  });
  await sleep(1);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(Math.abs(Date.now() - performance.timeOrigin - performance.now()) < 60_000);
});

test('what waits for the clock at the end of the body is an error, and is stopped', async () => {
  let cleaned = false;
  const body = async (clock: Clock): Promise<void> => {
    run(
      coroutine(function* napping() {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(10);
          cleaned = true;
        }
      })(),
      { name: 'napper' },
    ).catch(() => {});
    await clock.advance(10);
  };
  await assert.rejects(withClock(body), (error: PawlError) => {
    assert.equal(error.code, 'LEAK');
    assert.match(error.message, /napper[^]*in napping at .*with-clock\.test\.ts:\d+[^]*waits for sleep, due in 990 ms/);
    return true;
  });
  assert.ok(cleaned);
});

test('a body that fails is what is told of, and its tasks are stopped', async () => {
  let stopped = false;
  const body = async (clock: Clock): Promise<void> => {
    run(function* () {
      try {
        yield* sleep(1000);
      } finally {
        stopped = true;
      }
    }).catch(() => {});
    await clock.advance(0);
    throw new Error('of the body');
  };
  await assert.rejects(withClock(body), /of the body/);
  assert.ok(stopped);
});

test('a promise of a task that was left behind stays pending: the failure is the only one', async () => {
  let settled = false;
  const body = async (clock: Clock): Promise<void> => {
    void sleep(1000).then(
      () => (settled = true),
      () => (settled = true),
    );
    await clock.advance(10);
  };
  await assert.rejects(withClock(body), { code: 'LEAK' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(settled, false);
});

test('bad input is refused', async () => {
  await assert.rejects(withClock(undefined as never), { code: 'BAD_ARGUMENT' });
  await assert.rejects(
    withClock(async () => {}, { now: new Date(NaN) }),
    { code: 'BAD_ARGUMENT' },
  );
  await assert.rejects(
    withClock(async () => {}, { nw: 5 } as never),
    { code: 'BAD_ARGUMENT' },
  );
  await assert.rejects(withClock((() => 5) as never), { code: 'NOT_A_FUTURE' });
  let kept: Clock | undefined;
  await withClock(async (clock) => {
    kept = clock;
    for (const bad of [-1, NaN, Infinity, '5'])
      assert.throws(() => clock.advance(bad as number), { code: 'BAD_ARGUMENT' });
    await assert.rejects(
      withClock(async () => {}),
      { code: 'BUSY' },
    );
  });
  await assert.rejects(async () => kept?.advance(1), { code: 'CLOSED' });
});

test('blockOn of something that waits for the clock fails instead of hanging', () =>
  withClock(async () => {
    assert.equal(
      blockOn(function* () {
        return 5;
      }),
      5,
    );
    assert.throws(() => blockOn(sleep(5)), { code: 'DEADLOCK' });
  }));
