import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { PawlError } from '../../error/index.ts';
import { arena } from '../arena.ts';
import { write } from '../syscalls/index.ts';
import { EventQueue, Events, Waker } from './index.ts';
import { Eventfd } from './eventfd.ts';

const byNumber = (a: number, b: number): number => a - b;
const BOUND_MS = 30_000; // a lost wake-up fails the test after this, instead of hanging it

const start = (counter: Int32Array): void => {
  Atomics.store(counter, 1, 1);
  Atomics.notify(counter, 1);
};

/** A worker that, once started, adds to the shared counter and wakes, `times` times. */
async function waking(waker: Waker, counter: Int32Array, times: number): Promise<Worker> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.url).then(({ Waker }) => {
      const waker = new Waker(workerData.handle);
      parentPort.postMessage('ready');
      Atomics.wait(workerData.counter, 1, 0); // for the start
      for (let i = 0; i < workerData.times; i++) {
        Atomics.add(workerData.counter, 0, 1);
        waker.wake();
      }
    });`;
  const url = new URL('./waker.ts', import.meta.url).href;
  const worker = new Worker(code, { eval: true, workerData: { url, handle: waker.handle, counter, times } });
  await once(worker, 'message');
  return worker;
}

describe('the waker', () => {
  it('wakes a thread that sleeps in its queue, from a worker', async () => {
    using queue = new EventQueue();
    const counter = new Int32Array(new SharedArrayBuffer(8));
    const worker = await waking(queue.waker(5), counter, 1);
    const ended = once(worker, 'exit');
    start(counter);
    const events = new Events(4);
    assert.equal(queue.wait(events, BOUND_MS), 1);
    assert.equal(events.token(0), 5);
    assert.equal(counter[0], 1);
    await ended;
  });

  it('merges concurrent wake-ups and loses none', async () => {
    using queue = new EventQueue();
    const waker = queue.waker(5);
    const counter = new Int32Array(new SharedArrayBuffer(8));
    const times = 20_000;
    const workers = await Promise.all([waking(waker, counter, times), waking(waker, counter, times)]);
    const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
    start(counter);
    const events = new Events(4);
    let woken = 0;
    // Sleeping until all is counted: if a wake-up after the last count were lost, this would not end.
    for (let seen = 0; seen < 2 * times; seen = Atomics.load(counter, 0)) {
      assert.equal(queue.wait(events, BOUND_MS), 1, `asleep at ${seen} of ${2 * times}`);
      woken += 1;
    }
    assert.ok(woken <= 2 * times);
    await ended;
  });

  it('several wakers of one queue are told apart', () => {
    using queue = new EventQueue();
    const [first, second] = [queue.waker(1), queue.waker(2)];
    second.wake();
    const events = new Events(4);
    const tokens = (): number[] => {
      queue.wait(events, 0);
      return [...events].map(({ token }) => token);
    };
    assert.deepEqual(tokens(), [2]);
    first.wake();
    second.wake();
    assert.deepEqual(tokens().sort(byNumber), [1, 2]);
  });

  it('a wake before the wait is not lost', () => {
    using queue = new EventQueue();
    queue.waker(1).wake();
    assert.equal(queue.wait(new Events(1), BOUND_MS), 1);
  });

  it('an eventfd whose counter is full is emptied and written again', () => {
    using queue = new EventQueue();
    const waker = queue.waker(1);
    const { fd } = waker.handle;
    const piece = arena.take(8);
    new BigUint64Array(piece.bytes.buffer, piece.bytes.byteOffset, 1)[0] = 0xffff_ffff_ffff_fffen; // its limit
    assert.equal(write(fd, piece.address, 8), 8);
    const events = new Events(1);
    assert.equal(queue.wait(events, 0), 1);
    Eventfd.signal(fd);
    assert.equal(queue.wait(events, 0), 1);
    arena.release(piece);
  });

  it('does nothing after its close, nor do its copies', () => {
    using queue = new EventQueue();
    const waker = queue.waker(1);
    const copy = new Waker(waker.handle);
    waker.close();
    waker.close();
    assert.equal(waker.closed, true);
    // The number is free now: the next descriptor gets it, and must not be written to.
    const other = queue.waker(2);
    assert.equal(other.handle.fd, waker.handle.fd);
    copy.wake();
    waker.wake();
    assert.equal(queue.wait(new Events(1), 0), 0);
  });

  it('is closed with its queue', () => {
    const queue = new EventQueue();
    const waker = queue.waker(1);
    queue.close();
    assert.equal(waker.closed, true);
    waker.wake();
  });

  it('refuses what is not a handle', () => {
    for (const handle of [
      { fd: -1, flag: new Int32Array(new SharedArrayBuffer(8)) },
      { fd: 3, flag: new Int32Array(2) as never },
    ]) {
      assert.throws(
        () => new Waker(handle),
        (error) => error instanceof PawlError && error.code === 'BAD_ARGUMENT',
      );
    }
  });
});
