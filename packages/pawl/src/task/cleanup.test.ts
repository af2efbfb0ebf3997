import assert from 'node:assert/strict';
import { test } from 'node:test';
import { world } from '../../test/support/world.ts';
import {
  type Context,
  coroutine,
  Future,
  join,
  PENDING,
  type Poll,
  race,
  ready,
  scope,
  sleep,
  spawn,
  timeout,
  type Waker,
  yieldNow,
} from '../index.ts';

const ever = 1_000_000;
const codes = (reports: readonly { code: string }[]): string[] => reports.map((report) => report.code);
const code = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Waits for ever; when cancelled, cleans up by `cleanup`, and logs what that throws. */
const stubborn = coroutine(function* (log: unknown[], cleanup: () => Future<unknown>) {
  try {
    yield* sleep(ever);
  } finally {
    log.push('begin');
    try {
      yield* cleanup();
      log.push('end');
    } catch (error) {
      log.push(code(error));
    }
    try {
      yield* ready(1);
      log.push('next');
    } catch (error) {
      log.push(code(error));
    } finally {
      log.push('last');
    }
  }
});

test('a cleanup within the deadline may await as it likes, and nothing is reported', () => {
  const { driver, reports, run } = world();
  const log: unknown[] = [];
  run(function* () {
    const task = spawn(stubborn(log, () => sleep(4999)));
    yield* yieldNow();
    task.abort();
    yield* settled(task);
    assert.equal(task.state, 'cancelled');
  });
  assert.deepEqual(log, ['begin', 'end', 'next', 'last']);
  assert.deepEqual(reports, []);
  assert.equal(driver.time, 4999);
});

test('after the deadline the current await throws CLEANUP_TIMEOUT, later ones at once, and the overrun is reported once', () => {
  const { driver, reports, run } = world();
  const log: unknown[] = [];
  run(
    function* () {
      const task = spawn(
        stubborn(log, () => sleep(ever)),
        { name: 'slow to end' },
      );
      yield* yieldNow();
      task.abort();
      yield* settled(task);
      assert.equal(task.state, 'cancelled');
    },
    { cleanupTimeout: 70 },
  );
  assert.deepEqual(log, ['begin', 'CLEANUP_TIMEOUT', 'CLEANUP_TIMEOUT', 'last']);
  assert.deepEqual(codes(reports), ['CLEANUP_TIMEOUT']);
  assert.match(reports[0]?.task ?? '', /^slow to end/);
  assert.match(reports[0]?.message ?? '', /70 ms/);
  assert.equal(driver.time, 70);
});

test('the default deadline is five seconds', () => {
  const { driver, run } = world();
  run(function* () {
    const task = spawn(stubborn([], () => sleep(ever)));
    yield* yieldNow();
    task.abort();
    yield* settled(task);
  });
  assert.equal(driver.time, 5000);
});

const inner: Record<string, (log: unknown[]) => Future<unknown>> = {
  'a coroutine': (log) =>
    coroutine(function* () {
      try {
        yield* sleep(ever);
      } finally {
        log.push('inner');
      }
    })(),
  'a chain of coroutines': (log) =>
    coroutine(function* () {
      yield* inner['a coroutine']!(log);
    })(),
  'a plain helper': (log) =>
    coroutine(function* () {
      yield* (function* () {
        try {
          yield* sleep(ever);
        } finally {
          log.push('inner');
        }
      })();
    })(),
  'a race': (log) => race([inner['a coroutine']!(log), sleep(ever)]),
  'a join': (log) => join([inner['a coroutine']!(log), sleep(ever)]),
  'a timeout': (log) => timeout(ever, inner['a coroutine']!(log)),
  'a scope': (log) =>
    scope(function* () {
      yield* inner['a coroutine']!(log);
    }),
  'a scope that waits for a child': (log) =>
    scope(function* (s) {
      s.spawn(inner['a coroutine']!(log));
    }),
  'a scope in a race in a scope': (log) =>
    scope(function* () {
      yield* race([
        scope(function* (s) {
          s.spawn(inner['a coroutine']!(log));
        }),
        sleep(ever),
      ]);
    }),
};

for (const [name, make] of Object.entries(inner)) {
  test(`${name} in a cleanup works, and is cancelled when the deadline passes`, () => {
    const { driver, reports, run } = world();
    const log: unknown[] = [];
    run(
      function* () {
        const task = spawn(stubborn(log, () => make(log)));
        yield* yieldNow();
        task.abort();
        yield* settled(task);
      },
      { cleanupTimeout: 70 },
    );
    assert.deepEqual(log, ['begin', 'inner', 'CLEANUP_TIMEOUT', 'CLEANUP_TIMEOUT', 'last']);
    assert.deepEqual(codes(reports), ['CLEANUP_TIMEOUT']);
    assert.equal(driver.time, 70);
  });

  test(`${name} that is itself cancelled and stubborn is bounded by the deadline`, () => {
    const { driver, reports, run } = world();
    const log: unknown[] = [];
    const slow: Future<unknown>[] = [];
    run(
      function* () {
        const wrapped = make(log);
        slow.push(wrapped);
        yield* race([wrapped, stubborn(log, () => sleep(ever)), sleep(10)]);
        log.push('won');
      },
      { cleanupTimeout: 70 },
    );
    assert.deepEqual(log, ['inner', 'begin', 'CLEANUP_TIMEOUT', 'CLEANUP_TIMEOUT', 'last', 'won'].sort(by(log)));
    assert.deepEqual(codes(reports), ['CLEANUP_TIMEOUT']);
    assert.equal(driver.time, 80);
  });
}

/** The order in which the entries stand in `log`: only what is there matters, not the interleaving of independent branches. */
function by(log: readonly unknown[]): (a: string, b: string) => number {
  return (a, b) => log.indexOf(a) - log.indexOf(b);
}

test("a child task's cleanup ends with its parent's deadline", () => {
  const { driver, reports, run } = world();
  const log: unknown[] = [];
  run(
    function* () {
      const parent = spawn(function* () {
        spawn(
          stubborn(log, () => sleep(ever)),
          { name: 'child' },
        );
        yield* sleep(ever);
      });
      yield* sleep(1);
      parent.abort();
      yield* settled(parent);
      assert.equal(parent.state, 'cancelled');
    },
    { cleanupTimeout: 70 },
  );
  assert.deepEqual(log, ['begin', 'CLEANUP_TIMEOUT', 'CLEANUP_TIMEOUT', 'last']);
  assert.deepEqual(codes(reports), ['CLEANUP_TIMEOUT']);
  assert.equal(driver.time, 71);
});

test('a child whose cleanup ends at the very moment of the deadline ends once', () => {
  const { run } = world();
  for (const slack of [-1, 0, 1]) {
    run(
      function* () {
        const parent = spawn(function* () {
          spawn(stubborn([], () => sleep(70 + slack)));
          spawn(stubborn([], () => sleep(70 + slack)));
          yield* stubborn([], () => sleep(70 + slack));
        });
        yield* sleep(1);
        parent.abort();
        yield* settled(parent);
      },
      { cleanupTimeout: 70 },
    );
  }
});

test('the cleanup of a failed scope is bounded too', () => {
  const { reports, run } = world();
  const log: unknown[] = [];
  assert.throws(
    () =>
      run(
        scope(function* (s) {
          s.spawn(
            coroutine(function* () {
              yield* sleep(1);
              throw new Error('child');
            })(),
          );
          yield* stubborn(log, () => sleep(ever));
        }),
        { cleanupTimeout: 70 },
      ),
    { message: 'child' },
  );
  assert.deepEqual(log, ['begin', 'CLEANUP_TIMEOUT', 'CLEANUP_TIMEOUT', 'last']);
  assert.deepEqual(codes(reports), ['CLEANUP_TIMEOUT']);
});

/** Never lets go. */
class Clinging extends Future<never> {
  waker: Waker | null = null;

  override poll(cx: Context): Poll<never> {
    this.waker = cx.waker;
    return PENDING;
  }
  override cancel(): Poll<void> {
    return PENDING;
  }
}

const clings: Record<string, () => Future<unknown>> = {
  'a task': () => new Clinging(),
  'a coroutine': () =>
    coroutine(function* () {
      yield* new Clinging();
    })(),
  'a race': () => race([new Clinging(), new Clinging()]),
  'a scope': () => scope(() => new Clinging()),
};

for (const [name, make] of Object.entries(clings))
  test(`what never lets go of ${name} is left behind after the deadline, and reported`, () => {
    const { driver, reports, run } = world();
    run(
      function* () {
        const task = spawn(make());
        yield* yieldNow();
        task.abort();
        yield* settled(task);
        assert.equal(task.state, 'cancelled');
      },
      { cleanupTimeout: 70 },
    );
    assert.ok(reports.length > 0 && codes(reports).every((kind) => kind === 'CLEANUP_ABANDONED'));
    assert.equal(driver.time, 70);
  });

/** Waits for a task's end; what it threw, or undefined. */
function* settled(task: Future<unknown>) {
  try {
    yield* task;
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a cleanup that tries again and again past its deadline is left behind and reported, whatever it is part of', () => {
  const flush = coroutine(function* () {
    try {
      yield* sleep(ever);
    } finally {
      for (;;) {
        try {
          yield* sleep(100);
        } catch {
          // Until it succeeds.
        }
      }
    }
  });
  const programs: Record<string, () => Future<unknown>> = {
    'a task': () => flush(),
    'a task that awaits it': coroutine(function* () {
      yield* flush();
    }),
    'a helper': coroutine(function* () {
      yield* (function* () {
        yield* flush();
      })();
    }),
    'a branch': () => race([flush(), sleep(ever)]),
  };
  for (const [name, make] of Object.entries(programs)) {
    const { reports, run } = world();
    run(function* () {
      const task = spawn(make());
      yield* sleep(1);
      task.abort();
      yield* settled(task);
      assert.equal(task.finished, true);
    });
    assert.equal(codes(reports)[0], 'CLEANUP_TIMEOUT', name);
    assert.ok(codes(reports).includes('CLEANUP_ABANDONED'), name);
  }
});
