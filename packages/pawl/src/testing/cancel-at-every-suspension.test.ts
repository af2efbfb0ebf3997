/** A program cancelled at each of its suspensions: what stands it passes, what does not is found, and its line is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coroutine, Mutex, type PawlError, shield, sleep, spawn, spawnDetached, yieldNow } from '../index.ts';
import { TcpListener, TcpStream } from '../net/index.ts';
import { cancelAtEverySuspension, type CancelledRun, simulate } from './index.ts';

const virtual = { time: 'virtual' } as const;

async function failure(work: Promise<unknown>): Promise<PawlError> {
  try {
    await work;
  } catch (error) {
    return error as PawlError;
  }
  return assert.fail('it passed');
}

test('a program is run once for each of its suspensions, and once to its end', async () => {
  const seen: CancelledRun[] = [];
  let cleaned = 0;
  const program = coroutine(function* program() {
    try {
      yield* sleep(1);
      yield* yieldNow();
      yield* sleep(1);
    } finally {
      cleaned++;
    }
  });
  for (const options of [virtual, {}]) {
    seen.length = 0;
    cleaned = 0;
    assert.equal(
      await cancelAtEverySuspension(
        () => program(),
        (run) => seen.push(run),
        options,
      ),
      3,
    );
    assert.deepEqual(
      seen.map(({ at }) => at),
      [1, 2, 3, 4],
    );
    assert.match(seen[1]?.where ?? '', /^program at .*cancel-at-every-suspension\.test\.ts:\d+:\d+$/);
    assert.equal(seen[3]?.where, undefined);
    assert.equal(cleaned, 5);
  }
});

test('a leak at one of them is found, with the line of the await', async () => {
  let left: { abort(): void } | undefined;
  const program = coroutine(function* leaky() {
    yield* sleep(1);
    left = spawnDetached(sleep(1e6), { name: 'left' });
    yield* sleep(2);
    left.abort();
  });
  const error = await failure(cancelAtEverySuspension(() => program(), undefined, virtual));
  assert.equal(error.code, 'CANCEL_UNSAFE');
  assert.match(error.message, /^cancelled at suspension 2, in leaky at .*\.test\.ts:\d+:\d+: .*\n.* left \[/);
  assert.equal((error.cause as PawlError).code, 'LEAK');
});

test('a broken invariant is found', async () => {
  const world = { pending: 0 };
  const program = coroutine(function* () {
    world.pending++;
    yield* sleep(5);
    world.pending--;
  });
  const check = (): void => assert.equal(world.pending, 0);
  const error = await failure(cancelAtEverySuspension(() => program(), check, virtual));
  assert.equal(error.code, 'CANCEL_UNSAFE');
  assert.match(error.message, /cancelled at suspension 1, in .*: Expected values/);
  world.pending = 0;
  await assert.rejects(
    cancelAtEverySuspension(
      () => program(),
      async () => check(),
      virtual,
    ),
    { code: 'CANCEL_UNSAFE' },
  );
});

test('what is done whether it is cancelled or not passes, and every suspension of it is tried', async () => {
  let done = 0;
  const program = coroutine(function* () {
    yield* shield(
      coroutine(function* () {
        yield* sleep(1);
        yield* sleep(1);
        done++;
      })(),
    );
  });
  let runs = 0;
  await cancelAtEverySuspension(
    () => program(),
    () => assert.equal(done, ++runs + 1),
    virtual,
  );
});

test('a cleanup that fails is found', async () => {
  const program = coroutine(function* () {
    try {
      yield* sleep(1);
    } finally {
      // oxlint-disable-next-line no-unsafe-finally
      if (++times > 1) throw new Error('of the cleanup');
    }
  });
  let times = 0;
  const error = await failure(cancelAtEverySuspension(() => program(), undefined, virtual));
  assert.equal(error.code, 'CANCEL_UNSAFE');
});

test('suspensions of child tasks count where they are watched, in several orders', async () => {
  const mutex = new Mutex();
  const work = coroutine(function* () {
    using _guard = yield* mutex.lock();
    yield* sleep(1);
  });
  const runs = await cancelAtEverySuspension(
    function* (watch) {
      const tasks = [1, 2, 3].map(() => spawn(watch(work())));
      for (const task of tasks) yield* task;
    },
    () => assert.ok(!mutex.locked),
    { time: 'virtual', orders: 5 },
  );
  assert.ok(runs > 5 * 5, `${runs} runs`);
});

test('real connections are cancelled everywhere', async () => {
  const exchange = coroutine(function* () {
    using listener = yield* TcpListener.bind({ host: '127.0.0.1', port: 0 });
    using client = yield* TcpStream.connect(listener.localAddress);
    using served = yield* listener.accept();
    yield* client.write(new Uint8Array([1, 2, 3]));
    yield* served.read(new Uint8Array(8));
    client.close();
    yield* served.read(new Uint8Array(8));
  });
  assert.ok((await cancelAtEverySuspension(() => exchange())) >= 1);
});

test('a run that does not end after its cancellation is given up, and its line is said', async () => {
  const stuck = coroutine(function* stuck() {
    let done = false;
    try {
      yield* sleep(1);
      done = true;
    } finally {
      if (!done) yield* sleep(Infinity);
    }
  });
  const error = await failure(cancelAtEverySuspension(() => stuck(), undefined, { ...virtual, patience: 50 }));
  assert.match(error.message, /^cancelled at suspension 1, in stuck at .*: timed out after 50 ms/);
});

test('the failure of a program that nobody has cancelled is its own', async () => {
  const failing = coroutine(function* () {
    yield* sleep(1);
    throw new Error('of the program');
  });
  await assert.rejects(
    cancelAtEverySuspension(() => failing(), undefined, virtual),
    /^Error: of the program/,
  );
});

test('a program of too many suspensions, and bad input, are refused', async () => {
  const endless = coroutine(function* () {
    for (let turn = 0; turn < 20; turn++) yield* yieldNow();
  });
  await assert.rejects(
    cancelAtEverySuspension(() => endless(), undefined, { ...virtual, most: 10 }),
    {
      code: 'LIMIT_EXCEEDED',
    },
  );
  await assert.rejects(cancelAtEverySuspension(endless() as never), { code: 'BAD_ARGUMENT' });
  for (const options of [
    { orders: 0 },
    { time: 'virtuall' },
    { tme: 'virtual' },
    { patience: NaN },
    { run: 5 },
    { settle: 5 },
    null,
  ] as never[])
    await assert.rejects(
      cancelAtEverySuspension(() => endless(), undefined, options),
      { code: 'BAD_ARGUMENT' },
      JSON.stringify(options),
    );
});

test('a simulated world can be given', async () => {
  const exchange = coroutine(function* exchange() {
    using listener = yield* TcpListener.bind({ host: '127.0.0.1', port: 0 });
    using client = yield* TcpStream.connect(listener.localAddress);
    using served = yield* listener.accept();
    yield* client.write(new Uint8Array([1, 2, 3]));
    yield* served.read(new Uint8Array(8));
    yield* sleep(60_000);
  });
  const runs = await cancelAtEverySuspension(() => exchange(), undefined, {
    run: (main) => simulate({ seed: 7 }, () => main),
  });
  assert.ok(runs >= 3, `${runs} runs`);
});

test('another world can be given', async () => {
  const { run } = await import('../task/run.ts');
  let entered = 0;
  const runs = await cancelAtEverySuspension(() => sleep(1), undefined, {
    run: (main) => {
      entered++;
      return run(main);
    },
  });
  assert.deepEqual([runs, entered], [1, 3]);
});
