import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  coroutine,
  type Future,
  join,
  race,
  ready,
  run as runNative,
  type Scope,
  scope,
  sleep,
  spawn,
  spawnDetached,
  type Steps,
  supervise,
  timeout,
  yieldNow,
} from '../index.ts';

const ever = 1_000_000;
const failing = coroutine(function* (ms: number, message: string) {
  if (ms > 0) yield* sleep(ms);
  throw new Error(message);
});
/** Sleeps `ms`, then logs; when cancelled, cleans up for `cleanup` ms and logs that. */
const worker = coroutine(function* (log: string[], name: string, ms: number, cleanup?: number) {
  let ended = false;
  try {
    yield* sleep(ms);
    ended = true;
    log.push(name);
  } finally {
    if (!ended) {
      if (cleanup !== undefined) yield* sleep(cleanup);
      log.push(`${name} cancelled`);
    }
  }
});
const messages = (error: unknown): string[] =>
  error instanceof SuppressedError
    ? [...messages(error.error), ...messages(error.suppressed)]
    : [(error as Error).message];

const kinds: Record<string, typeof scope> = { scope, supervise };
for (const [name, open] of Object.entries(kinds)) {
  test(`a ${name} ends when its children and theirs have ended, and gives its body's value`, () => {
    const log: string[] = [];
    const { driver, run } = world();
    const value = run(
      open(function* (s) {
        s.spawn(worker(log, 'child', 5));
        spawn(function* () {
          spawn(worker(log, 'grandchild', 10));
          yield* sleep(1);
        });
        yield* sleep(1);
        return 'value';
      }),
    );
    assert.equal(value, 'value');
    assert.deepEqual(log, ['child', 'grandchild']);
    assert.equal(driver.now(), 10);
  });

  test(`a failing body of a ${name} cancels and cleans up the children before the owner gets the error`, () => {
    const log: string[] = [];
    play(function* () {
      try {
        yield* open(function* (s) {
          s.spawn(worker(log, 'a', ever, 3));
          s.spawn(worker(log, 'b', ever));
          yield* sleep(1);
          throw new Error('body');
        });
      } catch (error) {
        log.push((error as Error).message);
      }
    });
    assert.deepEqual(log, ['b cancelled', 'a cancelled', 'body']);
  });

  test(`a cancelled ${name} cancels body and children, and is done when they have ended`, () => {
    const log: string[] = [];
    play(function* () {
      yield* race([
        open(function* (s) {
          s.spawn(worker(log, 'child', ever, 5));
          spawn(function* () {
            spawn(worker(log, 'grandchild', ever, 7));
            yield* sleep(ever);
          });
          yield* worker(log, 'body', ever, 3);
        }),
        sleep(1),
      ]);
      log.push('won');
    });
    assert.deepEqual(log, ['body cancelled', 'child cancelled', 'grandchild cancelled', 'won']);
  });

  test(`daemons of a ${name} are cancelled when its body is done`, () => {
    const log: string[] = [];
    const { driver, run } = world();
    run(
      open(function* (s) {
        s.spawn(worker(log, 'daemon', ever, 2), { daemon: true });
        s.spawn(worker(log, 'child', 5));
        yield* sleep(1);
        log.push('body');
      }),
    );
    assert.deepEqual(log, ['body', 'daemon cancelled', 'child']);
    assert.equal(driver.now(), 5);
  });

  test(`spawning into a ${name} that has ended throws SCOPE_CLOSED`, () => {
    let leaked: Scope | undefined;
    play(
      open(function* (s) {
        leaked = s;
        yield* yieldNow();
      }),
    );
    assert.equal(
      codeOf(() => leaked?.spawn(ready(1))),
      'SCOPE_CLOSED',
    );
  });

  test(`what is spawned into a ${name} that is being cancelled is aborted before it starts`, () => {
    const log: string[] = [];
    play(function* () {
      yield* race([
        open(function* (s) {
          try {
            yield* sleep(ever);
          } finally {
            const late = s.spawn(worker(log, 'late', 1));
            yield* sleep(5);
            log.push(late.state);
          }
        }),
        sleep(1),
      ]);
    });
    assert.deepEqual(log, ['cancelled']);
  });

  test(`a ${name} takes a function that makes a future, and refuses anything else`, () => {
    assert.equal(play(open(() => ready(5))), 5);
    for (const wrong of [5, undefined, ready(1), () => 5, async () => 5])
      assert.match(
        String(codeOf(() => play(open(wrong as unknown as () => Future<unknown>)))),
        /^(BAD_ARGUMENT|NOT_A_FUTURE)$/,
      );
  });
}

test('a failed child fails its scope, even if its handle is awaited and the error caught', () => {
  const log: string[] = [];
  const error = failure(
    scope(function* (s) {
      const child = s.spawn(failing(2, 'child'));
      s.spawn(worker(log, 'sibling', ever, 4));
      try {
        yield* child;
      } catch {
        log.push('caught');
      } finally {
        log.push('body cancelled');
      }
    }),
  );
  assert.deepEqual(messages(error), ['child']);
  assert.deepEqual(log, ['body cancelled', 'sibling cancelled']);
});

test('a plain spawn is the same law for a task: its body is cancelled, and it fails with the error of its child', () => {
  const log: string[] = [];
  for (const ms of [0, 2]) {
    log.length = 0;
    const error = failure(function* () {
      spawn(function* () {
        spawn(failing(ms, 'grandchild'));
        yield* worker(log, 'parent', ever, 3);
      });
      yield* worker(log, 'main', ever);
    });
    assert.deepEqual(messages(error), ['grandchild']);
    assert.deepEqual(log, ['parent cancelled', 'main cancelled']);
  }
});

test('the first failure is thrown with every later one suppressed, in their order', () => {
  const bad = coroutine(function* (message: string, ms: number) {
    try {
      yield* sleep(ever);
    } finally {
      yield* sleep(ms);
      yield* failing(0, message);
    }
  });
  const error = failure(
    scope(function* (s) {
      s.spawn(bad('third', 5));
      s.spawn(bad('second', 3));
      s.spawn(failing(1, 'first'));
      yield* bad('fourth', 9);
    }),
  );
  assert.ok(error instanceof SuppressedError);
  // A sibling's cleanup failure is itself suppressed by the cancellation that it was cleaning up after.
  assert.deepEqual(
    messages(error).filter((message) => !message.includes('aborted')),
    ['first', 'second', 'third', 'fourth'],
  );
});

test('a body that fails while its child fails throws the first with the other suppressed', () => {
  const error = failure(
    scope(function* (s) {
      s.spawn(failing(0, 'child'));
      yield* failing(0, 'body');
    }),
  );
  assert.deepEqual(messages(error).slice(0, 1), ['body']);
});

test('an aborted child fails nobody, whoever awaits it', () => {
  const log: string[] = [];
  play(
    scope(function* (s) {
      const child = s.spawn(worker(log, 'child', ever));
      yield* sleep(1);
      child.abort('enough');
      yield* sleep(1);
      log.push('body');
    }),
  );
  assert.deepEqual(log, ['child cancelled', 'body']);
});

test('a detached task belongs to no scope and is cancelled, with its cleanup, when run ends', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(function* () {
    yield* scope(function* () {
      spawnDetached(worker(log, 'detached', ever, 5));
      yield* sleep(1);
    });
    log.push('scope');
    yield* sleep(1);
    log.push('main');
  });
  assert.deepEqual(log, ['scope', 'main', 'detached cancelled']);
  assert.equal(driver.now(), 7);
});

test("a detached task's failure that nobody has awaited is thrown at the end of run, suppressed by main's own", () => {
  assert.deepEqual(
    messages(
      failure(function* () {
        spawnDetached(failing(1, 'detached'));
        yield* sleep(5);
      }),
    ),
    ['detached'],
  );
  assert.deepEqual(
    messages(
      failure(function* () {
        spawnDetached(failing(1, 'detached'));
        yield* sleep(5);
        throw new Error('main');
      }),
    ),
    ['main', 'detached'],
  );
});

test('a failing scope deep in a tree cancels everything between it and whoever catches', () => {
  const log: string[] = [];
  const level = coroutine(function* (depth: number): Steps<void> {
    if (depth === 0) return yield* failing(1, 'bottom');
    yield* scope(function* (s) {
      s.spawn(worker(log, `sibling ${depth}`, ever, depth));
      s.spawn(level(depth - 1));
      yield* worker(log, `body ${depth}`, ever);
    });
    return undefined;
  });
  play(function* () {
    try {
      yield* level(5);
    } catch (error) {
      log.push((error as Error).message);
    }
  });
  assert.equal(log.length, 11);
  assert.equal(log.at(-1), 'bottom');
});

test('a tree of 2,000 nested tasks ends, and is cancelled, level by level', () => {
  let alive = 0;
  let deepest = 0;
  const level = coroutine(function* (depth: number): Steps<void> {
    alive++;
    deepest = Math.max(deepest, depth);
    try {
      if (depth < 2000) spawn(level(depth + 1));
      yield* sleep(ever);
    } finally {
      alive--;
    }
  });
  play(function* () {
    try {
      yield* timeout(
        10,
        scope(() => level(0)),
      );
    } catch (error) {
      assert.equal((error as { code: string }).code, 'TIMEOUT');
    }
    assert.deepEqual([alive, deepest], [0, 2000]);
  });
});

test('ten thousand children that come and go leave the scope empty', () => {
  play(
    scope(function* (s) {
      const first = s.spawn(sleep(100));
      for (let round = 0; round < 100; round++) {
        const children = Array.from({ length: 100 }, (_, at) => s.spawn(sleep(at % 7)));
        yield* join(children);
        assert.equal(s.size, round < 100 && !first.finished ? 1 : 0);
      }
    }),
  );
});

test('scopes keep their law under the native driver', async () => {
  const log: string[] = [];
  await assert.rejects(
    runNative(
      scope(function* (s) {
        s.spawn(worker(log, 'sibling', ever, 1));
        s.spawn(failing(1, 'child'));
        yield* worker(log, 'body', ever);
      }),
    ),
    { message: 'child' },
  );
  assert.deepEqual(new Set(log), new Set(['body cancelled', 'sibling cancelled']));
});

test('what a body spawns before it has made its future belongs to its scope too, and is ended when it throws instead', () => {
  const log: string[] = [];
  const child = coroutine(function* (ms: number) {
    try {
      yield* sleep(ms);
      log.push('child');
    } finally {
      log.push('end of child');
    }
  });
  play(function* () {
    yield* scope(() => {
      spawn(child(2));
      return sleep(1);
    });
    log.push('scope');
  });
  assert.deepEqual(log.splice(0), ['child', 'end of child', 'scope']);
  const error = failure(
    scope((s) => {
      s.spawn(child(2));
      throw new Error('no future');
    }),
  );
  assert.equal((error as Error).message, 'no future');
  assert.deepEqual(log, []);
});
