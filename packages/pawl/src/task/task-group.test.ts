import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  coroutine,
  type Future,
  type JoinHandle,
  race,
  sleep,
  spawn,
  taskGroup,
  type TaskGroup,
  timeout,
  yieldNow,
} from '../index.ts';

const ever = 1_000_000;
const after = coroutine(function* <T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
});
const failing = coroutine(function* (ms: number, message: string) {
  yield* sleep(ms);
  throw new Error(message);
});
const worker = coroutine(function* (log: string[], name: string, cleanup: number) {
  try {
    yield* sleep(ever);
  } finally {
    yield* sleep(cleanup);
    log.push(`${name} cleaned up`);
  }
});

function* rest<T>(group: TaskGroup<T>) {
  const values: unknown[] = [];
  for (let result = yield* group.next(); result.done !== true; result = yield* group.next()) values.push(result.value);
  return values;
}

test('gives results in the order of completion, then says that it is done', () => {
  const values = play(
    taskGroup(function* (group: TaskGroup<string>) {
      assert.deepEqual(yield* group.next(), { done: true, value: undefined });
      for (const ms of [3, 1, 2]) yield* group.spawn(after(ms, `after ${ms}`));
      assert.equal(group.size, 3);
      const values = yield* rest(group);
      assert.equal(group.size, 0);
      yield* group.spawn(after(1, 'again'));
      return [...values, ...(yield* rest(group))];
    }),
  );
  assert.deepEqual(values, ['after 1', 'after 2', 'after 3', 'again']);
});

test('spawn waits for a slot, first come, first served', () => {
  const log: string[] = [];
  let [alive, most] = [0, 0];
  const { driver, run } = world();
  run(
    taskGroup(
      function* (group: TaskGroup<void>) {
        const job = coroutine(function* (name: string) {
          most = Math.max(most, ++alive);
          log.push(`${name} at ${driver.time}`);
          yield* sleep(10);
          alive--;
        });
        for (const who of ['a', 'b'])
          spawn(function* () {
            for (let i = 0; i < 3; i++) yield* group.spawn(job(`${who}${i}`));
          });
      },
      { limit: 2 },
    ),
  );
  assert.deepEqual(log, ['a0 at 0', 'a1 at 0', 'a2 at 10', 'b0 at 10', 'b1 at 20', 'b2 at 20']);
  assert.equal(most, 2);
});

test('a slot handed to a spawn that is cancelled goes to the next, and one that waits leaves its place', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(
    taskGroup(
      function* (group: TaskGroup<void>) {
        yield* group.spawn(sleep(10));
        const waiting = ['a', 'b', 'c'].map((name) =>
          spawn(function* () {
            yield* group.spawn(function* () {
              log.push(`${name} at ${driver.time}`);
              yield* sleep(1);
            });
          }),
        );
        const [a, b] = waiting as [JoinHandle<void>, JoinHandle<void>];
        yield* yieldNow();
        b.abort();
        // At the very moment at which the slot becomes free, `a` has been handed it and not yet been polled.
        driver.onTurn = () => {
          if (driver.time === 10 && group.size === 1 && group.spawning.size === 1) a.abort();
        };
        driver.polls = 1;
      },
      { limit: 1 },
    ),
  );
  assert.deepEqual(log, ['c at 10']);
});

test('ends, like a scope, when its tasks have ended; results that nobody took are dropped', () => {
  const { driver, run } = world();
  const value = run(
    taskGroup(function* (group: TaskGroup<number>) {
      yield* group.spawn(after(5, 1));
      return 'body';
    }),
  );
  assert.equal(value, 'body');
  assert.equal(driver.time, 5);
});

test('a failing task cancels the body and the others, and is thrown after their cleanup', () => {
  const log: string[] = [];
  const error = failure(function* () {
    try {
      yield* taskGroup(function* (group: TaskGroup<unknown>) {
        yield* group.spawn(worker(log, 'sibling', 3));
        yield* group.spawn(failing(1, 'first'));
        try {
          yield* group.next();
        } finally {
          log.push('body');
        }
      });
    } finally {
      log.push('thrown');
    }
  });
  assert.equal((error as Error).message, 'first');
  assert.deepEqual(log, ['body', 'sibling cleaned up', 'thrown']);
});

test('in a supervising group next throws the failure and the others go on', () => {
  const seen: unknown[] = [];
  play(
    taskGroup(
      function* (group: TaskGroup<number>) {
        yield* group.spawn(after(1, 1));
        yield* group.spawn(failing(2, 'two'));
        yield* group.spawn(after(3, 3));
        for (;;) {
          try {
            const result = yield* group.next();
            if (result.done === true) return;
            seen.push(result.value);
          } catch (error) {
            seen.push((error as Error).message);
          }
        }
      },
      { supervise: true },
    ),
  );
  assert.deepEqual(seen, [1, 'two', 3]);
});

test('a failure in a supervising group that nobody has received is thrown at the end', () => {
  const error = failure(
    taskGroup(
      function* (group: TaskGroup<number>) {
        yield* group.spawn(failing(2, 'unseen'));
      },
      { supervise: true },
    ),
  );
  assert.equal((error as Error).message, 'unseen');
});

test('abortAll and the end of a using abort every task, and aborted tasks have no result', () => {
  const ends: Record<string, (group: TaskGroup<unknown>) => void> = {
    abortAll: (group) => group.abortAll(),
    using: (group) => {
      using _ = group;
    },
  };
  for (const [name, end] of Object.entries(ends)) {
    const log: string[] = [];
    const { driver, run } = world();
    run(
      taskGroup(function* (group: TaskGroup<unknown>) {
        yield* group.spawn(worker(log, name, 4));
        yield* group.spawn(after(1, 'value'));
        assert.deepEqual(yield* group.next(), { done: false, value: 'value' });
        end(group);
        assert.deepEqual(yield* group.next(), { done: true, value: undefined });
      }),
    );
    assert.deepEqual(log, [`${name} cleaned up`]);
    assert.equal(driver.time, 5);
  }
});

test('a task aborted by its handle gives no result and fails nobody', () => {
  const values = play(
    taskGroup(function* (group: TaskGroup<number>) {
      const handle = group.trySpawn(after(ever, 1));
      yield* group.spawn(after(2, 2));
      yield* sleep(1);
      handle?.abort();
      return yield* rest(group);
    }),
  );
  assert.deepEqual(values, [2]);
});

test('a next that is cancelled loses no result', () => {
  const values = play(
    taskGroup(function* (group: TaskGroup<number>) {
      for (let n = 1; n <= 20; n++) yield* group.spawn(after(n, n));
      const values: number[] = [];
      while (values.length < 20) {
        const result = yield* race([group.next(), sleep(0.5)]);
        if (result !== undefined && result.done !== true) values.push(result.value);
      }
      return values;
    }),
  );
  assert.deepEqual(
    values,
    Array.from({ length: 20 }, (_, n) => n + 1),
  );
});

test('results go to those who wait in the order of their coming, each to one, and the others are told of the end', () => {
  const log: string[] = [];
  play(
    taskGroup(function* (group: TaskGroup<number>) {
      yield* group.spawn(after(1, 1));
      yield* group.spawn(after(1, 2));
      for (const name of ['a', 'b', 'c', 'd'])
        spawn(function* () {
          const result = yield* group.next();
          log.push(`${name}: ${result.done === true ? 'done' : result.value}`);
        });
    }),
  );
  assert.deepEqual(log, ['a: 1', 'b: 2', 'c: done', 'd: done']);
});

test('its scope takes other tasks, which count neither for the limit nor for next', () => {
  const { driver, run } = world();
  run(
    taskGroup(
      function* (group: TaskGroup<number>) {
        group.scope.spawn(sleep(7));
        spawn(sleep(8));
        yield* group.spawn(after(1, 1));
        assert.deepEqual(yield* rest(group), [1]);
        assert.equal(driver.time, 1);
      },
      { limit: 1 },
    ),
  );
  assert.equal(driver.time, 8);
});

test('trySpawn spawns at once or not at all, and jumps no queue', () => {
  play(
    taskGroup(
      function* (group: TaskGroup<string>) {
        const first = group.trySpawn(after(5, 'first'));
        assert.equal(group.trySpawn(after(1, 'refused')), null);
        const waiting = spawn(group.spawn(after(1, 'second')));
        yield* yieldNow();
        assert.equal(yield* first!, 'first');
        assert.equal(group.trySpawn(after(1, 'refused')), null);
        yield* waiting;
        assert.deepEqual(yield* rest(group), ['first', 'second']);
        assert.equal(group.size, 0);
        assert.notEqual(group.trySpawn(after(1, 'third')), null);
      },
      { limit: 1 },
    ),
  );
});

test('spawn after the end throws SCOPE_CLOSED, and a bad limit BAD_ARGUMENT', () => {
  let kept: TaskGroup<number> | undefined;
  play(function* () {
    yield* taskGroup(function* (group: TaskGroup<number>) {
      kept = group;
    });
    assert.equal(yield* caught(kept!.spawn(after(1, 1))), 'SCOPE_CLOSED');
    assert.equal(kept!.size, 0);
  });
  for (const limit of [0, -1, 1.5, NaN])
    assert.equal(
      codeOf(() => taskGroup(function* () {}, { limit })),
      'BAD_ARGUMENT',
    );
});

function* caught(future: Future<unknown>) {
  try {
    yield* future;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

test('a hundred thousand tasks pass through a group of ten', () => {
  const { run } = world();
  const total = 100_000;
  const sum = run(
    taskGroup(
      function* (group: TaskGroup<number>) {
        spawn(function* () {
          for (let n = 0; n < total; n++) yield* group.spawn(after(1, 1));
        });
        yield* yieldNow();
        let sum = 0;
        for (let got = 0; got < total; got++) {
          const result = yield* group.next();
          if (result.done === true) yield* yieldNow();
          else sum += result.value;
        }
        return sum;
      },
      { limit: 10 },
    ),
    { mode: 'production' },
  );
  assert.equal(sum, total);
});

test('aborted at every poll it leaves nothing', () => {
  const log: string[] = [];
  const aborted = abortEverywhere(
    () =>
      taskGroup(
        function* (group: TaskGroup<number | void>) {
          for (const ms of [2, 1, 3]) yield* group.spawn(after(ms, ms));
          yield* timeout(5, group.next());
          const handle = group.trySpawn(worker(log, 'worker', 1));
          yield* group.next();
          handle?.abort();
          yield* rest(group);
        },
        { limit: 3 },
      ) as never,
  );
  assert.ok(aborted > 10, `${aborted}`);
  assert.ok(log.length > 0);
});
