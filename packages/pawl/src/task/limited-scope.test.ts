import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  coroutine,
  type Future,
  Instant,
  join,
  type PawlError,
  race,
  remaining,
  scope,
  type ScopeOptions,
  shield,
  sleep,
  spawn,
  spawnDetached,
  type Steps,
  supervise,
  taskGroup,
  timeout,
  yieldNow,
} from '../index.ts';

const ever = 1_000_000;
const code = (error: unknown): unknown => (error as { code?: unknown }).code;
/** Sleeps until it is cancelled, then cleans up for `ms`. */
const worker = coroutine(function* (log: string[], name: string, ms: number) {
  try {
    yield* sleep(ever);
  } finally {
    yield* sleep(ms);
    log.push(name);
  }
});
const failing = coroutine(function* (ms: number, message: string) {
  yield* sleep(ms);
  throw new Error(message);
});
const caught = coroutine(function* (future: Future<unknown>) {
  try {
    yield* future;
  } catch (error) {
    return String(code(error));
  }
  return 'no error';
});

type Open = (body: () => Steps<void>, options: ScopeOptions) => Future<void>;
const kinds: Record<string, Open> = {
  scope: (body, options) => scope(body, options),
  supervise: (body, options) => supervise(body, options),
  taskGroup: (body, options) => taskGroup(body, options),
};
for (const [name, open] of Object.entries(kinds)) {
  test(`at its deadline a ${name} cancels body and children and throws TIMEOUT after their cleanup`, () => {
    for (const make of [() => ({ timeout: 10 }), () => ({ deadline: Instant.now().plus(10) })]) {
      const log: string[] = [];
      const { driver, run } = world();
      run(function* () {
        const options = make();
        yield* sleep(0);
        const thrown = yield* caught(
          open(function* () {
            spawn(worker(log, 'child', 5));
            yield* worker(log, 'body', 3);
          }, options),
        );
        log.push(thrown);
        // A timeout counts from the first poll, a deadline does not.
        assert.equal(driver.time, 'timeout' in options ? 16 : 15);
      });
      assert.deepEqual(log, ['body', 'child', 'TIMEOUT']);
    }
  });

  test(`a ${name} that ends in time leaves no timer, whether it gives a value, fails or is cancelled`, () => {
    const { driver, run } = world();
    run(function* () {
      yield* open(
        function* () {
          yield* sleep(1);
        },
        { timeout: 10 },
      );
      assert.equal(driver.timerCount, 0);
      yield* caught(
        open(
          function* () {
            yield* failing(1, 'x');
          },
          { timeout: 10 },
        ),
      );
      assert.equal(driver.timerCount, 0);
      yield* race([
        open(
          function* () {
            yield* sleep(5);
          },
          { timeout: 10, cleanupTimeout: 10 },
        ),
        sleep(1),
      ]);
      assert.equal(driver.timerCount, 0);
      assert.equal(driver.time, 3);
    });
  });
}

test('the deadline also ends a scope whose body has ended and which waits for its children', () => {
  const log: string[] = [];
  const { driver, run } = world();
  assert.throws(
    () =>
      run(
        scope(
          function* () {
            spawn(worker(log, 'child', 1));
          },
          { timeout: 5 },
        ),
      ),
    { code: 'TIMEOUT', message: 'the scope timed out after 5 ms' },
  );
  assert.deepEqual(log, ['child']);
  assert.equal(driver.time, 6);
});

test('a scope that has failed when its deadline comes throws its failure', () => {
  const error = failure(
    scope(
      function* () {
        spawn(worker([], 'child', 10));
        yield* failing(1, 'its own');
      },
      { timeout: 5 },
    ),
  );
  assert.equal((error as Error).message, 'its own');
});

test('what a cleanup throws after the deadline is suppressed by TIMEOUT', () => {
  const error = failure(
    scope(
      function* () {
        try {
          yield* sleep(ever);
        } finally {
          yield* failing(1, 'cleanup');
        }
      },
      { timeout: 5 },
    ),
  );
  assert.ok(error instanceof SuppressedError);
  assert.equal(code(error), 'TIMEOUT');
  assert.equal((error.suppressed as Error).message, 'cleanup');
});

test('remaining tells what is left, in the body, in children and theirs, in branches, and in scopes within', () => {
  const seen: Record<string, number> = {};
  const tell = coroutine(function* (name: string) {
    yield* yieldNow();
    seen[name] = remaining();
  });
  play(function* () {
    seen['outside'] = remaining();
    yield* scope(
      function* (s) {
        seen['body'] = remaining();
        yield* sleep(10);
        yield* tell('later');
        s.spawn(tell('child'));
        spawn(function* () {
          spawn(tell('grandchild'));
        });
        yield* join([tell('branch'), timeout(5, tell('timeout'))]);
        yield* scope(() => tell('plain scope'));
        yield* scope(() => tell('longer'), { timeout: 1000 });
        yield* scope(() => tell('shorter'), { timeout: 7 });
        yield* supervise((inner) => inner.spawn(tell('task of a shorter one')), { timeout: 8 });
        spawnDetached(tell('detached'));
        yield* yieldNow();
        yield* yieldNow();
      },
      { timeout: 100 },
    );
  });
  assert.deepEqual(seen, {
    outside: Infinity,
    body: 100,
    later: 90,
    child: 90,
    grandchild: 90,
    branch: 90,
    timeout: 90,
    'plain scope': 90,
    longer: 90,
    shorter: 7,
    'task of a shorter one': 8,
    detached: Infinity,
  });
  assert.equal(
    codeOf(() => remaining()),
    'NO_RUNTIME',
  );
});

test('of nested deadlines the earlier counts, and its scope throws', () => {
  const { driver, run } = world();
  const log: string[] = [];
  run(function* () {
    const inner = yield* caught(
      scope(
        function* () {
          log.push(yield* caught(scope(() => sleep(ever), { timeout: 5 })));
          assert.equal(driver.time, 5);
          log.push(yield* caught(scope(() => sleep(ever), { timeout: 500 })));
        },
        { timeout: 50 },
      ),
    );
    log.push(`outer ${inner}`);
    assert.equal(driver.time, 50);
  });
  assert.deepEqual(log, ['TIMEOUT', 'outer TIMEOUT']);
});

test('the deadline of a scope holds in the cleanup and in the shield of one whose own has passed', () => {
  const inner = coroutine(function* (log: string[], options: ScopeOptions) {
    try {
      yield* scope(() => sleep(ever), options);
    } catch (error) {
      log.push((error as PawlError).code);
    }
  });
  const { driver, run, reports } = world();
  const log: string[] = [];
  const shared = (): ScopeOptions => ({ deadline: Instant.now().plus(10) });
  const outer = coroutine(function* (options: ScopeOptions, body: () => Future<void>) {
    try {
      yield* scope(body, options);
    } catch (error) {
      log.push(`outer ${(error as PawlError).code} at ${driver.time}`);
    }
  });
  const cleaning = coroutine(function* (options: ScopeOptions) {
    try {
      yield* sleep(ever);
    } finally {
      yield* inner(log, options);
    }
  });
  run(function* () {
    yield* outer({ timeout: 10 }, () => cleaning({ timeout: 20 }));
    yield* outer({ timeout: 10 }, () => shield(inner(log, { timeout: 20 })));
    const limit = shared();
    yield* outer(limit, () => cleaning(limit));
  });
  assert.deepEqual(log, [
    'TIMEOUT',
    'outer TIMEOUT at 30',
    'TIMEOUT',
    'outer TIMEOUT at 50',
    'TIMEOUT',
    'outer TIMEOUT at 61',
  ]);
  assert.deepEqual(reports, []);
});

test('a deadline that has passed still polls the body once', () => {
  play(function* () {
    const past = Instant.now();
    yield* sleep(5);
    assert.equal(
      yield* scope(
        function* () {
          assert.equal(remaining(), 0);
          return 'ready';
        },
        { deadline: past },
      ),
      'ready',
    );
    assert.equal(yield* caught(scope(() => sleep(5), { deadline: past })), 'TIMEOUT');
  });
});

test('the cleanup timeout of a scope bounds the cleanup of its body and of its children, and is told in the report', () => {
  for (const how of ['fails', 'times out', 'is cancelled']) {
    const log: string[] = [];
    const { driver, reports, run } = world();
    run(function* () {
      const limited = scope(
        function* () {
          spawn(worker(log, 'child', ever), { name: 'child' });
          if (how === 'fails')
            spawn(function* () {
              yield* failing(1, 'failure');
            });
          yield* worker(log, 'body', ever);
        },
        how === 'times out' ? { cleanupTimeout: 20, timeout: 1 } : { cleanupTimeout: 20 },
      );
      yield* caught(race([limited, sleep(how === 'is cancelled' ? 1 : ever)]));
      assert.equal(driver.time, 21, how);
    });
    assert.deepEqual(log, [], how);
    assert.deepEqual(
      reports.map((report) => report.code),
      ['CLEANUP_TIMEOUT', 'CLEANUP_TIMEOUT'],
      how,
    );
    for (const { message } of reports) assert.match(message, /after 20 ms/);
  }
});

test('the report of an overrun names the chain of awaits in which the cleanup stood', () => {
  const { reports, run } = world();
  const inner = coroutine(function* inner() {
    yield* sleep(ever);
  });
  const outer = coroutine(function* outer() {
    try {
      yield* sleep(ever);
    } finally {
      yield* timeout(ever, inner());
    }
  });
  run(
    function* () {
      const task = spawn(outer(), { name: 'slow' });
      yield* yieldNow();
      task.abort();
      yield* caught(task);
    },
    { cleanupTimeout: 70 },
  );
  assert.match(
    reports[0]!.message,
    /task "slow.* stood at outer > timeout of 2 \(future: inner > sleep; limit: sleep\)$/,
  );
});

test('a cleanup timeout is inherited, and one further out that is earlier counts', () => {
  const { driver, reports, run } = world();
  run(function* () {
    yield* caught(
      scope(
        function* () {
          yield* scope(
            function* () {
              yield* scope(() => worker([], 'x', ever));
            },
            { cleanupTimeout: 300 },
          );
        },
        { cleanupTimeout: 20, timeout: 1 },
      ),
    );
    assert.equal(driver.time, 21);
  });
  assert.equal(reports.length, 1);
  assert.match(reports[0]!.message, /after 20 ms/);
});

test('refuses what is no deadline', () => {
  for (const wrong of [
    { timeout: -1 },
    { timeout: NaN },
    { timeout: '5' },
    { cleanupTimeout: -1 },
    { deadline: 5 },
    { deadline: null },
  ])
    assert.equal(
      codeOf(() => scope(() => sleep(1), wrong as object)),
      'BAD_ARGUMENT',
    );
});

test('aborted at every poll it leaves no task and no timer', () => {
  const log: string[] = [];
  const aborted = abortEverywhere(
    () =>
      function* () {
        yield* caught(
          scope(
            function* () {
              spawn(worker(log, 'child', 2));
              yield* scope(() => sleep(2), { timeout: 3 });
              yield* worker(log, 'body', 1);
            },
            { timeout: 5, cleanupTimeout: 50 },
          ),
        );
      },
  );
  assert.ok(aborted >= 6);
});
