import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { coroutine } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { map } from '../future/map.ts';
import { mapConcurrent } from '../future/map-concurrent.ts';
import { PENDING, type Pending } from '../future/poll.ts';
import { race } from '../future/race.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { dumpAll } from './dump-all.ts';
import { duration } from './dump.ts';
import { locate } from './location.ts';
import { Runtime } from './runtime.ts';
import { scope } from './scopes.ts';
import { select } from './select.ts';
import { spawn } from './spawn.ts';
import type { JoinHandle } from './join-handle.ts';

/** The dump without this file's path. */
function tidy(dump: string): string[] {
  return dump.replaceAll(import.meta.filename, 'here').split('\n');
}

/** Where the caller's line is, `lines` further down. */
function lineHere(lines: number): number {
  const at = /dump\.test\.ts:(\d+)/.exec(new Error('here').stack?.split('\n')[2] ?? '')?.[1];
  return Number(at) + lines;
}

test('a coroutine is shown on the line where it is suspended, with what it waits for and for how long', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'development' });
  const line = lineHere(2);
  const inner = coroutine(function* inner() {
    yield* sleep(100);
    yield* sleep(4000);
  });
  const outer = coroutine(function* outer() {
    yield* inner();
  });
  runtime.spawn(outer());
  driver.advance(40);
  const spawned = `spawned at here:${line + 6}:11`;
  assert.deepEqual(tidy(runtime.dump()), [
    `- #1 outer [waiting 40 ms], ${spawned}`,
    `    in outer at here:${line + 4}:5`,
    `    in inner at here:${line}:5`,
    '    waits for sleep, due in 60 ms',
  ]);
  driver.advance(2060);
  assert.deepEqual(tidy(runtime.dump()), [
    `- #1 outer [waiting 2.0 s], ${spawned}`,
    `    in outer at here:${line + 4}:5`,
    `    in inner at here:${line + 1}:5`,
    '    waits for sleep, due in 2.0 s',
  ]);
});

test('production mode reads no clock at a poll: only what an earlier dump has seen is known', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  runtime.spawn(join([sleep(1000)]), { name: 'task' });
  driver.advance(40);
  const [first] = tidy(runtime.dump());
  driver.advance(40);
  const [second] = tidy(runtime.dump());
  assert.deepEqual(
    [first, second],
    ['- #1 task [waiting, for how long is unknown]', '- #1 task [waiting 40 ms at least]'],
  );
});

test('combinators show their pending branches as a tree', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  const work = coroutine(function* work(ms: number) {
    yield* sleep(ms);
  });
  runtime.spawn(timeout(5000, join([sleep(1), race([work(20), map(new Gate(), () => 1)]), sleep(30)])), {
    name: 'main',
  });
  driver.advance(5);
  const dump = tidy(runtime.dump()).map((line) => line.replace(/here:\d+:\d+/, 'here'));
  assert.deepEqual(dump, [
    '- #1 main [waiting, for how long is unknown]',
    '    waits for timeout of 2',
    '      future: waits for join of 3',
    '                1: waits for race of 2',
    '                     0: in work at here',
    '                        waits for sleep, due in 15 ms',
    '                     1: in MapFuture',
    '                        waits for Gate',
    '                2: waits for sleep, due in 25 ms',
    '      limit: waits for sleep, due in 5.0 s',
  ]);
});

test('the branches of a select have its names, those of mapConcurrent the numbers of their items', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  runtime.spawn(select({ data: sleep(50), stop: new Gate() }), { name: 'selects' });
  runtime.spawn(
    mapConcurrent([1, 40, 30, 20], 2, (ms: number) => sleep(ms)),
    { name: 'maps' },
  );
  driver.advance(5);
  assert.deepEqual(tidy(runtime.dump()), [
    '- #1 selects [waiting, for how long is unknown]',
    '    waits for select of 2',
    '      data: waits for sleep, due in 45 ms',
    '      stop: waits for Gate',
    '- #2 maps [waiting, for how long is unknown]',
    '    waits for mapConcurrent, 2 at a time',
    '      2: waits for sleep, due in 26 ms',
    '      1: waits for sleep, due in 35 ms',
  ]);
});

test('children stand below their parent, those of scopes too, and a task that waits for its children says so', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  const leaf = coroutine(function* leaf() {
    yield* sleep(10);
  });
  runtime.spawn(
    function* parent() {
      spawn(leaf(), { name: 'own' });
      yield* scope(function* (s) {
        s.spawn(leaf(), { name: 'scoped', daemon: true });
        s.spawn(
          function* () {
            spawn(leaf(), { name: 'grandchild' });
          },
          { name: 'child' },
        );
        yield* leaf();
      });
    },
    { name: 'main' },
  );
  driver.drain();
  const dump = tidy(runtime.dump()).map((line) => line.replace(/ at here:\d+:\d+|, for how long is unknown/, ''));
  assert.deepEqual(dump, [
    '- #1 main [waiting]',
    '    in parent',
    '    in scope',
    '    in coroutine',
    '    in leaf',
    '    waits for sleep, due in 10 ms',
    '  - #2 own [waiting]',
    '      in leaf',
    '      waits for sleep, due in 10 ms',
    '  - #3 scoped [waiting, daemon]',
    '      in leaf',
    '      waits for sleep, due in 10 ms',
    '  - #4 child [waiting]',
    '      waits for the end of its child',
    '    - #5 grandchild [waiting]',
    '        in leaf',
    '        waits for sleep, due in 10 ms',
  ]);
});

/** Something that one task at a time can have. */
class Lock extends Future<void> implements Waiting {
  private readonly holders: readonly object[];

  constructor(...holders: object[]) {
    super();
    this.holders = holders;
  }

  override poll(): Pending {
    return PENDING;
  }

  [waitInfo](): WaitInfo {
    return { what: 'lock of mutex "users"', resource: this, holders: this.holders };
  }
}

test('a wait names the tasks that hold what it waits for', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  const other = new Runtime(driver, { mode: 'production' });
  const elsewhere = other.spawn(sleep(10), { name: 'elsewhere' });
  const holder: JoinHandle<void> = runtime.spawn(sleep(10), { name: 'holder' });
  runtime.spawn(new Lock(holder, elsewhere), { name: 'waits' });
  runtime.spawn(join([holder]), { name: 'joins' });
  driver.drain();
  const dump = tidy(runtime.dump());
  assert.equal(dump[3], '    waits for lock of mutex "users", held by #1 holder and elsewhere');
  assert.equal(dump[6], '      0: waits for the end of task "holder", held by #1 holder');
});

test('a task keeps its number, ended tasks are gone, and an empty tree is an empty text', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  runtime.spawn(sleep(10), { name: 'short' });
  runtime.spawn(sleep(20), { name: 'long' });
  driver.drain();
  assert.deepEqual(
    runtime.snapshot().map(({ id, name, state }) => [id, name, state]),
    [
      [1, 'short', 'waiting'],
      [2, 'long', 'waiting'],
    ],
  );
  driver.advance(15);
  runtime.spawn(sleep(30), { name: 'late' });
  assert.deepEqual(
    runtime.snapshot().map(({ id, name, state }) => [id, name, state]),
    [
      [2, 'long', 'waiting'],
      [3, 'late', 'ready'],
    ],
  );
  driver.advance(50);
  assert.equal(runtime.dump(), '');
});

test('a task may dump the tree that it runs in, and a cancelled one is shown in its cleanup', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'development' });
  let own = '';
  const task = runtime.spawn(function* () {
    own = runtime.dump();
    try {
      yield* sleep(100);
    } finally {
      yield* sleep(50);
    }
  });
  driver.advance(10);
  task.abort();
  driver.advance(10);
  assert.match(own, /^- #1 coroutine \[running\], spawned at .*\n {4}in coroutine$/);
  assert.match(
    runtime.dump(),
    /\[cancelling 10 ms\].*\n {4}in coroutine at .*:\d+:7\n {4}waits for sleep, due in 40 ms$/,
  );
});

test('all runtimes of a driver that have tasks are dumped together', () => {
  const driver = new ManualDriver();
  assert.equal(dumpAll(driver), 'live tasks: 0, runtimes: 0, timers: 0, waits for I/O: 0, descriptors: 0\n');
  new Runtime(driver, { mode: 'production' }).spawn(sleep(10), { name: 'one' });
  new Runtime(driver, { mode: 'development' }).spawn(sleep(10), { name: 'two' });
  driver.drain();
  assert.match(
    dumpAll(driver),
    /^live tasks: 2, runtimes: 2, timers: 2.*\nruntime in production mode: live tasks: 1 of 1, ready: 0, polls: 1, turns: 1\n- #1 one .*\n.*\nruntime in dev.*\n- #1 two /,
  );
});

test('only suspended generators have a place', () => {
  const line = lineHere(2);
  const make = function* (): Generator<number> {
    yield 1;
    yield running().length;
  };
  const running = (): readonly unknown[] => (inside = locate([suspended, ended]));
  let inside: readonly unknown[] = [];
  const suspended = make();
  const ended = make();
  suspended.next();
  ended.return(1);
  const helper = (function* (): Generator<number> {
    yield* suspended;
  })();
  assert.deepEqual(locate([suspended, ended, helper, {}]).slice(0, 2), [
    { line: `${import.meta.filename}:${line}:5`, name: undefined },
    undefined,
  ]);
  helper.next();
  assert.deepEqual(inside, [undefined, undefined]);
  assert.deepEqual(locate([]), []);
});

test('durations are written for people', () => {
  const written = [0, 0.4, 999.4, 999.6, 1000, 59_900, 59_999, 200_000, 3_599_000, 3_600_000, 7_500_000, Infinity];
  assert.deepEqual(written.map(duration), [
    '0 ms',
    '0 ms',
    '999 ms',
    '1.0 s',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '3 min 20 s',
    '59 min 59 s',
    '1 h 0 min',
    '2 h 5 min',
    'all eternity',
  ]);
});
