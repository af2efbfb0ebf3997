import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../../test/support/world.ts';
import { blockOn, coroutine, type Future, fromPromise, race, ready, run, timeout, yieldNow } from '../index.ts';

const never = new Promise<never>(() => {});

test('the value of a promise, settled already or later, is the value of its future', async () => {
  const values = await run(function* () {
    return [
      yield* fromPromise(Promise.resolve(1)),
      yield* fromPromise(immediate(2)),
      yield* fromPromise(() => immediate(3)),
      // oxlint-disable-next-line unicorn/no-thenable -- any thenable will do
      yield* fromPromise({ then: (resolve: (value: number) => void) => resolve(4) } as PromiseLike<number>),
    ];
  });
  assert.deepEqual(values, [1, 2, 3, 4]);
});

test('a rejection, and what the function throws, is thrown at the await', async () => {
  const sources = [
    () => fromPromise(Promise.reject(new Error('expected'))),
    () => fromPromise(() => Promise.reject(new Error('expected'))),
    () =>
      fromPromise(() => {
        throw new Error('expected');
      }),
  ];
  for (const make of sources) {
    const caught = await run(function* () {
      try {
        return yield* make();
      } catch (error) {
        return error;
      }
    });
    assert.equal((caught as Error).message, 'expected');
  }
});

test('the function is not called before the first poll, and once', async () => {
  let calls = 0;
  const future = fromPromise(() => immediate(++calls));
  assert.equal(calls, 0);
  assert.equal(await run(future), 1);
  assert.equal(calls, 1);
});

test('what is no promise throws BAD_ARGUMENT', async () => {
  for (const wrong of [1, null, undefined, {}])
    assert.equal(
      codeOf(() => fromPromise(wrong as Promise<void>)),
      'BAD_ARGUMENT',
    );
  await assert.rejects(run(fromPromise((() => 1) as unknown as () => Promise<void>)), { code: 'BAD_ARGUMENT' });
});

test('inside blockOn it throws BLOCKING_NODE instead of hanging, and calls nothing', () => {
  let calls = 0;
  const call = (): Promise<void> => {
    calls++;
    return Promise.resolve();
  };
  for (const future of [fromPromise(Promise.resolve(1)), fromPromise(call)] as Future<unknown>[])
    assert.equal(
      codeOf(() => blockOn(future)),
      'BLOCKING_NODE',
    );
  assert.equal(calls, 0);
});

test('cancelling the future of a function aborts its signal and waits until the promise has settled', async () => {
  const log: string[] = [];
  const work = async (signal: AbortSignal): Promise<void> => {
    try {
      await delay(100_000, undefined, { signal });
    } finally {
      await immediate();
      log.push('stopped');
    }
  };
  await assert.rejects(
    run(function* () {
      try {
        yield* timeout(1, fromPromise(work));
      } finally {
        log.push('timed out');
      }
    }),
    { code: 'TIMEOUT' },
  );
  assert.deepEqual(log, ['stopped', 'timed out']);
});

test('a rejection for another reason than the cancellation is the failure of a cleanup', async () => {
  const work = async (signal: AbortSignal): Promise<void> => {
    await delay(100_000, undefined, { signal }).catch(() => {
      throw new Error('could not stop');
    });
  };
  const error = await run(race([fromPromise(work), afterTurn()])).then(
    () => assert.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof SuppressedError);
  assert.equal((error.suppressed as Error).message, 'could not stop');
});

test('a value that comes after the cancellation is lost, and nothing fails', async () => {
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve('too late')));
  assert.equal(await run(race([fromPromise(work), afterTurn()])), undefined);
});

test('a function that ignores its signal is left behind after the deadline', async () => {
  const reports: string[] = [];
  await run(race([fromPromise(() => never), afterTurn()]), {
    cleanupTimeout: 1,
    onReport: (report) => reports.push(report.code),
  });
  assert.deepEqual(reports, ['CLEANUP_ABANDONED']);
});

test('cancelling the future of a promise only stops waiting', async () => {
  assert.equal(await run(race([fromPromise(never), afterTurn()])), undefined);
});

test('a rejection that comes before the first poll waits for it', async () => {
  const future = fromPromise(Promise.reject(new Error('early')));
  await immediate();
  await assert.rejects(run(future), { message: 'early' });
});

test('polled after its end it throws ALREADY_COMPLETED', async () => {
  const future = fromPromise(Promise.resolve(1));
  await assert.rejects(
    run(function* () {
      yield* future;
      yield* future;
    }),
    { code: 'ALREADY_COMPLETED' },
  );
});

test('a future that is ready needs no bridge, and Node runs while a promise is awaited', async () => {
  const order: string[] = [];
  const ticks = immediate().then(() => order.push('node'));
  await run(function* () {
    yield* ready(0);
    yield* fromPromise(ticks);
    order.push('pawl');
  });
  assert.deepEqual(order, ['node', 'pawl']);
});

const afterTurn = coroutine(function* () {
  yield* yieldNow();
});
