/** A future polled by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../test/support/gate.ts';
import {
  coroutine,
  join,
  Mutex,
  PENDING,
  type Pending,
  type PawlError,
  sleep,
  spawn,
  unboundedChannel,
  yieldNow,
} from '../index.ts';
import { spawnTest } from './index.ts';

test('a future is polled when the test polls it, and its wakes are counted', () => {
  const gate = new Gate<number>();
  using task = spawnTest(gate);
  assert.equal(gate.polls, 0);
  assert.equal(task.poll(), PENDING);
  assert.deepEqual([gate.polls, task.isWoken, task.wakes], [1, false, 0]);
  gate.spurious();
  gate.spurious();
  assert.deepEqual([task.isWoken, task.wakes, gate.polls], [true, 2, 1]);
  assert.equal(task.poll(), PENDING);
  assert.equal(task.isWoken, false);
  gate.open(5);
  assert.deepEqual(task.result, { state: 'pending' });
  assert.equal(task.poll(), 5);
  assert.deepEqual(task.result, { state: 'done', value: 5 });
  assert.throws(() => task.poll(), { code: 'ALREADY_COMPLETED' });
  assert.equal(task.cancel(), undefined);
  assert.equal(gate.cancels, 0);
});

test('what it throws is thrown, and kept', () => {
  const error = new Error('of the gate');
  const gate = new Gate<number>();
  using task = spawnTest(gate);
  task.poll();
  gate.fail(error);
  assert.throws(() => task.poll(), error);
  assert.deepEqual(task.result, { state: 'failed', error });
});

test('a cancellation goes on from poll to poll, with its cleanup', () => {
  const log: string[] = [];
  using task = spawnTest(
    coroutine(function* () {
      try {
        yield* sleep(1000);
      } finally {
        yield* sleep(10);
        log.push('cleaned');
      }
    }),
  );
  assert.equal(task.poll(), PENDING);
  assert.equal(task.cancel('enough'), PENDING);
  assert.equal(task.cancel(), PENDING);
  task.advance(10);
  assert.ok(task.isWoken);
  assert.equal(task.cancel(), undefined);
  assert.deepEqual(log, ['cleaned']);
  const { result } = task;
  assert.equal(result.state, 'cancelled');
  assert.equal((result as { error: PawlError }).error.cause, 'enough');
});

test('a future that was never polled is cancelled at once', () => {
  const gate = new Gate();
  using task = spawnTest(gate);
  assert.equal(task.cancel(), undefined);
  assert.deepEqual([gate.polls, task.result.state], [0, 'cancelled']);
});

test('what it spawns runs when the driver runs, and it is done when that is', () => {
  using task = spawnTest(function* () {
    const children = [spawn(sleep(10)), spawn(sleep(20))];
    yield* sleep(5);
    return children.length;
  });
  assert.equal(task.poll(), PENDING);
  task.advance(5);
  assert.equal(task.poll(), PENDING);
  task.advance(15);
  assert.deepEqual(task.result, { state: 'done', value: 2 });
});

test('branches, locks and channels work in it', () => {
  const mutex = new Mutex();
  const [sender, receiver] = unboundedChannel<number>();
  using task = spawnTest(
    coroutine(function* () {
      using _guard = yield* mutex.lock();
      yield* yieldNow();
      return yield* join([receiver.recv(), sleep(3)]);
    }),
  );
  assert.equal(task.poll(), PENDING);
  assert.ok(task.isWoken);
  assert.equal(task.poll(), PENDING);
  sender.send(7);
  task.advance(3);
  assert.deepEqual(task.poll(), [7, undefined]);
  assert.equal(mutex.tryLock() === null, false);
});

test('a pending without a waker is seen', () => {
  class Forgetful extends Gate<void> {
    override poll(): Pending {
      return PENDING;
    }
  }
  using lost = spawnTest(new Forgetful());
  assert.equal(lost.poll(), PENDING);
  assert.equal(lost.tookWaker, false);
  using good = spawnTest(new Gate());
  assert.equal(good.poll(), PENDING);
  assert.equal(good.tookWaker, true);
});

test('disposing throws when something is left', () => {
  const left = spawnTest(function* () {
    spawn(
      coroutine(function* stubborn() {
        yield* sleep(1);
      }),
    );
    yield* sleep(0);
  });
  left.poll();
  left[Symbol.dispose]();
  const timer = spawnTest(sleep(5));
  timer.poll();
  timer.driver.timers.insert({ timerTick: 0, timerSlot: -1, timerNext: null, timerPrev: null, onTimer() {} }, 1e9);
  assert.throws(() => timer[Symbol.dispose](), { code: 'LEAK' });
});

test('bad input is refused', () => {
  assert.throws(() => spawnTest(5 as never), { code: 'NOT_A_FUTURE' });
  using task = spawnTest(sleep(1));
  assert.throws(() => task.advance(-1), { code: 'BAD_ARGUMENT' });
});
