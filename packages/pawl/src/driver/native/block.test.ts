import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Job, JobClient, pause, until } from '../../../test/support/jobs.ts';
import { PENDING } from '../../future/poll.ts';
import { nativeDriver } from './index.ts';

function* forever(): Job {
  yield* until(() => PENDING);
}

void test('blocking with nothing to wait for is a deadlock, not a sleep', () => {
  const driver = nativeDriver();
  const client = new JobClient(driver);
  assert.throws(() => client.block(forever()), { code: 'DEADLOCK' });
  assert.equal(driver.blocking, false);
});

void test('blocking runs its own client only', async () => {
  const driver = nativeDriver();
  const other = new JobClient(driver);
  let ran = false;
  const finished = other.run(
    (function* () {
      ran = true;
      yield* [];
    })(),
  );
  new JobClient(driver).block(pause(driver, 2));
  assert.equal(ran, false);
  await finished;
  assert.equal(ran, true);
});

void test('blocking makes progress inside a callback of our own loop', async () => {
  const driver = nativeDriver();
  const order: string[] = [];
  const outer = function* (): Job {
    yield* pause(driver, 1);
    // A microtask: our loop runs it between two turns, in the drain.
    queueMicrotask(() => {
      new JobClient(driver).block(pause(driver, 2));
      order.push('inner');
    });
    yield* pause(driver, 20);
    order.push('outer');
  };
  await new JobClient(driver).run(outer());
  assert.deepEqual(order, ['inner', 'outer']);
});

void test('nothing of Node runs while blocking', async () => {
  const driver = nativeDriver();
  const seen: string[] = [];
  const immediate = new Promise<void>((resolve) => setImmediate(resolve)).then(() => seen.push('immediate'));
  process.nextTick(() => seen.push('tick'));
  new JobClient(driver).block(pause(driver, 5));
  assert.deepEqual(seen, []);
  await immediate;
  assert.deepEqual(seen, ['tick', 'immediate']);
});

void test('blocking does not spin while Node has something to do', async () => {
  const driver = nativeDriver();
  const signal = once(process, 'SIGWINCH');
  process.kill(process.pid, 'SIGWINCH'); // libuv's descriptor is readable until Node handles it
  const before = driver.metrics.turns;
  new JobClient(driver).block(pause(driver, 30));
  assert.ok(driver.metrics.turns - before < 20, `${driver.metrics.turns - before} turns`);
  await signal;
});
