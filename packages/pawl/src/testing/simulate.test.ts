import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { channel } from '../sync/channel.ts';
import { fromPromise } from '../node/promise.ts';
import { Mutex } from '../sync/mutex.ts';
import { TcpListener } from '../net/listener.ts';
import { TcpStream } from '../net/stream.ts';
import { TlsStream } from '../net/index.ts';
import { sleep } from '../time/sleep.ts';
import { yieldNow } from '../future/ready.ts';
import '../task/ambient.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import type { PawlError } from '../error/index.ts';
import { assertNoLeaks, SimFailure, simulate, type SimulateOptions, type Scenario, type World } from './index.ts';

const failure = async (options: SimulateOptions, scenario: Scenario): Promise<SimFailure> => {
  try {
    await simulate(options, scenario);
  } catch (error) {
    assert.ok(error instanceof SimFailure, String(error));
    return error;
  }
  return assert.fail('the simulation did not fail');
};

const causeOf = async (options: SimulateOptions, scenario: Scenario): Promise<PawlError> =>
  (await failure(options, scenario)).cause as PawlError;

/** Two tasks read a balance and write it back, and may wait in between: it takes an unlucky order to lose one. */
const lostUpdate: Scenario = function* () {
  let balance = 0;
  const deposit = function* () {
    yield* yieldNow();
    const before = balance;
    if (before === 0) yield* yieldNow();
    balance = before + 1;
  };
  const tasks = [spawn(deposit), spawn(deposit)];
  for (const task of tasks) yield* task;
  assert.equal(balance, 2);
};

test('virtual time costs none', async () => {
  const { seeds, time } = await simulate({ seeds: 10 }, function* () {
    yield* sleep(3_000_000);
  });
  assert.equal(seeds, 10);
  assert.ok(time >= 30_000_000);
});

test('a seed replays exactly, and another is another world', async () => {
  const program: Scenario = function* (world) {
    world.host('server', function* () {
      using listener = yield* TcpListener.bind('0.0.0.0:80');
      for (;;) {
        using stream = yield* listener.accept();
        yield* stream.writeAll(new Uint8Array(5000));
      }
    });
    yield* sleep(10);
    using stream = yield* TcpStream.connect('server:80');
    const buffer = new Uint8Array(700);
    while ((yield* stream.read(buffer)) > 0);
  };
  const first = await simulate({ seeds: 20 }, program);
  const second = await simulate({ seeds: 20 }, program);
  assert.deepEqual(second, first);
  assert.ok(new Set(first.digests).size > 15);
});

test('a failure names its seed, and its choices replay it', async () => {
  const error = await failure({ seeds: 200 }, lostUpdate);
  assert.equal(error.code, 'SIM_FAILED');
  assert.match(error.message, new RegExp(`PAWL_SEED=${error.seed}\\b`));
  assert.equal((error.cause as Error).name, 'AssertionError');
  const { seed, choices, time } = error;
  const again = await failure({ seed }, lostUpdate);
  assert.deepEqual([again.choices, again.time], [choices, time]);
  assert.deepEqual((await failure({ seed, replay: choices }, lostUpdate)).choices, choices);
});

test('PAWL_SEED runs that seed only', async () => {
  process.env['PAWL_SEED'] = '77';
  try {
    const seen: number[] = [];
    await simulate({ seeds: 10 }, function* (world) {
      seen.push(world.seed);
    });
    assert.deepEqual(seen, [77]);
    process.env['PAWL_SEED'] = 'x';
    await assert.rejects(
      simulate({ seeds: 10 }, function* () {}),
      { code: 'BAD_ARGUMENT' },
    );
  } finally {
    delete process.env['PAWL_SEED'];
  }
});

test('a hang is a failure that shows who waits for what', async () => {
  const error = await causeOf({ seeds: 1 }, function* () {
    const [, receiver] = channel<number>(1);
    const lock = new Mutex();
    using _guard = yield* lock.lock();
    yield* receiver.recv();
  });
  assert.equal(error.code, 'DEADLOCK');
  assert.match(error.message, /host "main"/);
});

test('promises work, as long as nothing real settles them', async () => {
  await simulate({ seeds: 5 }, function* () {
    const later = async (n: number): Promise<number> => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      return n;
    };
    for (let i = 0; i < 20; i++) assert.equal(yield* fromPromise(later(i)), i);
  });
});

test('a promise of the real world is refused', async () => {
  const error = await causeOf({ seeds: 1 }, function* () {
    yield* fromPromise(readFile(import.meta.filename));
  });
  assert.equal(error.code, 'SIM_REAL_WORLD');
});

test('a program that never rests meets its timers, and its limit', async () => {
  await simulate({ seeds: 2 }, function* () {
    const timer = spawn(sleep(5));
    while (!timer.finished) yield* yieldNow();
  });
  const error = await causeOf({ seeds: 1, limits: { turns: 10_000 } }, function* () {
    for (;;) yield* yieldNow();
  });
  assert.equal(error.code, 'SIM_LIMIT');
});

test('a program that sets one immediate after another meets its timers, and its limit', async () => {
  await simulate({ seeds: 4 }, function* () {
    const signal = AbortSignal.timeout(20);
    const turns = async (): Promise<void> => {
      while (!signal.aborted) await new Promise((resolve) => setImmediate(resolve));
    };
    yield* fromPromise(turns());
  });
  const error = await causeOf({ seed: 1, limits: { turns: 10_000 } }, function* () {
    const again = (): void => void setImmediate(again);
    again();
    yield* sleep(1e6);
  });
  assert.equal(error.code, 'SIM_LIMIT');
});

test('the platform follows the host: time, randomness and timers', async () => {
  const seen: unknown[] = [];
  const program: Scenario = function* (world) {
    world.host(
      'late',
      function* () {
        seen.push(new Date().toISOString(), Math.random(), crypto.randomUUID());
      },
      { clock: { offset: -86_400_000 } },
    );
    const began = performance.now();
    yield* fromPromise(new Promise((resolve) => setTimeout(resolve, 5000)));
    const took = performance.now() - began;
    assert.ok(took >= 5000 && took < 5100, String(took));
    seen.push(new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString(), Math.random());
  };
  await simulate({ seed: 5 }, program);
  assert.match(String(seen[0]), /^2029-12-31T00:00:00/);
  assert.equal(seen[3], '2030-01-01T00:00:00.000Z');
  assert.ok(Date.now() < Date.UTC(2029, 0));
  const first = [...seen];
  seen.length = 0;
  await simulate({ seed: 5 }, program);
  assert.deepEqual(seen, first);
});

test('what cannot follow is refused by its name', async () => {
  const error = await causeOf({ seeds: 1 }, function* () {
    yield* fromPromise(readFile(import.meta.filename));
  });
  assert.equal(error.code, 'SIM_REAL_WORLD');
  assert.match(error.message, /fs\.promises\.readFile on the simulated host "main"/);
});

test('what a timer of the platform throws fails the world', async () => {
  const error = await causeOf({ seeds: 1 }, function* () {
    setTimeout(() => {
      throw new Error('in a callback');
    }, 10);
    yield* sleep(1000);
  });
  assert.equal(error.message, 'in a callback');
});

test('what a tick or a microtask throws fails the world', async () => {
  const fault = (): never => {
    throw new Error('later');
  };
  for (const defer of [() => process.nextTick(fault), () => queueMicrotask(fault)]) {
    const error = await causeOf({ seed: 1 }, function* () {
      defer();
      yield* sleep(1);
    });
    assert.equal(error.message, 'later');
  }
});

test('a rejection that nobody handles fails the world', async () => {
  const error = await causeOf({ seed: 1 }, function* () {
    setTimeout(() => void Promise.reject(new Error('nobody handles it')), 5);
    yield* sleep(1000);
  });
  assert.equal(error.message, 'nobody handles it');
});

test('a rejection that is handled before time moves on fails nothing', async () => {
  await simulate({ seeds: 5 }, function* () {
    const rejected = Promise.reject(new Error('handled'));
    yield* fromPromise(rejected.catch(() => {}));
    yield* sleep(10);
  });
});

test('two simulations at once do not disturb each other', async () => {
  const program: Scenario = function* () {
    for (let i = 0; i < 3000; i++)
      yield* fromPromise(new Promise((resolve) => setTimeout(resolve, Math.random() * 50)));
  };
  const [a, b] = await Promise.all([simulate({ seed: 1 }, program), simulate({ seed: 1 }, program)]);
  assert.deepEqual(a, b);
});

test('the check passes what is deterministic', async () => {
  await simulate({ seeds: 20, check: true }, function* (world) {
    world.host('server', function* () {
      using listener = yield* TcpListener.bind('0.0.0.0:80');
      for (;;) {
        using stream = yield* listener.accept();
        yield* stream.writeAll(new Uint8Array(3000));
      }
    });
    yield* sleep(10);
    using stream = yield* TcpStream.connect('server:80');
    while ((yield* stream.read(new Uint8Array(700))) > 0);
  });
});

test('the check names the first place where two runs of a seed part, with both stacks', async () => {
  let runs = 0;
  const error = await causeOf({ seed: 3, check: true, freedoms: { shortRead: 1, order: 1 } }, function* impure(world) {
    runs++;
    world.host('server', function* () {
      using listener = yield* TcpListener.bind('0.0.0.0:80');
      using stream = yield* listener.accept();
      yield* stream.writeAll(new Uint8Array(3000));
    });
    yield* sleep(10);
    using stream = yield* TcpStream.connect('server:80');
    // As many as nobody can foresee.
    while ((yield* stream.read(new Uint8Array(700 + (runs % 2)))) > 0);
  });
  assert.equal(error.code, 'SIM_NONDETERMINISTIC');
  assert.match(error.message, /They part at decision \d+:\nonce, at [\d.]+ ms, how short a read is: \d+ of 70\d\n/);
  assert.equal(error.message.match(/SimTcpStream\.pollRead/g)?.length, 2);
});

test('the check shows the line that has set another timer or sent other bytes', async () => {
  let runs = 0;
  const sleeps = await causeOf({ seed: 3, check: true }, function* () {
    yield* sleep(100 + (runs++ % 2));
  });
  assert.match(sleeps.message, /once, at [\d.]+ ms, a timer is set on the host "main", for 10[01] ms\n/);
  assert.equal(sleeps.message.match(/simulate\.test\.ts/g)?.length, 2);
  const sends = await causeOf({ seed: 3, check: true }, function* (world) {
    world.host('server', function* () {
      using listener = yield* TcpListener.bind('0.0.0.0:80');
      using stream = yield* listener.accept();
      yield* stream.read(new Uint8Array(1));
    });
    yield* sleep(10);
    using stream = yield* TcpStream.connect('server:80');
    yield* stream.writeAll(Uint8Array.of(runs++ & 0xff));
    yield* sleep(100);
  });
  assert.match(sends.message, /once, at [\d.]+ ms, a write on the .*: 1 bytes\n/);
  assert.match(
    sends.message,
    /The tasks there, the first time:\nhost "main":\n- #1 main[\s\S]*? at \S+simulate\.test\.ts:/,
  );
});

test('a failure that does not come again says so', async () => {
  let runs = 0;
  const error = await failure({ seed: 1 }, function* () {
    if (runs++ === 0) throw new Error('once');
  });
  assert.match(error.message, /went another way/);
});

test('run and await inside a host stay inside it', async () => {
  const { time } = await simulate({ seeds: 3, check: true }, function* () {
    const slept = async (): Promise<number> => {
      await sleep(10_000);
      return run(function* () {
        yield* sleep(10_000);
        return 3;
      });
    };
    assert.equal(yield* fromPromise(slept()), 3);
  });
  assert.ok(time >= 60_000);
});

test('TLS is refused, because no run of it is like another', async () => {
  const error = await causeOf({ seeds: 1 }, function* (world) {
    world.host('server', function* () {
      using listener = yield* TcpListener.bind('0.0.0.0:443');
      yield* listener.accept();
    });
    yield* sleep(10);
    yield* TlsStream.connect('server:443');
  });
  assert.equal(error.code, 'SIM_REAL_WORLD');
  assert.match(error.message, /TLS/);
});

test('a leak on a simulated host is found and named', async () => {
  const error = await causeOf({ seed: 1 }, function* () {
    yield* assertNoLeaks(function* () {
      yield* TcpListener.bind('127.0.0.1:8080');
    });
  });
  assert.equal(error.code, 'LEAK');
  assert.match(error.message, /listener at 127\.0\.0\.1:8080/);
});

test('an invariant is checked between any two polls, and a goal at the end', async () => {
  const wrong = await causeOf({ seeds: 50 }, function* (world) {
    let inside = 0;
    world.always('one at a time', () => inside <= 1);
    const enter = function* () {
      inside++;
      yield* yieldNow();
      inside--;
    };
    for (const task of [spawn(enter), spawn(enter)]) yield* task;
  });
  assert.deepEqual([wrong.code, wrong.message], ['SIM_INVARIANT', '"one at a time" does not hold']);
  const thrown = await causeOf({ seeds: 1 }, function* (world) {
    world.eventually('all is done', () => {
      throw new Error('not yet');
    });
  });
  assert.equal(thrown.message, '"all is done" does not hold: not yet');
  await simulate({ seeds: 5 }, function* (world) {
    const lock = new Mutex();
    let inside = 0;
    world.always('one at a time', () => inside <= 1);
    world.eventually('nobody is left', () => inside === 0);
    const enter = function* () {
      using _guard = yield* lock.lock();
      inside++;
      yield* yieldNow();
      inside--;
    };
    for (const task of [spawn(enter), spawn(enter)]) yield* task;
  });
});

test('a deadlock is shown as the cycle of those who wait for each other', async () => {
  const error = await causeOf({ seeds: 50 }, function* () {
    const [a, b] = [new Mutex({ name: 'a' }), new Mutex({ name: 'b' })];
    const take = (first: Mutex, second: Mutex) =>
      function* () {
        using _first = yield* first.lock();
        yield* yieldNow();
        using _second = yield* second.lock();
      };
    for (const task of [spawn(take(a, b)), spawn(take(b, a))]) yield* task;
  });
  assert.equal(error.code, 'DEADLOCK');
  assert.match(error.message, /2 wait for each other:\n.*lock of mutex "[ab]"/);
});

test('what the test chooses is part of the world, and is replayed', async () => {
  const chosen: unknown[] = [];
  const program: Scenario = function* (world) {
    chosen.push(world.choose(1000), world.chance(0.5), world.choose(1000, 'another'));
    throw new Error('always');
  };
  const { seed, choices } = await failure({ seed: 9, shrink: false }, program);
  const first = chosen.slice(0, 3);
  chosen.length = 0;
  await failure({ seed, replay: choices }, program);
  assert.deepEqual(chosen, [...first, ...first]);
  chosen.length = 0;
  // What is not recorded is plain.
  await failure({ seed, replay: [] }, program);
  assert.deepEqual(chosen.slice(0, 3), [0, false, 0]);
});

test('a host may crash itself, and what it had set in motion is gone', async () => {
  await simulate({ seeds: 20, check: true }, function* (world) {
    const log: string[] = [];
    let boots = 0;
    world.host('suicidal', function* (host) {
      log.push(`boot ${++boots}`);
      if (boots > 1) return;
      setTimeout(() => log.push('a timer of the platform'), 100);
      void Promise.resolve()
        .then(() => sleep(100))
        .then(() => log.push('a promise'));
      spawn(function* () {
        try {
          yield* sleep(100);
          log.push('a task');
        } finally {
          log.push('a cleanup');
        }
      });
      yield* sleep(5);
      host.restart();
    });
    yield* sleep(1000);
    assert.deepEqual(log, ['boot 1', 'boot 2']);
  });
});

test('a host that may fail does not fail its world', async () => {
  await simulate({ seeds: 3 }, function* (world) {
    const host = world.host(
      'weak',
      function* () {
        yield* sleep(1);
        throw new Error('as expected');
      },
      { mayFail: true },
    );
    yield* sleep(100);
    assert.deepEqual([host.running, host.up], [false, true]);
  });
  const error = await causeOf({ seeds: 1 }, function* (world) {
    world.host('weak', function* () {
      yield* sleep(1);
      throw new Error('as expected');
    });
    yield* sleep(100);
  });
  assert.equal(error.message, 'as expected');
});

test('a host that is stopped cleans up', async () => {
  await simulate({ seeds: 3 }, function* (world) {
    let cleaned = false;
    const host = world.host(
      'polite',
      function* () {
        try {
          yield* sleep(1e6);
        } finally {
          yield* sleep(10);
          cleaned = true;
        }
      },
      { mayFail: true },
    );
    yield* sleep(10);
    host.stop();
    yield* sleep(100);
    assert.deepEqual([cleaned, host.running], [true, false]);
  });
});

test('bad options are refused', async () => {
  const idle: Scenario = function* () {};
  for (const options of [
    { seeds: 0 },
    { seeds: -1 },
    { seeds: 1e12 },
    { seedz: 3 } as never,
    { from: Number.MAX_SAFE_INTEGER },
    { limits: { turns: NaN } },
    { limits: { tme: 5 } as never },
    { limits: null as never },
    { mode: 'fast' as never },
    { onReport: 3 as never },
    { check: 'yes' as never },
    { shrink: true as never },
    { shrink: { rounds: 1 } as never },
    { schedules: 0, strategy: 'exhaustive' as const },
    { seed: 1, replay: 5 as never },
    { seed: 1, replay: [NaN] },
    { freedoms: null as never },
    { link: { delay: 5 } as never },
    { link: { latency: { min: 5, max: Infinity } } },
    { link: null as never },
    null as never,
    (() => {}) as never,
    { seeds: 1.5 },
    { seed: 'x' as never },
    { replay: [] },
    { freedoms: { shortRead: 2 } },
    { freedoms: { nothing: 1 } as never },
    { link: { loss: -1 } },
    { link: { latency: { min: 5, max: 1 } } },
  ])
    await assert.rejects(simulate(options, idle), { code: 'BAD_ARGUMENT' }, JSON.stringify(options));
  await assert.rejects(simulate({}, 3 as never), { code: 'BAD_ARGUMENT' });
});

test('a host is not made, linked or cut off by what no host has', async () => {
  const idle = function* () {};
  const wrong: readonly ((world: World) => unknown)[] = [
    (world) => world.host('', idle),
    (world) => world.host(5 as never, idle),
    (world) => world.host('a b', idle),
    (world) => world.host('10.0.0.9', idle),
    (world) => world.host('localhost', idle),
    (world) => world.host('other', idle),
    (world) => world.host('new', idle, { clok: {} } as never),
    (world) => world.host('new', idle, { clock: { ofset: 5 } as never }),
    (world) => world.host('new', idle, { descriptors: -1 }),
    (world) => world.host('new', idle, null as never),
    (world) => world.partition('main', 'nobody'),
    (world) => world.partition('main', undefined as never),
    (world) => world.partition('main', 'other', { oneway: true } as never),
    (world) => world.partition('main', 'other', true as never),
    (world) => (world.heal as (host: string) => void)('other'),
    (world) => world.link('main', 'other', { delay: 5 } as never),
    (world) => world.link('main', 'other', { latency: null as never }),
    (world) => world.link('main', 'other', { bandwidth: '5' as never }),
    (world) => world.link('main', 'other', undefined as never),
    (world) => world.always('a name alone', undefined as never),
    (world) => world.eventually((() => true) as never, undefined as never),
  ];
  for (const make of wrong) {
    const error = await causeOf({ seed: 1, shrink: false }, function* (world) {
      world.host('other', idle);
      make(world);
      yield* sleep(1);
    });
    assert.equal(error.code, 'BAD_ARGUMENT', String(make));
  }
});

test('an invariant that cannot be asked at once is refused, and does not hold for that', async () => {
  for (const holds of [async () => false, function* () {}] as never[])
    for (const kind of ['always', 'eventually'] as const) {
      const error = await causeOf({ seed: 1, shrink: false }, function* (world) {
        world[kind]('it waits', holds);
        yield* sleep(1);
      });
      assert.equal(error.code, 'SIM_INVARIANT');
      assert.match(error.message, /it is checked at once/);
    }
});

test('a failure tells what the runtimes have noticed before', async () => {
  const error = await failure({ seed: 1 }, function* () {
    yield* spawn(function* () {
      void sleep(5);
      yield* sleep(10);
    });
    throw new Error('too early');
  });
  assert.match(error.message, /It was reported before, on the host "main": .*sleep.* was never awaited/);
});

test('a world is not made inside another', async () => {
  const error = await causeOf({ seed: 1 }, function* () {
    yield* fromPromise(simulate({ seeds: 1 }, function* () {}));
  });
  assert.equal(error.code, 'SIM_REAL_WORLD');
  assert.match(error.message, /inside another/);
});
