// Memory that the kernel writes into, while the garbage collector moves and frees whatever it can.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseAddress } from './address.ts';
import { EventQueue, Events, Interest, socketPair } from './queue/index.ts';
import * as tcp from './socket.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { type: 'minor' | 'major' }) => void;

/** Garbage of all sizes, so that memory that is wrongly free is used again soon. */
function litter(): number {
  let sum = 0;
  for (let i = 1; i < 50; i++) sum += new Uint8Array(i * 37).fill(0xee).length + Buffer.alloc(i * 1000, 0xdd).length;
  return sum;
}

describe('under forced collections', () => {
  it('bytes arrive as they were sent, into short-lived targets from short-lived sources', () => {
    const [near, far] = socketPair();
    using _near = near;
    using _far = far;
    for (let round = 0; round < 200; round++) {
      const length = 1 + ((round * 331) % 5000);
      const sent = far.write(Uint8Array.from({ length }, (_, i) => (i * 7 + round) & 0xff)) ?? 0;
      assert.equal(sent, length);
      litter();
      collect({ type: round % 10 === 0 ? 'major' : 'minor' });
      const target = new Uint8Array(length + 8).fill(0xcc);
      assert.equal(near.read(target), length);
      for (let i = 0; i < length; i++) assert.equal(target[i], (i * 7 + round) & 0xff);
      assert.ok(target.subarray(length).every((byte) => byte === 0xcc));
    }
  });

  it('events and addresses are right after their views’ neighbours have been collected', () => {
    using queue = new EventQueue({ capacity: 4 });
    const events = new Events(4);
    const listener = tcp.socket(4);
    tcp.bind(listener, parseAddress('127.0.0.1', 0));
    tcp.listen(listener, 8);
    queue.register(listener, 1, Interest.READABLE, 'edge');
    const address = tcp.localAddress(listener);
    for (let round = 0; round < 50; round++) {
      const client = tcp.socket(4);
      litter();
      collect();
      assert.ok(tcp.connect(client, address) <= 0);
      collect({ type: 'minor' });
      assert.equal(queue.wait(events, 10_000), 1);
      assert.equal(events.token(0), 1);
      const accepted = tcp.accept(listener);
      litter();
      collect({ type: 'minor' });
      assert.deepEqual(tcp.acceptedAddress(), tcp.localAddress(client));
      tcp.close(accepted);
      tcp.close(client);
    }
    tcp.close(listener);
  });

  it('queues that come and go give their memory back', () => {
    const seen = new Set<number>();
    for (let round = 0; round < 30; round++) {
      using queue = new EventQueue({ capacity: 16 });
      queue.waker(round).wake();
      collect({ type: 'minor' });
      const events = new Events(16);
      assert.equal(queue.wait(events, 0), 1);
      assert.equal(events.token(0), round);
      seen.add(queue.fd);
    }
    assert.equal(seen.size, 1); // each got the number of the one before
  });
});
