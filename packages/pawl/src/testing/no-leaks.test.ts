/** What a body leaves behind is named; what was there before, and what ends, is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aborted,
  ambientRuntime,
  blockOn,
  CancellationToken,
  coroutine,
  type JoinHandle,
  type PawlError,
  run,
  sleep,
  spawn,
  spawnDetached,
} from '../index.ts';
import { File } from '../fs/index.ts';
import { TcpListener, TcpStream } from '../net/index.ts';
import { nativeDriver } from '../driver/native/index.ts';
import { CallbackTimer } from '../task/callback-timer.ts';
import { assertNoLeaks, ManualDriver, simulate, withClock } from './index.ts';

async function leak(body: Parameters<typeof assertNoLeaks>[0]): Promise<string> {
  try {
    await assertNoLeaks(body);
  } catch (error) {
    assert.equal((error as PawlError).code, 'LEAK');
    return (error as PawlError).message;
  }
  return assert.fail('no leak was found');
}

test('a body that leaves nothing gives its value, in each of its forms', async () => {
  const slow = coroutine(function* (value: number) {
    spawn(sleep(2));
    yield* sleep(1);
    return value;
  });
  assert.equal(await assertNoLeaks(slow(1)), 1);
  assert.equal(await assertNoLeaks(() => slow(2)), 2);
  assert.equal(
    await assertNoLeaks(function* () {
      return yield* slow(3);
    }),
    3,
  );
  assert.equal(await assertNoLeaks(async () => run(slow(4))), 4);
});

test('a task is named by its line of the dump, with where it stands', async () => {
  let handle: JoinHandle<void> | undefined;
  const forgotten = coroutine(function* forgotten() {
    yield* sleep(60_000);
  });
  const message = await leak(function* () {
    handle = spawnDetached(forgotten());
  });
  assert.match(
    message,
    /- #\d+ forgotten \[waiting.*spawned at .*no-leaks\.test\.ts:\d+[^]*in forgotten at .*no-leaks\.test\.ts[^]*timer: sleep, due in (?:1 min|\d)/,
  );
  handle?.abort();
});

test('what was open before is not counted', async () => {
  const handle = ambientRuntime().spawn(sleep(60_000));
  await assertNoLeaks(sleep(1));
  handle.abort();
});

test('a task of another runtime counts', async () => {
  const controller = new AbortController();
  let main: Promise<void> | undefined;
  const message = await leak(async () => {
    main = run(sleep(60_000), { name: 'elsewhere', signal: controller.signal });
  });
  assert.match(message, /elsewhere \[(waiting|ready)/);
  assert.match(message, /listener on an AbortSignal: of a run/);
  controller.abort();
  await assert.rejects(main as Promise<void>, { code: 'CANCELLED' });
});

test('a timer and a waker for another thread count', async () => {
  const timer = new CallbackTimer(() => {});
  const driver = nativeDriver();
  let waker: Disposable | undefined;
  const message = await leak(function* () {
    driver.timers.insert(timer, driver.refresh() + 120_000);
    waker = driver.remoteWaker(() => {});
  });
  assert.match(message, /- timer: CallbackTimer, due in 2 min 0 s/);
  assert.match(message, /- waker for another thread/);
  driver.timers.cancel(timer);
  waker?.[Symbol.dispose]();
});

test('a listener and a connection count, until they are closed', async () => {
  const open: { close(): void }[] = [];
  const serve = coroutine(function* () {
    const listener = yield* TcpListener.bind({ host: '127.0.0.1', port: 0 });
    const stream = yield* TcpStream.connect(listener.localAddress);
    open.push(listener, stream);
    return listener.localAddress.port;
  });
  const message = await leak(serve());
  assert.match(message, /- listener at 127\.0\.0\.1:\d+\n- connection to 127\.0\.0\.1:\d+$/);
  for (const one of open) one.close();
  await assertNoLeaks(function* () {
    yield* serve();
    for (const one of open.slice(2)) one.close();
  });
});

test('an open file counts, until it is closed', async () => {
  const path = import.meta.filename;
  let left: File | undefined;
  assert.match(
    await leak(function* () {
      left = yield* File.open(path);
    }),
    /- file .*no-leaks\.test\.ts$/,
  );
  left?.close();
  await withClock(() =>
    assertNoLeaks(function* () {
      const file = yield* File.open(path);
      assert.ok((yield* file.read(new Uint8Array(8))) > 0);
      file.close();
    }),
  );
});

test('in a simulated world what is left there is named', async () => {
  const report = simulate({ seeds: 3 }, function* () {
    yield* assertNoLeaks(function* () {
      const listener = yield* TcpListener.bind({ host: '127.0.0.1', port: 0 });
      const client = yield* TcpStream.connect(listener.localAddress);
      const server = yield* listener.accept();
      yield* client.write(new Uint8Array(3));
      yield* server.read(new Uint8Array(3));
      for (const one of [client, server, listener]) one.close();
      yield* sleep(10);
    });
  });
  assert.equal((await report).seeds, 3);
  await assert.rejects(
    simulate({ seed: 1 }, function* () {
      yield* assertNoLeaks(function* () {
        yield* TcpListener.bind({ host: '127.0.0.1', port: 80 });
        spawnDetached(sleep(60_000), { name: 'forgotten' });
      });
    }),
    (error: PawlError) => {
      const leaked = error.cause as PawlError;
      assert.equal(leaked.code, 'LEAK');
      assert.match(leaked.message, /forgotten \[[^]*timer: sleep[^]*listener at 127\.0\.0\.1:80/);
      return true;
    },
  );
});

test('a listener of ours on a signal counts, unless that is aborted', async () => {
  const { signal } = new AbortController();
  const waiting: JoinHandle<unknown>[] = [];
  const message = await leak(function* () {
    waiting.push(spawnDetached(aborted(signal)), spawnDetached(CancellationToken.fromSignal(signal).cancelled()));
    yield* sleep(1);
  });
  assert.match(message, /listener on an AbortSignal: Aborted/);
  assert.match(message, /listener on an AbortSignal: CancellationToken/);
  for (const handle of waiting) handle.abort();
  await assertNoLeaks(function* () {
    const controller = new AbortController();
    const task = spawn(aborted(controller.signal));
    yield* sleep(1);
    controller.abort('done');
    assert.equal(yield* task, 'done');
  });
});

test("the body's own failure goes first", async () => {
  await assert.rejects(
    async () =>
      assertNoLeaks(() => {
        throw new Error('of the body');
      }),
    /of the body/,
  );
});

test('it works in a coroutine, in another world, and under a paused clock', async () => {
  await run(function* () {
    yield* assertNoLeaks(sleep(1));
  });
  let handle: JoinHandle<void> | undefined;
  const driver = new ManualDriver();
  assert.throws(
    () =>
      blockOn(
        assertNoLeaks(function* () {
          handle = spawnDetached(sleep(60_000), { name: 'left' });
        }),
        { driver },
      ),
    /left \[[^]*timer: sleep, due in (?:1 min|\d)/,
  );
  assert.equal(handle?.state, 'cancelled');
  await withClock(async (clock) => {
    const work = assertNoLeaks(sleep(1000)).then(() => 'clean');
    await clock.advance(1000);
    assert.equal(await work, 'clean');
    const late = leak(async () => {
      void run(sleep(5000));
    });
    assert.match(await late, /timer: sleep, due in 5\.0 s/);
    await clock.advance(5000);
  });
});

test('bad input is refused', async () => {
  assert.throws(() => assertNoLeaks(5 as never), { code: 'NOT_A_FUTURE' });
  await assert.rejects(async () => assertNoLeaks((() => 5) as never), { code: 'NOT_A_FUTURE' });
});
