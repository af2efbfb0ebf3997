import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  blockOn,
  coroutine,
  Future,
  join,
  type JoinHandle,
  PENDING,
  type Poll,
  race,
  ready,
  Runtime,
  scope,
  sleep,
  spawn,
  spawnDetached,
  type Steps,
  supervise,
  timeout,
  type Waker,
  yieldNow,
} from '../index.ts';

const after = coroutine(function* <T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
});

test('woken tasks are polled first in, first out, however often they were woken', () => {
  const log: string[] = [];
  const gates = ['a', 'b', 'c'].map((name) => ({ name, gate: new Gate<void>() }));
  play(function* () {
    for (const { name, gate } of gates)
      spawn(function* () {
        yield* gate;
        log.push(name);
      });
    yield* yieldNow();
    for (const at of [2, 0, 2, 1, 0]) {
      const { gate } = gates[at]!;
      const { waker } = gate;
      gate.open();
      waker?.wake();
    }
  });
  assert.deepEqual(log, ['c', 'a', 'b']);
});

test('a driver may choose another order among the ready tasks', () => {
  const { driver, run } = world();
  driver.pick = (n) => n - 1;
  const log: number[] = [];
  run(function* () {
    for (let at = 0; at < 4; at++)
      spawn(function* () {
        log.push(at);
        yield* yieldNow();
      });
  });
  assert.deepEqual([log[0], new Set(log)], [3, new Set([0, 1, 2, 3])]);
});

/** Wakes itself during its own poll, some times at once. */
class Restless extends Future<number> {
  polls = 0;
  left: number;
  waker: Waker | null = null;

  constructor(left: number) {
    super();
    this.left = left;
  }

  override poll(cx: { waker: Waker }): Poll<number> {
    this.polls++;
    this.waker = cx.waker;
    cx.waker.wake();
    cx.waker.wake();
    return this.left-- === 0 ? this.polls : PENDING;
  }
}

test('a wake during its own poll queues a task again, once, and one after its end does nothing', () => {
  const restless = new Restless(5);
  play(function* () {
    const task = spawn(restless);
    assert.equal(yield* task, 6);
    restless.waker?.wake();
    yield* sleep(1);
    assert.equal(task.state, 'done');
  });
  assert.equal(restless.polls, 6);
});

test('a task that has woken itself in the poll that ends it, and one that aborts itself there, end once', () => {
  play(function* () {
    const woken = spawn(race<number | void>([yieldNow(), ready(1)]));
    const aborted: JoinHandle<number> = spawn(function* (): Steps<number> {
      aborted.abort();
      return 2;
    });
    yield* sleep(1);
    assert.deepEqual([yield* woken, yield* aborted], [1, 2]);
  });
});

test('a task that fails in its first poll fails like any other', () => {
  const error = failure(function* () {
    const task = spawn(function* (): Steps<void> {
      throw new Error('at once');
    });
    yield* task;
  });
  assert.equal((error as Error).message, 'at once');
});

test('what is thrown need be no Error', () => {
  for (const thrown of [undefined, null, 0, 'text']) {
    assert.equal(
      failure(function* () {
        spawn(function* () {
          yield* yieldNow();
          // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- users do
          throw thrown;
        });
        yield* sleep(1);
      }),
      thrown,
    );
  }
});

test('spawn outside a poll throws NO_RUNTIME; runtime.spawn works there', () => {
  for (const call of [spawn, spawnDetached])
    assert.equal(
      codeOf(() => call(ready(1))),
      'NO_RUNTIME',
    );
  const driver = new ManualDriver();
  const runtime = new Runtime(driver);
  const task = runtime.spawn(ready(7));
  assert.deepEqual([task.state, runtime.taskCount], ['ready', 1]);
  driver.drain();
  assert.deepEqual([task.state, runtime.taskCount, driver.attached.size], ['done', 0, 0]);
});

test('spawning what is no future throws NOT_A_FUTURE or BAD_ARGUMENT, and spawns nothing', () => {
  play(
    scope(function* (s) {
      for (const call of [spawn, spawnDetached, (what: Future<unknown>) => s.spawn(what)])
        for (const wrong of [5, null, undefined, {}, Promise.resolve(), () => 5])
          assert.match(String(codeOf(() => call(wrong as Future<unknown>))), /^(NOT_A_FUTURE|BAD_ARGUMENT)$/);
      assert.equal(s.size, 0);
      yield* yieldNow();
    }),
  );
});

test('a handle may be awaited repeatedly, by several tasks, before and after the end', () => {
  play(function* () {
    const value = {};
    const task = spawn(after(5, value));
    const others = [1, 2, 3].map(() => spawn(task));
    assert.equal(yield* task, value);
    assert.equal(yield* task, value);
    assert.deepEqual(yield* join([task, task, ...others]), [value, value, value, value, value]);
  });
});

test('a handle of a failed task throws the same error each time', () => {
  play(
    supervise(function* (s) {
      const error = new Error('expected');
      const task = s.spawn(
        coroutine(function* () {
          yield* sleep(1);
          throw error;
        })(),
      );
      for (let time = 0; time < 3; time++) {
        try {
          yield* task;
          assert.fail('it did not throw');
        } catch (thrown) {
          assert.equal(thrown, error);
        }
      }
      assert.equal(task.state, 'failed');
    }),
  );
});

test('ceasing to await a handle, also as the loser of a race, stops nothing', () => {
  play(function* () {
    const task = spawn(after(10, 'value'));
    yield* race([task, sleep(1)]);
    yield* join([race([task, sleep(1)]), race([task, sleep(2)])]);
    assert.equal(task.state, 'waiting');
    assert.equal(yield* task, 'value');
  });
});

test('awaiting an aborted task throws CANCELLED with the reason; that alone fails nobody', () => {
  const reason = { why: 'enough' };
  play(function* () {
    const task = spawn(sleep(1000), { name: 'victim' });
    const unstarted = spawn(sleep(1000));
    unstarted.abort(reason);
    yield* yieldNow();
    task.abort(reason);
    for (const handle of [task, unstarted, task]) {
      try {
        yield* handle;
        assert.fail('it did not throw');
      } catch (error) {
        assert.equal((error as { code: string }).code, 'CANCELLED');
        assert.equal((error as Error).cause, reason);
      }
      assert.deepEqual([handle.state, handle.finished], ['cancelled', true]);
    }
    yield* sleep(1);
  });
});

test('aborting a task that has ended, or twice, changes nothing', () => {
  play(function* () {
    const task = spawn(ready(1));
    yield* task;
    task.abort();
    assert.equal(task.state, 'done');
    assert.equal(yield* task, 1);
  });
});

test('a task that awaits its own handle fails instead of waiting for ever', () => {
  for (const wrap of [
    (handle: JoinHandle<unknown>): Future<unknown> => handle,
    (handle: JoinHandle<unknown>): Future<unknown> =>
      coroutine(function* () {
        yield* yieldNow();
        return yield* handle;
      })(),
  ]) {
    const error = failure(function* () {
      const task: JoinHandle<unknown> = spawn(function* (): Steps<unknown> {
        return yield* wrap(task);
      });
      yield* task;
    });
    assert.equal((error as { code: string }).code, 'DEADLOCK');
  }
});

test('a handle polled under another driver throws WRONG_RUNTIME', () => {
  const other = new Runtime(new ManualDriver());
  const task = other.spawn(sleep(1));
  assert.equal((failure(task) as { code: string }).code, 'WRONG_RUNTIME');
  assert.equal((failure(timeout(5, task)) as { code: string }).code, 'WRONG_RUNTIME');
});

test('a handle is awaited across runtimes of one driver', () => {
  const driver = new ManualDriver();
  const other = new Runtime(driver);
  const task = other.spawn(after(5, 'there'));
  assert.equal(blockOn(task, { driver }), 'there');
});

test('states, names and the dump follow a task through its life', () => {
  const seen: string[] = [];
  const dumps: string[] = [];
  const runtime = new Runtime(new ManualDriver());
  const driver = runtime.driver as ManualDriver;
  const leaf = coroutine(function* leaf() {
    yield* sleep(5);
  });
  const work = coroutine(function* work(): Steps<void> {
    seen.push(task.state);
    spawn(leaf(), { name: 'a child', daemon: true });
    try {
      yield* leaf();
    } finally {
      yield* leaf();
    }
  });
  const task: JoinHandle<unknown> = runtime.spawn(work());
  seen.push(task.name, task.state);
  driver.drain();
  seen.push(task.state);
  dumps.push(runtime.dump());
  task.abort();
  seen.push(task.state);
  driver.drain();
  seen.push(task.state);
  driver.advance(10);
  seen.push(task.state, task.name);
  assert.deepEqual(seen, ['work', 'ready', 'running', 'waiting', 'cancelling', 'cancelling', 'cancelled', 'work']);
  assert.match(
    dumps[0]!,
    /^- #1 work \[waiting 0 ms\], spawned at .*task\.test\.ts:\d+:\d+\n {4}in work .*\n {4}in leaf .*\n {4}waits for sleep, due in 5 ms\n {2}- #2 a child \[waiting 0 ms, daemon\]/,
  );
  assert.equal(runtime.dump(), '');
});

test('spawn sites are captured in development mode and not in production mode', () => {
  for (const mode of ['development', 'production'] as const) {
    const runtime = new Runtime(new ManualDriver(), { mode });
    runtime.spawn(sleep(1));
    assert.equal(/task\.test\.ts/.test(runtime.dump()), mode === 'development');
  }
});

test('a runtime is dropped without cleanup, as in a crash', () => {
  const log: string[] = [];
  const driver = new ManualDriver();
  const runtime = new Runtime(driver);
  runtime.spawn(
    coroutine(function* () {
      try {
        yield* sleep(1);
        log.push('woken');
      } finally {
        log.push('cleanup');
      }
    })(),
  );
  driver.drain();
  runtime.drop();
  driver.advance(10);
  assert.deepEqual(log, []);
  assert.equal(driver.attached.size, 0);
  assert.equal(
    codeOf(() => runtime.spawn(ready(1))),
    'RUNTIME_CLOSED',
  );
});

test('spawning on a runtime that has ended throws RUNTIME_CLOSED', () => {
  let runtime: Runtime | undefined;
  play(
    new (class extends Future<void> {
      override poll(cx: { runtime: object }): void {
        runtime = cx.runtime as Runtime;
      }
    })(),
  );
  assert.equal(
    codeOf(() => runtime?.spawn(ready(1))),
    'RUNTIME_CLOSED',
  );
});
