import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import * as fc from 'fast-check';
import { PawlError } from '../../error/index.ts';
import { descriptorTable, listDescriptors } from '../descriptors.ts';
import { EventQueue, Events, Interest, socketPair, type Trigger } from './index.ts';

const code = (expected: string) => (error: unknown) => error instanceof PawlError && error.code === expected;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A queue in which one end of a pair is registered with token 7. */
function watched(trigger: Trigger, interest: number = Interest.READABLE) {
  const stack = new DisposableStack();
  const queue = stack.use(new EventQueue());
  const [near, far] = socketPair();
  stack.use(near);
  stack.use(far);
  queue.register(near.fd, 7, interest, trigger);
  const events = new Events(16);
  /** The tokens of a wait that only looks (or, with null, sleeps until there are some). */
  const tokens = (timeoutMs: number | null = 0): number[] => {
    assert.equal(queue.wait(events, timeoutMs), events.length);
    return [...events].map(({ token }) => token);
  };
  return { queue, near, far, events, tokens, [Symbol.dispose]: () => stack.dispose() };
}

describe('level, edge, one-shot', () => {
  it('nothing is reported when nothing is ready', () => {
    using it = watched('level');
    assert.deepEqual(it.tokens(), []);
  });

  it('level reports an unread buffer again', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]);
    assert.deepEqual(it.tokens(null), [7]);
    it.near.read(new Uint8Array(1));
    assert.deepEqual(it.tokens(), []);
  });

  it('edge does not report an unread buffer again', () => {
    using it = watched('edge');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]);
    assert.deepEqual(it.tokens(), []);
  });

  it('edge reports more bytes, and a drained and refilled buffer', () => {
    using it = watched('edge');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]);
    it.far.write(bytes('y'));
    assert.deepEqual(it.tokens(null), [7]);
    assert.equal(it.near.read(new Uint8Array(8)), 2);
    assert.equal(it.near.read(new Uint8Array(8)), undefined);
    it.far.write(bytes('z'));
    assert.deepEqual(it.tokens(null), [7]);
  });

  it('one-shot fires once, and again after reregister', () => {
    using it = watched('oneshot');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]);
    it.far.write(bytes('y'));
    assert.deepEqual(it.tokens(), []);
    it.queue.reregister(it.near.fd, 8, Interest.READABLE, 'oneshot');
    assert.deepEqual(it.tokens(null), [8]);
    assert.deepEqual(it.tokens(), []);
  });

  it('a condition that holds already is reported after register and reregister', () => {
    using it = watched('edge', Interest.PRIORITY);
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(), []);
    it.queue.reregister(it.near.fd, 9, Interest.READABLE, 'edge');
    assert.deepEqual(it.tokens(null), [9]);
    it.queue.deregister(it.near.fd);
    it.queue.register(it.near.fd, 10, Interest.READABLE, 'edge');
    assert.deepEqual(it.tokens(null), [10]);
  });
});

describe('registration', () => {
  it('no events after deregister', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    it.queue.deregister(it.near.fd);
    assert.deepEqual(it.tokens(), []);
  });

  it('no events for an interest that was taken back', () => {
    using it = watched('level', Interest.READABLE | Interest.WRITABLE);
    assert.deepEqual(it.tokens(null), [7]);
    it.queue.reregister(it.near.fd, 7, Interest.READABLE);
    assert.deepEqual(it.tokens(), []);
  });

  it('a registration ends with its descriptor, and its number can be registered again', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    const { fd } = it.near;
    it.near.close();
    assert.deepEqual(it.tokens(), []);
    assert.throws(() => it.queue.deregister(fd), code('EBADF'));
    const [again, other] = socketPair();
    using _again = again;
    using _other = other;
    assert.equal(again.fd, fd);
    it.queue.register(fd, 11, Interest.READABLE);
    other.write(bytes('y'));
    assert.deepEqual(it.tokens(null), [11]);
  });

  it('any safe integer comes back as a token', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    fc.assert(
      fc.property(fc.maxSafeInteger(), (token) => {
        it.queue.reregister(it.near.fd, token, Interest.READABLE);
        assert.deepEqual(it.tokens(null), [token]);
      }),
    );
    for (const token of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -1, 0, 2 ** 31, 2 ** 32]) {
      it.queue.reregister(it.near.fd, token, Interest.READABLE);
      assert.deepEqual(it.tokens(null), [token]);
    }
  });

  it('the same descriptor can be in two queues', () => {
    using it = watched('level');
    using second = new EventQueue();
    second.register(it.near.fd, 1, Interest.READABLE);
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]);
    assert.equal(second.wait(new Events(1), 0), 1);
  });

  it('a queue can be registered in another', () => {
    using it = watched('level');
    using outer = new EventQueue();
    outer.register(it.queue.fd, 1, Interest.READABLE);
    assert.equal(outer.wait(new Events(1), 0), 0);
    it.far.write(bytes('x'));
    assert.equal(outer.wait(new Events(1), 0), 1);
  });
});

describe('wrong use', () => {
  it('registering twice, or what is unknown, or what is not open', () => {
    using it = watched('level');
    assert.throws(() => it.queue.register(it.near.fd, 1, Interest.READABLE), code('EEXIST'));
    assert.throws(() => it.queue.deregister(it.far.fd), code('ENOENT'));
    assert.throws(() => it.queue.reregister(it.far.fd, 1, Interest.READABLE), code('ENOENT'));
    for (const fd of [1_000_000, -1, 1.5, Number.NaN, 2 ** 31, 2 ** 32 + it.far.fd]) {
      assert.throws(() => it.queue.register(fd, 1, Interest.READABLE), code('EBADF'), String(fd));
      assert.throws(() => it.queue.deregister(fd), code('EBADF'), String(fd));
    }
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]); // nothing of that has done harm
  });

  it('a regular file cannot be waited for', () => {
    using queue = new EventQueue();
    const fd = openSync(new URL(import.meta.url), 'r');
    try {
      assert.throws(() => queue.register(fd, 1, Interest.READABLE), code('EPERM'));
    } finally {
      closeSync(fd);
    }
  });

  it('arguments out of their range', () => {
    using it = watched('level');
    const fd = it.far.fd;
    for (const interest of [0, 8, -1, 1.5])
      assert.throws(() => it.queue.register(fd, 1, interest), code('BAD_ARGUMENT'));
    for (const token of [1.5, 2 ** 53, Number.NaN]) {
      assert.throws(() => it.queue.register(fd, token, Interest.READABLE), code('BAD_ARGUMENT'));
      assert.throws(() => it.queue.waker(token), code('BAD_ARGUMENT'));
    }
    assert.throws(() => it.queue.register(fd, 1, Interest.READABLE, 'always' as never), code('BAD_ARGUMENT'));
    assert.throws(() => it.queue.wait(it.events, -1), code('BAD_ARGUMENT'));
    for (const capacity of [0, 1.5, -1, 65_537]) {
      assert.throws(() => new EventQueue({ capacity }), code('BAD_ARGUMENT'));
      assert.throws(() => new Events(capacity), code('BAD_ARGUMENT'));
    }
    assert.throws(() => it.events.token(0), code('BAD_ARGUMENT'));
    assert.throws(() => it.events.flags(-1), code('BAD_ARGUMENT'));
  });

  it('use after close', () => {
    const { queue, near, events } = watched('level');
    queue.close();
    queue.close();
    assert.equal(queue.closed, true);
    assert.throws(() => queue.register(near.fd, 1, Interest.READABLE), code('CLOSED'));
    assert.throws(() => queue.reregister(near.fd, 1, Interest.READABLE), code('CLOSED'));
    assert.throws(() => queue.deregister(near.fd), code('CLOSED'));
    assert.throws(() => queue.wait(events, 0), code('CLOSED'));
    assert.throws(() => queue.waker(1), code('CLOSED'));
    assert.throws(() => queue.fd, code('CLOSED'));
    near.close();
    near.close();
    assert.throws(() => near.read(new Uint8Array(1)), code('CLOSED'));
  });

  it('a closed queue leaves no descriptor behind', () => {
    const before = listDescriptors(descriptorTable());
    {
      using it = watched('edge');
      it.queue.waker(1).wake();
    }
    assert.deepEqual(listDescriptors(descriptorTable()), before);
  });
});

describe('closed bits', () => {
  const closedOf = (it: ReturnType<typeof watched>): [boolean | undefined, boolean | undefined] => {
    it.tokens(null);
    const [event] = it.events;
    return [event?.readClosed, event?.writeClosed];
  };

  it('neither for a connection in use', () => {
    using it = watched('level', Interest.READABLE | Interest.WRITABLE);
    it.far.write(bytes('x'));
    assert.deepEqual(closedOf(it), [false, false]);
    const [event] = it.events;
    assert.deepEqual([event?.readable, event?.writable, event?.error, event?.priority], [true, true, false, false]);
  });

  it('the read side when the peer has finished writing', () => {
    using it = watched('level', Interest.READABLE | Interest.WRITABLE);
    it.far.shutdown('write');
    assert.deepEqual(closedOf(it), [true, false]);
    assert.equal(it.near.read(new Uint8Array(1)), 0);
  });

  it('both sides when the peer is gone', () => {
    using it = watched('level');
    it.far.close();
    assert.deepEqual(closedOf(it), [true, true]);
    assert.throws(() => it.near.write(bytes('x')), code('EPIPE'));
  });

  it('both sides when both have been shut down', () => {
    using it = watched('level');
    it.near.shutdown('write');
    it.far.shutdown('write');
    assert.deepEqual(closedOf(it), [true, true]);
  });
});

describe('waiting', () => {
  it('more events than the container holds come with the next wait', () => {
    using queue = new EventQueue();
    const stack = new DisposableStack();
    using _ = stack;
    for (let token = 0; token < 5; token++) {
      const [near, far] = socketPair();
      stack.use(near);
      stack.use(far);
      queue.register(near.fd, token, Interest.WRITABLE, 'edge');
    }
    const events = new Events(3);
    const seen: number[] = [];
    while (queue.wait(events, 0) > 0) {
      assert.ok(events.length <= 3);
      for (const { token } of events) seen.push(token);
    }
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      [0, 1, 2, 3, 4],
    );
  });

  it('a container keeps its events until it is used again, whatever another wait brings', () => {
    using it = watched('edge');
    it.far.write(bytes('x'));
    assert.deepEqual(it.tokens(null), [7]);
    it.queue.reregister(it.near.fd, 8, Interest.READABLE, 'edge');
    assert.equal(it.queue.wait(new Events(4), 0), 1);
    assert.equal(it.events.token(0), 7);
    assert.equal(it.queue.wait(it.events, 0), 0);
    assert.equal(it.events.length, 0);
  });

  it('never ends before its time, a part of a millisecond included', () => {
    using it = watched('level');
    for (const timeoutMs of [0.2, 1, 3.7]) {
      const from = performance.now();
      assert.equal(it.queue.wait(it.events, timeoutMs), 0);
      assert.ok(performance.now() - from >= timeoutMs);
    }
  });

  it('a huge timeout is a wait, not an error', () => {
    using it = watched('level');
    it.far.write(bytes('x'));
    for (const timeoutMs of [2 ** 31, 2 ** 40, Number.MAX_VALUE, Infinity, null, undefined]) {
      assert.equal(it.queue.wait(it.events, timeoutMs), 1);
    }
  });

  it('is not ended by signals', async () => {
    using it = watched('level');
    const listener = (): void => {};
    process.on('SIGWINCH', listener);
    const heard = once(process, 'SIGWINCH');
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.postMessage('ready');
       const pause = new Int32Array(new SharedArrayBuffer(4));
       for (let i = 0; i < 10; i++) { process.kill(process.pid, 'SIGWINCH'); Atomics.wait(pause, 0, 0, 10); }`,
      { eval: true },
    );
    try {
      const ended = once(worker, 'exit');
      await once(worker, 'message');
      const from = performance.now();
      assert.equal(it.queue.wait(it.events, 150), 0);
      assert.ok(performance.now() - from >= 150);
      await Promise.all([ended, heard]); // the listeners run now
    } finally {
      process.off('SIGWINCH', listener);
    }
  });
});
