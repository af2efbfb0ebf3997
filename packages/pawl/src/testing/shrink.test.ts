import assert from 'node:assert/strict';
import { test } from 'node:test';
import { yieldNow } from '../future/ready.ts';
import { TcpListener } from '../net/listener.ts';
import { TcpStream } from '../net/stream.ts';
import { Mutex } from '../sync/mutex.ts';
import { spawn } from '../task/spawn.ts';
import { sleep } from '../time/sleep.ts';
import { PawlError } from '../error/index.ts';
import { type Scenario, SimFailure, simulate, type SimulateOptions } from './index.ts';
import { kindOf } from './shrink.ts';
import { timelineText } from './timeline.ts';

const failure = async (options: SimulateOptions, scenario: Scenario): Promise<SimFailure> => {
  try {
    await simulate(options, scenario);
  } catch (error) {
    assert.ok(error instanceof SimFailure, String(error));
    return error;
  }
  return assert.fail('the simulation did not fail');
};

const nonzero = ({ choices }: SimFailure): number[] => [...choices].filter((choice) => choice > 0);

test('of many choices the ones that matter are left, as small as they may be', async () => {
  const scenario: Scenario = function* (world) {
    const drawn = Array.from({ length: 50 }, () => world.choose(100));
    const large = drawn.filter((value) => value >= 37);
    if (large.length >= 3) throw new Error(`${large.length} are too large`);
  };
  for (const strategy of ['random', 'pct'] as const) {
    const error = await failure({ seed: 11, strategy }, scenario);
    assert.deepEqual(nonzero(error), [37, 37, 37]);
    assert.equal((error.cause as Error).message, '3 are too large');
    assert.match(
      error.message,
      /with 3 choices other than the plain one \(\d+ at first; \d+ runs tried to do with fewer\)/,
    );
  }
});

test('a failure of another kind is not taken for the same', async () => {
  const error = await failure({ seeds: 20, strategy: 'random' }, function* (world) {
    const drawn = Array.from({ length: 20 }, () => world.choose(10));
    if (drawn.every((value) => value === 0)) throw new TypeError('nothing was drawn');
    if (drawn.includes(7)) throw new Error('a seven was drawn');
  });
  assert.equal((error.cause as Error).message, 'a seven was drawn');
  assert.deepEqual(nonzero(error), [7]);
});

test('kinds of failures: names, codes and words, not numbers', () => {
  assert.equal(kindOf(new Error('1 is not 2.5')), kindOf(new Error('17 is not -3')));
  assert.notEqual(kindOf(new Error('a')), kindOf(new TypeError('a')));
  assert.notEqual(kindOf(new PawlError('CLOSED', 'a')), kindOf(new PawlError('TIMEOUT', 'a')));
  assert.equal(kindOf(new PawlError('DEADLOCK', 'a\nb')), kindOf(new PawlError('DEADLOCK', 'c\nd')));
  assert.notEqual(kindOf('a'), kindOf('b'));
});

test('shrinking keeps to its bounds, and can be left', async () => {
  const scenario: Scenario = function* (world) {
    const drawn = Array.from({ length: 200 }, () => world.choose(1000));
    if (drawn.filter((value) => value > 500).length > 20) throw new Error('too many');
  };
  const bounded = await failure({ seed: 1, shrink: { runs: 5 } }, scenario);
  assert.match(bounded.message, /; 5 runs tried to do with fewer, and more might\)/);
  for (const shrink of [{ runs: -1 }, { time: NaN }, { runs: 1.5 }])
    await assert.rejects(simulate({ seed: 1, shrink }, scenario), { code: 'BAD_ARGUMENT' });
  const raw = await failure({ seed: 1, shrink: false }, scenario);
  assert.ok(nonzero(raw).length > 150);
  assert.match(raw.message, /\nWhat happened:\n/);
});

/** Which of two tasks is first decides. */
const orderMatters: Scenario = function* orders(world) {
  world.host('server', function* server() {
    using listener = yield* TcpListener.bind('0.0.0.0:80');
    using stream = yield* listener.accept();
    yield* stream.writeAll(new Uint8Array(10));
    yield* sleep(1000);
  });
  yield* sleep(10);
  using stream = yield* TcpStream.connect('server:80');
  yield* stream.read(new Uint8Array(10));
  const order: string[] = [];
  const tasks = ['first', 'second'].map((name) =>
    spawn(
      function* () {
        yield* yieldNow();
        order.push(name);
      },
      { name },
    ),
  );
  for (const task of tasks) yield* task;
  if (order[0] !== 'first') throw new Error('the second was first');
};

test('the timeline tells what happened, and the command replays it', async () => {
  const error = await failure({ seeds: 50, strategy: 'random' }, orderMatters);
  const lines = error.timeline.replaceAll(/ at \S+:(\d+):\d+/g, '').split('\n');
  assert.deepEqual(lines, EXPECTED.split('\n'));
  assert.match(
    error.message,
    /\nThe tasks when it failed:\nhost "main": no task\nhost "server":\n- #1 server \[waiting 1 ms\], spawned at .*\n.*\n +in server at \S+shrink\.test\.ts:\d+:5\n +waits for sleep, due in 1\.0 s\n/,
  );
  const { seed, schedule, time } = error;
  const command = new RegExp(
    String.raw`\n {2}PAWL_SEED=${seed}:${schedule} node .*--test '--test-name-pattern=\^the timeline tells what happened, and the command replays it\$' \S*shrink\.test\.ts$`,
  );
  assert.match(error.message, command);
  process.env['PAWL_SEED'] = `${seed}:${schedule}`;
  try {
    const again = await failure({ seeds: 50, strategy: 'random' }, orderMatters);
    assert.deepEqual([again.seed, again.schedule, again.time, again.timeline], [seed, schedule, time, error.timeline]);
  } finally {
    delete process.env['PAWL_SEED'];
  }
});

const EXPECTED = `\
           0.000 ms  main    #1 main is spawned
           0.000 ms  server  #1 server is spawned
           0.000 ms  main    #1 main waits for sleep
           0.000 ms  server  #1 server waits for accept on 0.0.0.0:80
          10.000 ms  main    a timer fires
          10.000 ms  main    #1 main waits for connect to server:80, 2 times
          10.600 ms  server  SYN from main
          11.100 ms  main    SYN from server
          11.100 ms  main    #1 main waits for read from 10.0.0.2:80
          11.600 ms  server  #1 server waits for sleep
          12.100 ms  main    10 bytes from server
          12.100 ms  main    #2 first is spawned
          12.100 ms  main    #3 second is spawned
          12.100 ms  main    #1 main waits for the end of task "first"
  *       12.100 ms          which task is polled: 1 of 0…1
          12.100 ms  main    #3 second goes on later
          12.100 ms  main    #2 first goes on later
          12.100 ms  main    #3 second ends
          12.100 ms  main    #2 first ends
          12.100 ms  main    #1 main fails: the second was first`;

test('a crash and a partition are told, and a hang with who waits for whom', async () => {
  const error = await failure({ seed: 1, freedoms: 'plain' }, function* (world) {
    world.host('other', function* () {
      yield* sleep(50);
    });
    yield* sleep(10);
    world.partition('main', 'other');
    yield* sleep(10);
    world.heal();
    const [a, b] = [new Mutex(), new Mutex()];
    const both = (first: Mutex, second: Mutex) =>
      spawn(function* () {
        using _first = yield* first.lock();
        yield* sleep(1);
        using _second = yield* second.lock();
      });
    yield* sleep(100);
    const tasks = [both(a, b), both(b, a)];
    for (const task of tasks) yield* task;
  });
  assert.equal((error.cause as PawlError).code, 'DEADLOCK');
  assert.match((error.cause as Error).message, /waits for .*, held by/);
  assert.match(error.timeline, /10\.000 ms {2}main +cut off from other\n/);
  assert.match(error.timeline, /20\.000 ms +all links work again\n/);
  assert.doesNotMatch(error.message, /The tasks when it failed/);
});

test('of a long run the end is told', async () => {
  const long: Scenario = function* () {
    const tasks = Array.from({ length: 20 }, () =>
      spawn(function* () {
        for (let i = 0; i < 1000; i++) yield* yieldNow();
      }),
    );
    for (const task of tasks) yield* task;
    throw new Error('the end');
  };
  const options = { seed: 1, strategy: 'random', freedoms: { order: 1 } } as const;
  const error = await failure(options, long);
  const lines = error.timeline.split('\n');
  assert.ok(lines.length <= 100 && lines.length >= 40, `${lines.length} lines`);
  assert.match(lines.at(-1)!, /#1 main fails: the end$/);
  // A command of tens of thousands of characters would help nobody.
  const raw = await failure({ ...options, shrink: false }, long);
  assert.ok(raw.schedule.length > 10_000);
  assert.match(raw.message, /with\n {2}PAWL_SEED=1 node .*$/);
});

test('a long timeline keeps its end, the choices, and what is worth it; the rest is counted', () => {
  const entries = Array.from({ length: 300 }, (_, i) => ({
    time: i,
    host: i === 100 ? '' : 'main',
    what: i === 100 ? 'a choice' : `step ${i}`,
    kind: i === 100 ? ('choice' as const) : ('step' as const),
  }));
  const lines = timelineText([...entries, entries[299]!, entries[299]!]).split('\n');
  assert.deepEqual(lines.slice(0, 4), [
    '      …                   100 more',
    '  *      100.000 ms        a choice',
    '         101.000 ms  main  step 101',
    '      …                   158 more',
  ]);
  assert.equal(lines.length, 44);
  assert.match(timelineText(entries, 1000), /^ +… +1100 more\n/);
  assert.equal(lines.at(-1), '         299.000 ms  main  step 299, 3 times');
});
