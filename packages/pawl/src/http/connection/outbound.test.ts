/** Bytes on their way out: in order, all of them, whatever the transport takes at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../../future/context.ts';
import { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Transport } from '../../net/transport.ts';
import { BUDGET } from '../../task/budget.ts';
import { FakeConnection } from '../../../test/support/fake-net.ts';
import { HandContext } from '../../../test/support/jobs.ts';
import { ManualDriver } from '../../../test/support/manual-driver.ts';
import { play } from '../../../test/support/world.ts';
import { Outbound, SMALL } from './outbound.ts';

/** Takes so many bytes at each call, and has no room at every second one. */
function narrow(most: number, taken: Uint8Array[]): Transport {
  let full = false;
  const take = (cx: Context, bytes: Uint8Array): Poll<number> => {
    full = !full;
    if (!full) {
      cx.waker.wake();
      return PENDING;
    }
    taken.push(bytes.slice(0, most));
    return Math.min(most, bytes.length);
  };
  const transport: Pick<Transport, 'pollWrite' | 'pollWriteVectored'> = {
    pollWrite: (cx, source) => take(cx, source),
    pollWriteVectored: (cx, sources) => take(cx, new Uint8Array(Buffer.concat(sources))),
  };
  return transport as Transport;
}

class Flush extends Future<void> {
  private readonly outbound: Outbound;

  constructor(outbound: Outbound) {
    super();
    this.outbound = outbound;
  }

  override poll(cx: Context): Poll<void> {
    return this.outbound.pollFlush(cx);
  }
}

test('a large piece goes on after what was gathered before it has gone, and the peer has no room', () => {
  const piece = Uint8Array.from({ length: SMALL + 3 }, (_, i) => i % 251);
  for (const most of [4, 5000, SMALL, 4 + SMALL, 1_000_000]) {
    const taken: Uint8Array[] = [];
    const outbound = new Outbound(narrow(most, taken));
    outbound.latin1('head');
    outbound.add(piece);
    play(new Flush(outbound));
    assert.deepEqual(Buffer.concat(taken), Buffer.concat([Buffer.from('head'), piece]), `${most} at a time`);
    assert.ok(outbound.empty);
  }
});

function outbound() {
  const driver = new ManualDriver();
  const cx = new HandContext(driver);
  Object.assign(cx, { budget: BUDGET });
  const client = new FakeConnection(1);
  return { driver, cx, client, out: new Outbound(client) };
}

test('small pieces leave together, in one call', () => {
  const { cx, client, out } = outbound();
  for (let i = 0; i < 100; i++) out.add(Buffer.from(`${i},`));
  out.utf8('ü', 2);
  assert.equal(out.pollFlush(cx), undefined);
  assert.equal(client.writes, 1);
});

test('a client counts as slow only since it was found not to take what waits', () => {
  const { driver, cx, client, out } = outbound();
  assert.equal(out.stalledSince, Infinity);
  driver.time = 100;
  out.latin1('never tried');
  assert.equal(out.stalledSince, Infinity);
  client.window = 5;
  assert.equal(out.pollFlush(cx), PENDING);
  assert.equal(out.stalledSince, 100);
  driver.time = 200;
  assert.equal(out.pollFlush(cx), PENDING);
  assert.equal(out.stalledSince, 100, 'it has taken nothing more');
  client.take(2);
  assert.equal(out.pollFlush(cx), PENDING);
  assert.equal(out.stalledSince, 200);
  client.take(Infinity);
  assert.equal(out.pollFlush(cx), undefined);
  assert.equal(out.stalledSince, Infinity);
});
