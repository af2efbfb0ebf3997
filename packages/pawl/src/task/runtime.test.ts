import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { world } from '../../test/support/world.ts';
import {
  coroutine,
  type Context,
  Future,
  PENDING,
  type Poll,
  ready,
  Runtime,
  sleep,
  spawn,
  yieldNow,
} from '../index.ts';
import { BUDGET, spend } from './budget.ts';
import type { Report } from './report.ts';

/** A leaf whose data is always there, as a busy socket's. */
class AlwaysReady extends Future<void> {
  override poll(cx: Context): Poll<void> {
    return spend(cx) ? undefined : PENDING;
  }
}

test('a task whose data is always ready gives the others their turn after its budget, and gets a new one', () => {
  const operations: string[] = [];
  const busy = coroutine(function* (name: string) {
    for (let n = 0; n < BUDGET * 3; n++) {
      yield* new AlwaysReady();
      operations.push(name);
    }
  });
  const { run } = world();
  run(function* () {
    spawn(busy('a'));
    spawn(busy('b'));
    yield* yieldNow();
  });
  const runs: number[] = [];
  let previous = '';
  for (const name of operations) {
    if (name !== previous) runs.push(0);
    runs[runs.length - 1]!++;
    previous = name;
  }
  assert.deepEqual(runs, [BUDGET, BUDGET, BUDGET, BUDGET, BUDGET, BUDGET]);
});

test('a turn polls no more than it is allowed to, and says how many are left', () => {
  const runtime = new Runtime(new ManualDriver());
  for (let n = 0; n < 100; n++) runtime.spawn(ready(n));
  assert.equal(runtime.turn(61), 39);
  assert.equal(runtime.turn(61), 0);
  assert.equal(runtime.taskCount, 0);
});

test('a task that yields for ever lets timers fire and others end', () => {
  const { run } = world();
  let turns = 0;
  run(function* () {
    const spin = spawn(
      function* () {
        for (;;) {
          turns++;
          yield* yieldNow();
        }
      },
      { daemon: true },
    );
    for (let n = 0; n < 1000; n++) yield* yieldNow();
    spin.abort();
  });
  assert.ok(turns >= 999 && turns <= 1001);
});

/** Takes `ms` of the driver's clock for one poll. */
function slow(driver: ManualDriver, ms: number): Future<void> {
  return coroutine(function* () {
    yield* yieldNow();
    driver.time += ms;
    yield* yieldNow();
  })();
}

test('a poll beyond its time budget is reported with the name and spawn site of its task, in development mode', () => {
  const { driver, reports, run } = world();
  run(
    function* () {
      spawn(slow(driver, 20), { name: 'quick' });
      yield* spawn(slow(driver, 21), { name: 'hog' });
    },
    { mode: 'development', slowPoll: 20 },
  );
  assert.deepEqual(
    reports.map((report) => report.code),
    ['SLOW_POLL'],
  );
  assert.match(reports[0]?.task ?? '', /^hog \(spawned at .*runtime\.test\.ts:\d+:\d+\)$/);
  assert.match(reports[0]?.message ?? '', /21\.0 ms/);
});

test('in production mode polls are timed only after a slow batch', () => {
  const { driver, reports, run } = world();
  run(
    function* () {
      yield* slow(driver, 500);
      assert.deepEqual(reports, []);
      // The manual driver runs batch after batch while anything is ready: a sleep ends the slow one.
      yield* sleep(1);
      yield* spawn(slow(driver, 500), { name: 'hog' });
    },
    { mode: 'production' },
  );
  assert.deepEqual(
    reports.map(({ code, task }) => [code, task]),
    [['SLOW_POLL', 'hog']],
  );
});

test('the mode follows NODE_ENV unless it is given', () => {
  const before = process.env['NODE_ENV'];
  try {
    process.env['NODE_ENV'] = 'production';
    assert.equal(new Runtime(new ManualDriver()).mode, 'production');
    assert.equal(new Runtime(new ManualDriver(), { mode: 'development' }).mode, 'development');
    process.env['NODE_ENV'] = 'test';
    assert.equal(new Runtime(new ManualDriver()).mode, 'development');
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
});

test('a hook that throws stops neither the executor nor the cleanup that it is told of', async () => {
  const uncaught: unknown[] = [];
  const log: string[] = [];
  const { run } = world();
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    run(
      function* () {
        const task = spawn(function* () {
          try {
            yield* sleep(1000);
          } finally {
            try {
              yield* sleep(1000);
            } finally {
              log.push('cleaned up');
            }
          }
        });
        yield* sleep(1);
        task.abort();
        yield* sleep(100);
        log.push(task.state);
      },
      {
        cleanupTimeout: 10,
        onReport: () => {
          throw new Error('hook');
        },
      },
    );
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  assert.deepEqual(log, ['cleaned up', 'cancelled']);
  assert.deepEqual(
    uncaught.map((error) => (error as Error).message),
    ['hook'],
  );
});

test('reports are process warnings by default', async () => {
  const warnings: (Error & { code?: string })[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  try {
    const driver = new ManualDriver();
    const runtime = new Runtime(driver, { slowPoll: 1 });
    runtime.spawn(slow(driver, 5), { name: 'hog' });
    driver.drain();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', onWarning);
  }
  assert.deepEqual(
    warnings.map(({ name, code }) => [name, code]),
    [['PawlWarning', 'SLOW_POLL']],
  );
});

test('the dump shows each task with its await tree, and polls nothing', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  const gate = new Gate<void>();
  const leaf = coroutine(function* leaf() {
    yield* gate;
  });
  runtime.spawn(
    function* parent() {
      spawn(leaf(), { name: 'child' });
      yield* leaf();
    },
    { name: 'main' },
  );
  driver.drain();
  const { polls } = gate;
  assert.match(runtime.dump(), /^- #1 main .*\n {4}in parent .*\n {4}in leaf .*\n {4}waits for Gate\n {2}- #2 child /);
  assert.equal(gate.polls, polls);
});

test('tasks that nothing can wake are reported once, and the exit code is as before when something wakes them after all', () => {
  const driver = new ManualDriver();
  const reports: Report[] = [];
  const before = process.exitCode;
  try {
    process.exitCode = 3;
    const runtime = new Runtime(driver, { onReport: (report) => reports.push(report) });
    const gate = new Gate<void>();
    runtime.spawn(gate);
    driver.drain();
    for (let i = 0; i < 3; i++) runtime.stranded();
    assert.deepEqual([process.exitCode, reports.map(({ code }) => code)], [13, ['DEADLOCK']]);
    gate.open(undefined);
    driver.drain();
    assert.deepEqual([process.exitCode, runtime.taskCount], [3, 0]);
  } finally {
    process.exitCode = before;
  }
});
