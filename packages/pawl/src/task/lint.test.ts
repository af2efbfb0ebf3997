import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { coroutine } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { yieldNow } from '../future/ready.ts';
import type { Context } from '../future/context.ts';
import { race } from '../future/race.ts';
import { ready } from '../future/ready.ts';
import './ambient.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import type { Report } from './report.ts';
import { blockOn } from './run.ts';
import { scope, supervise } from './scopes.ts';
import { holdingsOf } from './holdings.ts';
import { fromPromise } from '../node/promise.ts';
import { stream } from '../stream/index.ts';
import { Barrier, channel, Mutex, Notify, RwLock, Semaphore } from '../sync/index.ts';
import { interval } from '../time/interval.ts';
import { taskGroup, type TaskGroup } from './task-group.ts';
import { spawn, spawnDetached } from './spawn.ts';

class Forgetful extends Future<void> {
  poll(): Poll<void> {
    return PENDING;
  }
}

function reports(main: Future<unknown>, mode: 'development' | 'production'): Report[] {
  const seen: Report[] = [];
  blockOn(main, { driver: new ManualDriver(), mode, onReport: (report) => seen.push(report) });
  return seen;
}

const forgetting = coroutine(function* forgetting() {
  yield* sleep(1);
  yield* new Forgetful();
});

test('a future that says PENDING and takes no waker is reported by name, once, in development mode', () => {
  const [lost, ...more] = reports(
    scope(function* (s) {
      s.spawn(forgetting(), { daemon: true });
      yield* sleep(5);
    }),
    'development',
  );
  assert.equal(lost?.code, 'LOST_WAKEUP');
  assert.match(lost.message, /Forgetful said PENDING to task "forgetting/);
  assert.deepEqual(more, []);
});

test('production mode does not look', () => {
  const main = scope(function* (s) {
    s.spawn(forgetting(), { daemon: true });
    yield* sleep(5);
  });
  assert.deepEqual(reports(main, 'production'), []);
});

test('sleeps, joins, timeouts, scopes and handles arrange their wake-ups and are not reported', () => {
  const child = coroutine(function* () {
    yield* sleep(2);
    return 1;
  });
  const main = coroutine(function* () {
    const handle = spawn(child());
    yield* join([sleep(1), child(), handle]);
    yield* timeout(10, child());
    yield* scope(function* (s) {
      s.spawn(child());
      yield* sleep(0);
    });
    return yield* spawn(child());
  });
  assert.deepEqual(reports(main(), 'development'), []);
});

test('a task that only waits for its children any more is not reported', () => {
  const main = coroutine(function* () {
    spawn(sleep(30));
    yield* sleep(10);
  });
  assert.deepEqual(reports(main(), 'development'), []);
});

test('a join that was woken during its first poll and waits on is not reported', () => {
  assert.deepEqual(reports(join([yieldNow(), sleep(1)]), 'development'), []);
});

const work = coroutine(function* work() {
  yield* sleep(1);
});

test('a coroutine that is made and never awaited is reported with its place, once, when its task has ended', () => {
  const main = coroutine(function* main() {
    for (let i = 0; i < 3; i++) void work();
    const later = work();
    yield* sleep(1);
    yield* later;
  });
  const seen = reports(main(), 'development');
  assert.deepEqual(
    seen.map(({ code }) => code),
    ['NEVER_POLLED'],
  );
  assert.match(seen[0]?.line ?? '', /lint\.test\.ts:\d+:38$/);
  assert.match(
    seen[0]?.message ?? '',
    /^coroutine "work", made at .*, was never awaited by task "main .*, so nothing of it has run: is a yield\* missing\?$/,
  );
  assert.deepEqual(reports(main(), 'production'), []);
});

test('an operation that is made and never awaited is reported, from the second time on with its place', () => {
  const [mutex, semaphore, lock, notify, barrier] = [
    new Mutex(),
    new Semaphore(1),
    new RwLock(),
    new Notify(),
    new Barrier(2),
  ];
  const [sender] = channel<number>(1);
  const every = interval(1);
  const operations: Record<string, () => unknown> = {
    'sleep(…)': () => sleep(1),
    'yieldNow()': () => yieldNow(),
    'mutex.lock()': () => mutex.lock(),
    'semaphore.acquire(…)': () => timeout(5, semaphore.acquire()),
    'lock.read() or write()': () => lock.write(),
    'notify.notified()': () => notify.notified(),
    'barrier.wait()': () => barrier.wait(),
    'sender.send(…)': () => join([sender.send(1)]),
    'interval.tick()': () => every.tick(),
    'scope(…)': () => scope(function* () {}),
    'supervise(…)': () => supervise(function* () {}),
    'fromPromise(…)': () => fromPromise(() => Promise.resolve()),
  };
  for (const [what, make] of Object.entries(operations)) {
    const forgetful = coroutine(function* () {
      make();
      yield* race([ready(1), sleep(1), mutex.lock()]);
    });
    const main = coroutine(function* () {
      for (let n = 0; n < 3; n++) yield* spawn(forgetful());
    });
    const seen = reports(main(), 'development');
    assert.equal(seen.length, 2, what);
    assert.equal(seen[0]?.message.startsWith(`${what} was never awaited by task "`), true, what);
    assert.match(seen[1]?.line ?? '', /lint\.test\.ts:\d+:\d+$/, what);
  }
  const group = taskGroup(function* (made: TaskGroup<void>) {
    void made.spawn(work());
    yield* ready(1);
  });
  assert.deepEqual(
    reports(group, 'development').map(({ message }) => message.split(' was')[0]),
    ['group.spawn(…)'],
  );
  const values = stream<number>(function* (emit) {
    void emit(1);
    yield* ready(1);
  });
  assert.match(reports(values.toArray(), 'development')[0]?.message ?? '', /^emit/);
});

test('a coroutine inside a future that is never awaited is reported too', () => {
  const main = coroutine(function* () {
    void timeout(5, work());
    yield* sleep(1);
  });
  assert.equal(reports(main(), 'development').length, 1);
});

test('what was spawned, raced, used as a promise, or cut off by a failure or a cancellation is not reported', async () => {
  const cut = coroutine(function* (how: 'fail' | 'wait') {
    const never = work();
    if (how === 'fail') throw new Error('before it was awaited');
    yield* sleep(1000);
    yield* never;
  });
  const main = coroutine(function* () {
    spawn(work());
    spawnDetached(work());
    yield* race([ready(1), work()]);
    void work().then();
    const task = spawn(cut('wait'));
    yield* sleep(1);
    task.abort();
    try {
      yield* scope(function* () {
        yield* cut('fail');
      });
    } catch {
      // As meant.
    }
  });
  assert.deepEqual(reports(main(), 'development'), []);
  await new Promise((resolve) => setImmediate(resolve));
});

test('a task that goes on for long is judged when it has left a thousand coroutines behind', () => {
  const main = coroutine(function* () {
    for (let i = 0; i < 1100; i++) void work();
    yield* sleep(1);
    assert.equal(seen.length, 1);
  });
  const seen: Report[] = [];
  blockOn(main(), { driver: new ManualDriver(), mode: 'development', onReport: (report) => seen.push(report) });
  assert.equal(seen.length, 1);
});

/** Takes a resource, or gives it back. */
class Hold extends Future<void> {
  private readonly resource: object;
  private readonly on: boolean;

  constructor(resource: object, on: boolean) {
    super();
    this.resource = resource;
    this.on = on;
  }

  override poll(cx: Context): void {
    if (this.on) holdingsOf(cx)?.take(cx.task, this.resource, 'mutex "users"');
    else holdingsOf(cx)?.release(cx.task, this.resource);
  }
}

test('a task that ends while it holds something is reported, in development mode', () => {
  const lock = {};
  const main = coroutine(function* main(keep: boolean) {
    yield* new Hold(lock, true);
    if (!keep) yield* new Hold(lock, false);
  });
  const [held, ...more] = reports(main(true), 'development');
  assert.equal(held?.code, 'HELD_AT_END');
  assert.match(held.message, /^task "main .*" ended while it held mutex "users"/);
  assert.deepEqual(more, []);
  assert.deepEqual(reports(main(false), 'development'), []);
  assert.deepEqual(reports(main(true), 'production'), []);
});
