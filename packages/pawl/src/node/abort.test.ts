import assert from 'node:assert/strict';
import { getEventListeners, once as nodeOnce } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { codeOf, play } from '../../test/support/world.ts';
import { race } from '../future/race.ts';
import { yieldNow } from '../future/ready.ts';
import { CancellationToken } from '../sync/index.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { aborted, fromAbortable, withSignal } from './abort.ts';
import { fromPromise } from './promise.ts';

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

test('aborted gives the reason, at once or when it comes, and leaves no listener', () => {
  const controller = new AbortController();
  const { signal } = controller;
  const seen = play(function* () {
    assert.equal(listeners(signal), 0);
    const lost = yield* race([aborted(signal), sleep(5)]);
    assert.equal(listeners(signal), 0);
    const waiting = spawn(aborted(signal));
    yield* yieldNow();
    assert.equal(listeners(signal), 1);
    controller.abort('enough');
    return [lost, yield* waiting, yield* aborted(signal)];
  });
  assert.deepEqual(seen, [undefined, 'enough', 'enough']);
  assert.equal(listeners(signal), 0);
  assert.equal(
    codeOf(() => aborted({} as never)),
    'BAD_ARGUMENT',
  );
});

test('ten thousand lost races and tokens leave no listener on a signal', () => {
  const { signal } = new AbortController();
  let most = 0;
  play(function* () {
    for (let n = 0; n < 10_000; n++) {
      yield* race([aborted(signal), CancellationToken.fromSignal(signal).cancelled(), sleep(0)]);
      most = Math.max(most, listeners(signal));
    }
  });
  assert.deepEqual([most, listeners(signal)], [0, 0]);
});

test('a signal wakes whoever waits for it, from outside', async () => {
  const controller = new AbortController();
  const waiting = run(aborted(controller.signal));
  setImmediate(() => {
    assert.equal(listeners(controller.signal), 1);
    controller.abort('now');
  });
  assert.equal(await waiting, 'now');
  assert.equal(listeners(controller.signal), 0);
});

test('withSignal aborts before the cleanup begins when it is cancelled, and never when it ends', () => {
  const log: string[] = [];
  play(function* () {
    const value = yield* withSignal(function* (signal) {
      signal.addEventListener('abort', () => log.push('never'));
      yield* sleep(1);
      return 7;
    });
    log.push(`value ${value}`);
    try {
      yield* timeout(
        5,
        withSignal(function* (signal) {
          signal.addEventListener('abort', () => log.push(`aborted ${(signal.reason as { code: string }).code}`));
          try {
            yield* sleep(100);
          } finally {
            yield* sleep(1);
            log.push('cleaned up');
          }
        }),
      );
    } catch (error) {
      log.push((error as { code: string }).code);
    }
  });
  assert.deepEqual(log, ['value 7', 'aborted CANCELLED', 'cleaned up', 'TIMEOUT']);
});

test('a fetch that loses its race is aborted: its connection is closed', async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    if (request.url === '/quick') response.end('answer');
    else response.on('close', () => seen.push(response.writableFinished ? 'answered' : 'cut off'));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await nodeOnce(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string): ReturnType<typeof fromAbortable<Response>> =>
    fromAbortable((signal) => fetch(origin + path, { signal }));
  await run(function* () {
    const response = yield* get('/quick');
    assert.equal(yield* fromPromise(response.text()), 'answer');
    // Cut off when the server has seen it, whenever that is.
    const arrived = fromPromise(
      new Promise<void>((resolve) => server.on('request', (request) => request.url === '/slow' && resolve())),
    );
    yield* race([arrived, get('/slow')]);
  });
  while (!seen.includes('cut off')) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ['/quick', '/slow', 'cut off']);
  assert.equal(
    codeOf(() => fromAbortable(Promise.resolve() as never)),
    'BAD_ARGUMENT',
  );
});

test('cancelled wherever it waits, nothing is left on a signal and every signal that was given is aborted', async () => {
  const { signal } = new AbortController();
  const given: AbortSignal[] = [];
  let ended = 0;
  await cancelEverywhere(
    function* () {
      yield* race([aborted(signal), sleep(2)]);
      yield* withSignal(function* (inner) {
        given.push(inner);
        yield* fromPromise(new Promise((resolve) => setImmediate(resolve)));
        yield* sleep(1);
        ended++;
      });
    },
    { afterEach: () => assert.equal(listeners(signal), 0) },
  );
  assert.equal(given.filter((one) => !one.aborted).length, ended);
});
