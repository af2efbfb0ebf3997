import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { Gate } from '../../test/support/gate.ts';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { codeOf, world } from '../../test/support/world.ts';
import {
  ambientRuntime,
  blockOn,
  coroutine,
  type Future,
  ready,
  run,
  type Runtime,
  shutdownAmbient,
  sleep,
  spawn,
  yieldNow,
} from '../index.ts';

const ever = 1_000_000;
const forever = coroutine(function* forever(log: string[]) {
  try {
    log.push('started');
    yield* sleep(ever);
  } finally {
    yield* sleep(1);
    log.push('cleaned up');
  }
});

test('run gives a promise of main, which may be a future, a generator function or a function that makes a future', async () => {
  assert.equal(await run(ready(1)), 1);
  assert.equal(
    await run(function* () {
      yield* sleep(1);
      return 2;
    }),
    2,
  );
  assert.equal(await run(() => ready(3)), 3);
  await assert.rejects(
    run(function* () {
      yield* sleep(1);
      throw new Error('expected');
    }),
    { message: 'expected' },
  );
});

test('run rejects, and never throws, when main is no future or its options are wrong', async () => {
  for (const wrong of [5, undefined, null, {}, () => 5, Promise.resolve()])
    await assert.rejects(run(wrong as Future<void>), { code: 'NOT_A_FUTURE' });
  const foreign = { poll: (): number => 1, cancel: (): void => {}, then: (): void => {} };
  await assert.rejects(
    run(() => foreign as never),
    { code: 'NOT_A_FUTURE', message: /another copy of pawl/ },
  );
  await assert.rejects(run(ready(1), { cleanupTimeout: -1 }), { code: 'BAD_ARGUMENT' });
  await assert.rejects(run(ready(1), { slowPoll: NaN }), { code: 'BAD_ARGUMENT' });
  let made = 0;
  const main = (): Future<void> => {
    made++;
    return ready(undefined);
  };
  for (const signal of [{}, 5, 'now', null])
    await assert.rejects(run(main, { signal: signal as never }), { code: 'BAD_ARGUMENT' });
  assert.equal(made, 0);
});

test('what onRuntime throws rejects, and main is never polled', async () => {
  const runtimes: Runtime[] = [];
  const log: string[] = [];
  const rejected = run(forever(log), {
    onRuntime: (made) => {
      runtimes.push(made);
      throw new Error('hook');
    },
  });
  await assert.rejects(rejected, { message: 'hook' });
  while (runtimes.some(({ taskCount }) => taskCount > 0)) await immediate();
  assert.deepEqual(log, []);
});

test('main does nothing before run has returned', async () => {
  const log: string[] = [];
  const done = run(function* () {
    log.push('main');
    yield* yieldNow();
  });
  log.push('run has returned');
  await done;
  assert.deepEqual(log, ['run has returned', 'main']);
});

test('a signal that is aborted already rejects with CANCELLED and its reason, and main is never made', async () => {
  const log: string[] = [];
  const signal = AbortSignal.abort('why');
  await assert.rejects(
    run(
      () => {
        log.push('made');
        return forever(log);
      },
      { signal },
    ),
    { code: 'CANCELLED', cause: 'why' },
  );
  assert.deepEqual(log, []);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('a signal that aborts cancels main, whose cleanup has ended before the promise rejects with CANCELLED', async () => {
  for (const wait of [false, true]) {
    const log: string[] = [];
    const controller = new AbortController();
    const done = run(forever(log), { signal: controller.signal });
    if (wait) {
      await immediate();
      await immediate();
    }
    controller.abort('why');
    await assert.rejects(done, { code: 'CANCELLED', cause: 'why' });
    assert.deepEqual(log, wait ? ['started', 'cleaned up'] : []);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  }
});

test('a signal that aborts after the end changes nothing, and no listener is left', async () => {
  const controller = new AbortController();
  assert.equal(await run(ready(1), { signal: controller.signal }), 1);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  controller.abort();
  await assert.rejects(run(forever([]), { signal: controller.signal }), { code: 'CANCELLED' });
});

test('a signal that aborts during its own dispatch in main is obeyed at the next suspension', async () => {
  const controller = new AbortController();
  const log: string[] = [];
  await assert.rejects(
    run(
      function* () {
        controller.abort('self');
        log.push('still running');
        yield* forever(log);
      },
      { signal: controller.signal },
    ),
    { code: 'CANCELLED', cause: 'self' },
  );
  assert.deepEqual(log, ['still running', 'started', 'cleaned up']);
});

test('several runs share the thread, and each has its own tasks', async () => {
  const runtimes: Runtime[] = [];
  const order: string[] = [];
  const main = coroutine(function* (name: string, ms: number) {
    spawn(sleep(ms));
    yield* sleep(ms);
    order.push(name);
    return name;
  });
  const onRuntime = (runtime: Runtime): void => void runtimes.push(runtime);
  const both = Promise.all([run(main('slow', 30), { onRuntime }), run(main('fast', 1), { onRuntime })]);
  assert.deepEqual(await both, ['slow', 'fast']);
  assert.deepEqual(order, ['fast', 'slow']);
  assert.equal(new Set(runtimes).size, 2);
  assert.deepEqual(
    runtimes.map((runtime) => runtime.taskCount),
    [0, 0],
  );
});

test('onRuntime is given the runtime before main is polled, for spawning and dumping from outside', async () => {
  const log: string[] = [];
  await run(
    function* main() {
      log.push('main');
      yield* sleep(1);
    },
    {
      name: 'the main task',
      onRuntime: (runtime) => {
        log.push(runtime.dump().split(' [')[0] ?? '');
        runtime.spawn(forever(log));
      },
    },
  );
  assert.deepEqual(log, ['- #1 the main task', 'main', 'started', 'cleaned up']);
});

test('blockOn inside a task throws NESTED_BLOCK_ON, and the task goes on', () => {
  const { run: play } = world();
  const code = play(function* () {
    const caught = codeOf(() => blockOn(ready(1)));
    yield* sleep(1);
    return caught;
  });
  assert.equal(code, 'NESTED_BLOCK_ON');
});

test('blockOn throws DEADLOCK with a dump when nothing can wake what is left, and forgets it', () => {
  const waits = coroutine(function* waits() {
    yield* new Gate();
  });
  for (const driver of [new ManualDriver(), undefined]) {
    assert.throws(
      () =>
        blockOn(
          function* () {
            spawn(waits(), { name: 'stuck' });
            yield* sleep(1);
            yield* waits();
          },
          { name: 'main', ...(driver === undefined ? {} : { driver }) },
        ),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'DEADLOCK');
        assert.match(
          error.message,
          /- #1 main \[waiting [\s\S]* in waits at .*\n {4}waits for Gate\n {2}- #2 stuck \[waiting /,
        );
        return true;
      },
    );
    if (driver !== undefined) assert.equal(driver.attached.size, 0);
  }
});

test('a cycle of tasks that await each other is a deadlock', () => {
  const told: string[] = [];
  assert.equal(
    codeOf(() =>
      blockOn(
        function* () {
          const gate = new Gate<Future<unknown>>();
          const first = spawn(function* () {
            yield* yield* gate;
          });
          gate.open(
            spawn(function* () {
              yield* first;
            }),
          );
          yield* first;
        },
        { driver: new ManualDriver(), onReport: ({ code }) => told.push(code) },
      ),
    ),
    'DEADLOCK',
  );
  assert.deepEqual(told, ['DEADLOCK']);
});

test('what then has moved is waited for by nobody, and rejects with CANCELLED when the ambient runtime is shut down', async () => {
  const log: string[] = [];
  const promise = forever(log).then(() => 'done');
  await immediate();
  await immediate();
  assert.equal(ambientRuntime().taskCount, 1);
  shutdownAmbient('closing');
  await assert.rejects(promise, { code: 'CANCELLED', cause: 'closing' });
  assert.deepEqual(log, ['started', 'cleaned up']);
  assert.equal(ambientRuntime().taskCount, 0);
  assert.equal(await sleep(1).then(() => 'again'), 'again');
});
