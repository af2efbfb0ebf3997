import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { failure, play } from '../../test/support/world.ts';
import { coroutine, type Future, ready, sleep, spawn, yieldNow } from '../index.ts';

const ever = 1_000_000;
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

test('a cleanup is not cancellable: further aborts and failing siblings change nothing', () => {
  const log: unknown[] = [];
  play(function* () {
    const task = spawn(stubborn(log, () => sleep(50)));
    yield* yieldNow();
    task.abort('first');
    yield* sleep(1);
    task.abort('second');
    const error = yield* settled(task);
    assert.equal((error as Error).cause, 'first');
  });
  assert.deepEqual(log, ['begin', 'end', 'next', 'last']);
});

test('cancel beats a wake that has not been polled yet', () => {
  const gate = new Gate<string>();
  const log: string[] = [];
  play(function* () {
    const task = spawn(function* () {
      try {
        log.push(yield* gate);
      } finally {
        log.push('cleanup');
      }
    });
    yield* yieldNow();
    gate.open('too late');
    task.abort();
    yield* settled(task);
    assert.equal(task.state, 'cancelled');
  });
  assert.deepEqual(log, ['cleanup']);
});

test('an error in the cleanup of an aborted task fails it and its scope, suppressed by CANCELLED', () => {
  const error = failure(function* () {
    const task = spawn(function* () {
      try {
        yield* sleep(ever);
      } finally {
        yield* yieldNow();
        // oxlint-disable-next-line no-unsafe-finally -- that is what is tested
        throw new Error('cleanup');
      }
    });
    yield* yieldNow();
    task.abort('why');
    yield* sleep(ever);
  }) as SuppressedError;
  assert.ok(error instanceof SuppressedError);
  assert.equal(code(error), 'CANCELLED');
  assert.equal((error.suppressed as Error).message, 'cleanup');
});

test("a child's cleanup error never reaches its parent's catch", () => {
  const log: unknown[] = [];
  const error = failure(function* () {
    const task = spawn(function* () {
      for (let tries = 0; tries < 3; tries++) {
        try {
          yield* stubborn(log, () => ready(0));
        } catch {
          log.push('caught');
        }
        log.push('went on');
      }
    });
    const other = spawn(function* () {
      try {
        try {
          yield* coroutine(function* () {
            try {
              yield* sleep(ever);
            } finally {
              // oxlint-disable-next-line no-unsafe-finally -- that is what is tested
              throw new Error('inner cleanup');
            }
          })();
        } catch {
          log.push('caught');
        }
      } finally {
        log.push('outer cleanup');
      }
    });
    yield* yieldNow();
    task.abort();
    other.abort();
    yield* sleep(ever);
  }) as SuppressedError;
  assert.deepEqual(log, ['begin', 'end', 'next', 'last', 'outer cleanup']);
  assert.equal((error.suppressed as Error).message, 'inner cleanup');
});

test('a task that a cleanup spawns is aborted at once, and its parent does not end before it', () => {
  for (const turns of [0, 1, 3]) {
    const log: unknown[] = [];
    play(function* () {
      const task = spawn(function* () {
        try {
          yield* sleep(ever);
        } finally {
          const child = spawn(stubborn(log, () => ready(0)));
          for (let turn = 0; turn < turns; turn++) yield* yieldNow();
          log.push(child);
        }
      });
      yield* yieldNow();
      task.abort();
      yield* settled(task);
      assert.equal(task.state, 'cancelled');
      const child = log[0] as { state: string };
      assert.equal(log.length, 1);
      assert.equal(child.state, 'cancelled');
    });
  }
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
