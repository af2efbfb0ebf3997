import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PENDING } from 'pawl';
import { BUDGET } from '../../task/budget.ts';
import { FakeConnection } from '../../../test/support/fake-net.ts';
import { HandContext } from '../../../test/support/jobs.ts';
import { ManualDriver } from '../../../test/support/manual-driver.ts';
import { Outbound, SMALL } from './outbound.ts';

function outbound() {
  const driver = new ManualDriver();
  const cx = new HandContext(driver);
  Object.assign(cx, { budget: BUDGET });
  const client = new FakeConnection(1);
  return { driver, cx, client, out: new Outbound(client) };
}

test('what waits goes in order, however little is taken at a time, and whatever it is made of', () => {
  const large = new Uint8Array(SMALL + 1).fill(0x61);
  const expected = `head ${'a'.repeat(large.length)}`;
  for (const step of [1, 7, 4096, SMALL]) {
    const { cx, client, out } = outbound();
    out.latin1('head ');
    out.add(large);
    client.window = 0;
    let polls = 0;
    while (out.pollFlush(cx) === PENDING) {
      Object.assign(cx, { budget: BUDGET });
      assert.equal(out.waiting, expected.length - client.received.length);
      client.take(step);
      polls++;
    }
    assert.ok(polls >= Math.floor(expected.length / step), `${polls} polls`);
    assert.equal(client.received, expected);
    assert.deepEqual([out.empty, out.waiting, out.written], [true, 0, expected.length]);
  }
});

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
