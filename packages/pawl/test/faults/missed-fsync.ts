/**
 * A missed fsync: a shop notes each order in its file before it confirms it, but the operating system has only taken the bytes into its
 * memory. When the power fails, orders are gone that customers have been told of.
 */
import assert from 'node:assert/strict';
import { coroutine, sleep } from 'pawl';
import { File, readText, syncDir, tryStat } from 'pawl/fs';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

const PATH = '/tmp/orders';

const careless = coroutine(function* (file: File, order: string) {
  yield* file.writeAll(new TextEncoder().encode(`${order}\n`));
});

const careful = coroutine(function* (file: File, order: string) {
  yield* careless(file, order);
  yield* file.sync();
});

const shop = (note: typeof careless): Scenario =>
  function* (world) {
    const confirmed: string[] = [];
    const host = world.host('shop', function* () {
      const text = (yield* tryStat(PATH)) === null ? '' : yield* readText(PATH);
      const noted = text.split('\n');
      const lost = confirmed.filter((order) => !noted.includes(order));
      assert.deepEqual(lost, [], 'confirmed orders are lost');
      using file = yield* File.open(PATH, 'a');
      yield* syncDir('/tmp');
      // Of an order that was not confirmed a part may be there: it must not become the beginning of the next.
      if (text !== '' && !text.endsWith('\n')) yield* note(file, '');
      for (;;) {
        const order = `order ${confirmed.length}`;
        yield* note(file, order);
        confirmed.push(order);
        yield* sleep(Math.random() * 10);
      }
    });
    for (let i = 0; i < 3; i++) {
      yield* sleep(20 + world.choose(100));
      host.restart();
    }
    yield* sleep(100);
  };

export const missedFsync: Fault = {
  faulty: shop(careless),
  corrected: shop(careful),
  shows: /confirmed orders are lost/,
};
