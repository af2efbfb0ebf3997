import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { EPOLL_EVENT } from '../linux.ts';
import * as tcp from '../socket.ts';
import { Epoll, epollEvents, epollReadiness } from './epoll.ts';
import { Interest } from './interest.ts';
import { ERROR, PRIORITY, READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from './readiness.ts';

// linux/eventpoll.h, once more
const [IN, PRI, OUT, ERR, HUP, RDHUP, ONESHOT, ET] = [1, 2, 4, 8, 0x10, 0x2000, 0x40000000, -0x80000000] as const;

describe('epoll’s bits', () => {
  it('in: interest and trigger', () => {
    assert.equal(epollEvents(Interest.READABLE, 'level'), IN | RDHUP);
    assert.equal(epollEvents(Interest.WRITABLE, 'edge'), OUT | ET);
    assert.equal(
      epollEvents(Interest.READABLE | Interest.WRITABLE | Interest.PRIORITY, 'oneshot'),
      IN | RDHUP | OUT | PRI | ONESHOT,
    );
  });

  it('out: plain readiness', () => {
    assert.equal(epollReadiness(0), 0);
    assert.equal(epollReadiness(IN), READABLE);
    assert.equal(epollReadiness(OUT), WRITABLE);
    assert.equal(epollReadiness(IN | OUT), READABLE | WRITABLE);
    assert.equal(epollReadiness(PRI), READABLE | PRIORITY);
  });

  it('out: the read side is closed by a hang-up, or by RDHUP beside IN', () => {
    assert.equal(epollReadiness(IN | RDHUP), READABLE | READ_CLOSED);
    assert.equal(epollReadiness(RDHUP), 0);
    assert.equal(epollReadiness(OUT | RDHUP), WRITABLE);
    assert.equal(epollReadiness(HUP), READ_CLOSED | WRITE_CLOSED);
  });

  it('out: the write side is closed by a hang-up, by ERR beside OUT, or by ERR alone', () => {
    assert.equal(epollReadiness(OUT | ERR), WRITABLE | ERROR | WRITE_CLOSED);
    assert.equal(epollReadiness(ERR), ERROR | WRITE_CLOSED);
    assert.equal(epollReadiness(IN | ERR), READABLE | ERROR); // an error queue: both directions may live
    assert.equal(
      epollReadiness(IN | OUT | ERR | HUP | RDHUP),
      READABLE | WRITABLE | ERROR | READ_CLOSED | WRITE_CLOSED,
    );
  });
});

describe('epoll’s struct', () => {
  it('is packed on x86-64 only', () => {
    assert.deepEqual(EPOLL_EVENT, { x64: { size: 12, data: 4 }, arm64: { size: 16, data: 8 } });
  });
});

describe('the back end', () => {
  const open = new Set<{ close(): void }>();
  const pair = (): [number, number] => {
    const [first, second] = tcp.socketPair();
    for (const fd of [first, second]) open.add({ close: () => tcp.close(fd) });
    return [first, second];
  };
  const selector = (capacity = 8): Epoll => {
    const made = new Epoll(capacity);
    open.add(made);
    return made;
  };
  afterEach(() => {
    for (const resource of open) resource.close();
    open.clear();
  });

  it('brings both halves of a token back, all 64 bits', () => {
    const queue = selector();
    const [near, far] = pair();
    const halves = [
      [0, 0],
      [1, 2],
      [-1, -1],
      [0x7fffffff, -0x80000000],
      [-0x80000000, 0x7fffffff],
    ] as const;
    assert.equal(queue.add(near, 5, 5, Interest.READABLE, 'level'), 0);
    tcp.send(far, new Uint8Array(1));
    for (const [low, high] of halves) {
      assert.equal(queue.modify(near, low, high, Interest.READABLE, 'level'), 0);
      assert.equal(queue.waitRaw(-1), 1);
      assert.deepEqual([queue.tokenLow(0), queue.tokenHigh(0), queue.flags(0)], [low, high, READABLE]);
    }
  });

  it('brings many events in one wait, up to its capacity or the limit, the rest later', () => {
    const queue = selector(4);
    for (let i = 0; i < 6; i++) queue.add(pair()[0], i, -i, Interest.WRITABLE, 'edge');
    const seen: number[] = [];
    for (const [limit, expected] of [
      [undefined, 4],
      [1, 1],
      [4, 1],
      [4, 0],
    ] as const) {
      const count = queue.waitRaw(0, limit);
      assert.equal(count, expected);
      for (let i = 0; i < count; i++) {
        assert.equal(queue.tokenHigh(i) + queue.tokenLow(i), 0);
        assert.equal(queue.flags(i), WRITABLE);
        seen.push(queue.tokenLow(i));
      }
    }
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5],
    );
  });

  it('answers with -errno and never throws', () => {
    const queue = selector();
    const [near] = pair();
    assert.equal(queue.remove(near), -2); // ENOENT
    assert.equal(queue.modify(near, 0, 0, Interest.READABLE, 'level'), -2);
    assert.equal(queue.add(near, 0, 0, Interest.READABLE, 'level'), 0);
    assert.equal(queue.add(near, 0, 0, Interest.READABLE, 'level'), -17); // EEXIST
    assert.equal(queue.add(-1, 0, 0, Interest.READABLE, 'level'), -9); // EBADF
    assert.equal(queue.add(queue.fd, 0, 0, Interest.READABLE, 'level'), -22); // EINVAL: itself
  });

  it('is readable from outside while it has events, so that queues can be nested', () => {
    const outer = selector();
    const inner = selector();
    outer.add(inner.fd, 1, 0, Interest.READABLE, 'level');
    const [near, far] = pair();
    inner.add(near, 2, 0, Interest.READABLE, 'edge');
    assert.equal(outer.waitRaw(0), 0);
    tcp.send(far, new Uint8Array(1));
    assert.equal(outer.waitRaw(0), 1);
    assert.equal(inner.waitRaw(0), 1);
    assert.equal(outer.waitRaw(0), 0);
  });

  it('a refused connection is an error that closes both sides', () => {
    const listener = tcp.socket(4);
    tcp.bind(listener, { host: '127.0.0.1', port: 0, family: 4 });
    const address = tcp.localAddress(listener); // bound and not listening: nobody else gets the port, and nobody answers
    const client = tcp.socket(4);
    open.add({ close: () => tcp.close(listener) }).add({ close: () => tcp.close(client) });
    const queue = selector();
    tcp.connect(client, address);
    queue.add(client, 1, 0, Interest.READABLE | Interest.WRITABLE, 'edge');
    assert.equal(queue.waitRaw(-1), 1);
    assert.equal(queue.flags(0) & (ERROR | READ_CLOSED | WRITE_CLOSED), ERROR | READ_CLOSED | WRITE_CLOSED);
  });
});
