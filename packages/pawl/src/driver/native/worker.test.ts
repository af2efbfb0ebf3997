import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { WorkerTask } from '../../../test/support/driver-worker.ts';
import { JobClient, pause, until } from '../../../test/support/jobs.ts';
import { runScript } from '../../../test/support/script.ts';
import type { Context, Waker as TaskWaker } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { Waker } from '../../sys/queue/waker.ts';
import { nativeDriver } from './index.ts';

const file = new URL('../../../test/support/driver-worker.ts', import.meta.url);

const index = new URL('../../index.ts', import.meta.url).href;
const execArgv = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'];

/** When each worker has ended: listened for from the start, because Node may tell of the last message and of the end in one go. */
const ends = new WeakMap<Worker, Promise<unknown[]>>();

function start(task: WorkerTask): Worker {
  const worker = new Worker(file, { workerData: task, execArgv });
  ends.set(worker, once(worker, 'exit'));
  return worker;
}

void test('a worker runs a loop of its own and ends by itself', async () => {
  const worker = start({ action: 'finish' });
  assert.deepEqual(await once(worker, 'message'), ['finished']);
  assert.deepEqual(await ends.get(worker), [0]);
});

void test('guest mode is refused in a worker', async () => {
  const worker = start({ action: 'guest' });
  assert.deepEqual(await once(worker, 'message'), ['BAD_ARGUMENT']);
  await worker.terminate();
});

for (const action of ['sleep', 'block', 'busy'] as const) {
  void test(`a worker is terminated while it is in our loop: ${action}`, async () => {
    const worker = start({ action });
    await once(worker, 'message');
    // It goes to sleep right after its message; terminating must work before, too.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await worker.terminate(), 1);
  });
}

void test('a process exits while a worker of its own sleeps in our loop', async () => {
  const { code, signal, stderr } = await runScript(
    `import { Worker } from 'node:worker_threads';
    for (const action of ['sleep', 'block']) {
      const worker = new Worker(new URL(${JSON.stringify(file.href)}), { workerData: { action }, execArgv: ${JSON.stringify(execArgv)} });
      await new Promise((resolve) => worker.once('message', resolve));
    }
    setTimeout(() => process.exit(7), 20);`,
  );
  assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
});

/** Counts wake-ups from another thread; a job can wait for them. */
class Inbox {
  wakes = 0;
  #waker: TaskWaker | undefined;

  readonly onWake = (): void => {
    this.wakes++;
    this.#waker?.wake();
  };

  poll(cx: Context, count: number): Poll<void> {
    if (this.wakes >= count) return undefined;
    this.#waker = cx.waker;
    return PENDING;
  }
}

for (const how of ['host mode', 'blocking'] as const) {
  void test(`another thread wakes a sleeping loop: ${how}`, async () => {
    const driver = nativeDriver();
    const inbox = new Inbox();
    using waker = driver.remoteWaker(inbox.onWake);
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const { fd, flag } = waker;
    const worker = start({ action: 'wake', handle: { fd, flag }, gate, times: 1 });
    await once(worker, 'message');
    const open = function* (): Generator<never, void, never> {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      yield* [];
    };
    const wait = function* (): Generator<(cx: Context) => Poll<unknown>, void, unknown> {
      yield* until((cx) => inbox.poll(cx, 1));
    };
    const client = new JobClient(driver);
    if (how === 'blocking') client.block(wait(), open());
    else await client.run(wait(), open());
    assert.equal(inbox.wakes, 1);
    await ends.get(worker);
  });
}

void test('wakes from elsewhere are merged while nobody looks, and a later one is news', async () => {
  const driver = nativeDriver();
  const inbox = new Inbox();
  using waker = driver.remoteWaker(inbox.onWake);
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const { fd, flag } = waker;
  const worker = start({ action: 'wake', handle: { fd, flag }, gate, times: 1000 });
  await once(worker, 'message');
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  // The whole thread waits until the worker has written: our loop cannot look in between.
  Atomics.wait(gate, 1, 0);
  const client = new JobClient(driver);
  client.block(pause(driver, 2));
  assert.equal(inbox.wakes, 1);
  new Waker({ fd, flag }).wake();
  client.block(pause(driver, 2));
  assert.equal(inbox.wakes, 2);
  await ends.get(worker);
});

void test('a waker that is closed wakes nobody and leaves nothing behind', async () => {
  const driver = nativeDriver();
  const before = driver.metrics;
  const inbox = new Inbox();
  const waker = driver.remoteWaker(inbox.onWake);
  assert.equal(driver.metrics.descriptors, before.descriptors + 1);
  waker.close();
  waker.close();
  await new JobClient(driver).run(pause(driver, 2));
  assert.equal(inbox.wakes, 0);
  assert.deepEqual({ ...driver.metrics, turns: 0 }, { ...before, turns: 0 });
});

void test('a worker ignores the guest mode that the environment asks for, and says so', async () => {
  const worker = new Worker(file, {
    workerData: { action: 'reason' },
    execArgv,
    env: { ...process.env, PAWL_LOOP: 'guest' },
  });
  const [reason] = (await once(worker, 'message')) as [string];
  assert.match(reason, /host mode .*worker.*PAWL_LOOP/);
});

void test('tasks of a worker that nothing can wake end it with 13, reported once', async () => {
  const { code, stderr } = await runScript(
    `import { Worker } from 'node:worker_threads';
    const program = 'import { Future, PENDING, run } from ' + JSON.stringify(${JSON.stringify(index)}) + ';' +
      'class Never extends Future { poll(cx) { cx.waker; return PENDING; } }; void run(new Never());';
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(program)), { execArgv: ${JSON.stringify(execArgv)} });
    worker.on('exit', (code) => process.exitCode = code);`,
  );
  assert.deepEqual([code, stderr.match(/DEADLOCK/g)?.length], [13, 1]);
});
