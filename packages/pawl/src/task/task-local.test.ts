import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { play } from '../../test/support/world.ts';
import { coroutine } from '../future/coroutine.ts';
import { join } from '../future/join.ts';
import { yieldNow } from '../future/ready.ts';
import { fromPromise } from '../node/promise.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { run } from './run.ts';
import { Runtime } from './runtime.ts';
import { scope } from './scopes.ts';
import { spawn, spawnDetached } from './spawn.ts';
import { TaskLocal } from './task-local.ts';

const name = new TaskLocal('nobody');
const other = new TaskLocal<number | undefined>(undefined);

const read = coroutine(function* () {
  const before = name.get();
  yield* yieldNow();
  assert.equal(name.get(), before);
  yield* sleep(1);
  return name.get();
});

test('a value is known in a future and in all that it awaits, across suspensions, and nowhere else', () => {
  const seen = play(function* () {
    const log: unknown[] = [name.get()];
    log.push(
      yield* name.with('a', function* () {
        const inner = yield* name.with('b', read());
        return [inner, yield* read(), other.get()];
      }),
    );
    log.push(yield* join([name.with('c', read()), read(), other.with(7, read())]));
    log.push(name.get());
    return log;
  });
  assert.deepEqual(seen, ['nobody', ['b', 'a', undefined], ['c', 'nobody', 'nobody'], 'nobody']);
  assert.equal(name.get(), 'nobody');
});

test('tasks inherit what is known where they are spawned, detached ones too, and outlive it', () => {
  const seen = play(function* () {
    const [child, detached, scoped] = yield* name.with('parent', function* () {
      const own = yield* scope(function* (s) {
        return yield* s.spawn(read());
      });
      const later = spawnDetached(function* () {
        yield* sleep(10);
        return yield* spawn(read());
      });
      return [spawn(read()), later, own] as const;
    });
    return [yield* child, yield* detached, scoped, yield* spawn(read())];
  });
  assert.deepEqual(seen, ['parent', 'parent', 'parent', 'nobody']);
});

test('a value is known in a cleanup, and gone after a failure', () => {
  const seen = play(function* () {
    const log: string[] = [];
    const failing = name.with('failing', function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(1);
        log.push(name.get());
      }
    });
    try {
      yield* timeout(5, failing);
    } catch {
      log.push(name.get());
    }
    return log;
  });
  assert.deepEqual(seen, ['failing', 'nobody']);
});

test('a task that is ended while another one is polled does not see the values of that one', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { cleanupTimeout: 5, onReport: () => {} });
  const seen: string[] = [];
  const gate = new Gate<void>();
  const stuck = runtime.spawn(function* () {
    try {
      yield* gate;
    } finally {
      seen.push(name.get());
    }
  });
  runtime.spawn(
    name.with('poller', function* () {
      yield* yieldNow();
      stuck.abort();
      runtime.enter(stuck as never);
    }),
  );
  driver.advance(10);
  assert.deepEqual(seen, ['nobody']);
});

test('dumps and names see through what a task was given', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production', asyncContext: true });
  const work = coroutine(function* work() {
    spawn(read(), { name: 'child' });
    yield* sleep(5);
  });
  runtime.spawn(name.with('x', work()));
  driver.drain();
  const dump = runtime.dump().replaceAll(/ at \S+| \[.*\]/g, '');
  assert.deepEqual(dump.split('\n').slice(0, 4), [
    '- #1 work',
    '    in work',
    '    waits for sleep, due in 5 ms',
    '  - #2 child',
  ]);
});

const storage = new AsyncLocalStorage<string>();

test('with asyncContext a task keeps the context of whoever has spawned it, and what it enters itself', async () => {
  const task = coroutine(function* (enter?: string) {
    const before = storage.getStore();
    yield* sleep(1);
    assert.equal(storage.getStore(), before);
    if (enter !== undefined) storage.enterWith(enter);
    yield* fromPromise(new Promise((resolve) => setImmediate(resolve)));
    const promised = yield* fromPromise(async () => {
      await Promise.resolve();
      return storage.getStore();
    });
    assert.equal(promised, storage.getStore());
    return storage.getStore();
  });
  const main = coroutine(function* () {
    const plain = spawn(task());
    const entered = spawn(task('entered'));
    const inner = storage.run('inner', () => spawn(task()));
    return [yield* plain, yield* entered, yield* inner, yield* task('own'), storage.getStore(), yield* spawn(task())];
  });
  const seen = await storage.run('caller', () => run(main(), { asyncContext: true }));
  assert.deepEqual(seen, ['caller', 'entered', 'inner', 'own', 'own', 'own']);
  assert.equal(storage.getStore(), undefined);
});

test('a cleanup runs in the context of its task', async () => {
  const seen: unknown[] = [];
  const main = coroutine(function* () {
    const task = storage.run('task', () =>
      spawn(function* () {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(1);
          seen.push(storage.getStore());
        }
      }),
    );
    yield* sleep(1);
    task.abort();
  });
  await run(main(), { asyncContext: true });
  assert.deepEqual(seen, ['task']);
});

test('without asyncContext no task sees the context of whoever happens to have woken it', async () => {
  const seen = await storage.run('caller', () =>
    run(function* () {
      yield* sleep(1);
      return storage.getStore();
    }),
  );
  assert.equal(seen, undefined);
});
