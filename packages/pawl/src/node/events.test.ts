import assert from 'node:assert/strict';
import { EventEmitter, getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { codeOf, failure, play } from '../../test/support/world.ts';
import { race } from '../future/race.ts';
import { yieldNow } from '../future/ready.ts';
import { END } from '../stream/index.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { sleep } from '../time/sleep.ts';
import { on, once } from './events.ts';

function total(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

test('events come as a stream, those that nobody waited for too, until one that ends it', () => {
  const emitter = new EventEmitter();
  const seen = play(function* () {
    const events = on<[string, number]>(emitter, 'data', { end: ['close', 'end'] });
    assert.equal(total(emitter), 0);
    emitter.emit('data', 'too early');
    const first = spawn(events.next());
    yield* yieldNow();
    assert.equal(total(emitter), 4);
    for (const [n, word] of ['a', 'b', 'c'].entries()) emitter.emit('data', word, n);
    emitter.emit('end');
    emitter.emit('data', 'too late');
    assert.equal(total(emitter), 0);
    return [yield* first, ...(yield* events.toArray())];
  });
  assert.deepEqual(seen, [
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
});

test('an error of the emitter is thrown after what came before it, unless errors were asked for', () => {
  const emitter = new EventEmitter();
  const broken = new Error('broken');
  const seen: unknown[] = [];
  const error = failure(function* () {
    const events = on(emitter, 'data');
    const first = spawn(events.next());
    yield* yieldNow();
    emitter.emit('data', 1);
    emitter.emit('error', broken);
    seen.push(yield* first);
    yield* events.next();
  });
  assert.equal(error, broken);
  assert.deepEqual(seen, [[1]]);
  const asked = play(function* () {
    const events = spawn(once(emitter, 'error'));
    yield* yieldNow();
    emitter.emit('error', broken);
    return yield* events;
  });
  assert.deepEqual(asked, [broken]);
  assert.equal(total(emitter), 0);
});

test('events that nobody takes are kept up to the limit; beyond it the stream does what was asked for', () => {
  for (const [overflow, expected] of [
    ['drop-newest', [0, 1]],
    ['drop-oldest', [3, 4]],
    ['fail', [0, 1, 'LIMIT_EXCEEDED']],
  ] as const) {
    const emitter = new EventEmitter();
    const seen = play(function* () {
      const events = on<[number]>(emitter, 'n', { limit: 2, overflow, end: ['end'] });
      yield* race([events.next(), yieldNow()]);
      for (let n = 0; n < 5; n++) emitter.emit('n', n);
      emitter.emit('end');
      const all: unknown[] = [];
      try {
        for (let event = yield* events.next(); event !== END; event = yield* events.next()) all.push(event[0]);
      } catch (error) {
        all.push((error as { code: string }).code);
      }
      return all;
    });
    assert.deepEqual(seen, expected, overflow);
    assert.equal(total(emitter), 0);
  }
});

test('events of an EventTarget are its Event objects, and its listeners are removed', () => {
  const target = new EventTarget();
  const seen = play(function* () {
    const types: string[] = [];
    const one = spawn(once(target, 'ping'));
    const all = spawn(on(target, 'ping').take(2).toArray());
    yield* yieldNow();
    for (let n = 0; n < 3; n++) target.dispatchEvent(new Event('ping'));
    types.push((yield* one).type);
    for (const event of yield* all) types.push(event.type);
    return types;
  });
  assert.deepEqual(seen, ['ping', 'ping', 'ping']);
  assert.equal(getEventListeners(target, 'ping').length, 0);
});

test('what is no emitter, and bad options, are refused', () => {
  const emitter = new EventEmitter();
  for (const make of [
    () => on({} as never, 'x'),
    () => once(null as never, 'x'),
    () => on(emitter, 'x', { limit: 0 }),
    () => on(emitter, 'x', { overflow: 'wait' as never }),
  ]) {
    assert.equal(codeOf(make), 'BAD_ARGUMENT');
  }
});

test('a program that is cancelled wherever it waits for events leaves no listener', async () => {
  const emitter = new EventEmitter();
  await cancelEverywhere(
    function* () {
      const ticking = spawn(
        function* () {
          for (let n = 0; ; n++) {
            yield* sleep(1);
            emitter.emit('tick', n);
          }
        },
        { daemon: true },
      );
      yield* once(emitter, 'tick');
      yield* on(emitter, 'tick').take(3).toArray();
      yield* race([once(emitter, 'never'), on(emitter, 'never').toArray(), sleep(1)]);
      ticking.abort();
    },
    { afterEach: () => assert.equal(total(emitter), 0) },
  );
});

/** A worker's `postMessage` takes no origin, as a window's does. */
function post(worker: { postMessage(message: unknown): void }, message: unknown): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  worker.postMessage(message);
}

test("a worker thread's messages come as a stream, and its end as an event", async () => {
  const script = `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', (n) => n < 0 ? process.exit(4) : parentPort.postMessage(n * n));
  `;
  const seen = await run(function* () {
    const worker = new Worker(script, { eval: true });
    const exit = spawn(once<[number]>(worker, 'exit'));
    const messages = on<[number]>(worker, 'message', { end: ['exit'] }).map(([n]) => n);
    const squares: unknown[] = [];
    for (const n of [3, 4]) {
      post(worker, n);
      squares.push(yield* messages.next());
    }
    post(worker, -1);
    squares.push(yield* messages.next());
    return [...squares, (yield* exit)[0]];
  });
  assert.deepEqual(seen, [9, 16, END, 4]);
});
