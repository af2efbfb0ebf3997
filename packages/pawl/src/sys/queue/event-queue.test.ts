import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PawlError } from '../../error/index.ts';
import { EventQueue, Events, Interest, socketPair, type Trigger } from './index.ts';

const code = (expected: string) => (error: unknown) => error instanceof PawlError && error.code === expected;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A queue with one end of a pair registered. */
function watched(trigger: Trigger, interest: number = Interest.READABLE) {
  const stack = new DisposableStack();
  const queue = stack.use(new EventQueue());
  const [near, far] = socketPair();
  stack.use(near);
  stack.use(far);
  queue.register(near.fd, 7, interest, trigger);
  const events = new Events(16);
  const tokens = (timeoutMs = 0): number[] => {
    queue.wait(events, timeoutMs);
    return [...events].map(({ token }) => token);
  };
  return { queue, near, far, events, tokens, [Symbol.dispose]: () => stack.dispose() };
}

describe('the event queue', () => {
  it('has no events when nothing is ready', () => {
    using it = watched('level');
    assert.deepEqual(it.tokens(), []);
  });

  it('reports what is ready, with its token', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null as never), [7]);
    const [event] = it.events;
    assert.deepEqual(
      [event?.readable, event?.writable, event?.error, event?.readClosed, event?.writeClosed, event?.priority],
      [true, false, false, false, false, false],
    );
  });

  it('level reports an unread buffer again', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(), [7]);
    assert.deepEqual(it.tokens(), [7]);
    it.near.read(new Uint8Array(1));
    assert.deepEqual(it.tokens(), []);
  });

  it('edge does not report an unread buffer again', () => {
    using it = watched('edge');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(), [7]);
    assert.deepEqual(it.tokens(), []);
    it.far.write(bytes('y')); // more bytes are a new edge
    assert.deepEqual(it.tokens(), [7]);
  });

  it('one-shot fires once, and again after reregister', () => {
    using it = watched('oneshot');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(), [7]);
    it.far.write(bytes('y'));
    assert.deepEqual(it.tokens(), []);
    it.queue.reregister(it.near.fd, 8, Interest.READABLE, 'oneshot');
    assert.deepEqual(it.tokens(), [8]);
    assert.deepEqual(it.tokens(), []);
  });

  it('no events after deregister', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    it.queue.deregister(it.near.fd);
    assert.deepEqual(it.tokens(), []);
  });

  it('wrong use is an error with a code', () => {
    using it = watched('level');
    assert.throws(() => it.queue.register(it.near.fd, 1, Interest.READABLE), code('EEXIST'));
    assert.throws(() => it.queue.deregister(it.far.fd), code('ENOENT'));
    assert.throws(() => it.queue.reregister(it.far.fd, 1, Interest.READABLE), code('ENOENT'));
    assert.throws(() => it.queue.register(1_000_000, 1, Interest.READABLE), code('EBADF'));
  });

  it('a waker on the same thread wakes, and merges', () => {
    using it = watched('level');
    const waker = it.queue.waker(99);
    waker.wake();
    waker.wake();
    assert.deepEqual(it.tokens(null as never), [99]);
    assert.deepEqual(it.tokens(), []);
    waker.wake();
    assert.deepEqual(it.tokens(), [99]);
  });
});
