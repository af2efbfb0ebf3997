import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandContext, JobClient, until } from '../../../test/support/jobs.ts';
import type { Context } from '../../future/context.ts';
import { PENDING } from '../../future/poll.ts';
import { nativeDriver } from './index.ts';

void test('a lookup of a name fails while blocking, and a numeric one does not', () => {
  const driver = nativeDriver();
  for (const host of ['localhost', 'example.invalid']) {
    assert.throws(
      () =>
        new JobClient(driver).block(
          (function* () {
            const lookup = driver.net.resolve(host);
            yield* until((cx) => lookup.poll(cx));
          })(),
        ),
      { code: 'BLOCKING_NODE', address: host },
    );
  }
});

void test('a name is looked up by Node, and one that does not exist is a system error', async () => {
  const driver = nativeDriver();
  await new JobClient(driver).run(
    (function* () {
      const found = yield* until(
        (
          (lookup) => (cx: Context) =>
            lookup.poll(cx)
        )(driver.net.resolve('localhost')),
      );
      assert.ok(found.length > 0);
      for (const { host, port } of found) assert.match(`${host} ${port}`, /^(127\.0\.0\.1|::1) 0$/);
      const missing = driver.net.resolve('does-not-exist.invalid');
      try {
        yield* until((cx) => missing.poll(cx));
        assert.fail('it was found');
      } catch (error) {
        const { code, syscall, address } = error as { code: string; syscall: string; address: string };
        assert.match(code, /^(ENOTFOUND|EAI_AGAIN)$/);
        assert.deepEqual([syscall, address], ['getaddrinfo', 'does-not-exist.invalid']);
      }
    })(),
  );
});

void test('a lookup that is forgotten wakes nobody', async () => {
  const driver = nativeDriver();
  const cx = new HandContext(driver);
  const lookup = driver.net.resolve('localhost');
  assert.equal(lookup.poll(cx), PENDING);
  lookup.forget();
  const other = driver.net.resolve('localhost');
  await new JobClient(driver).run(
    (function* () {
      yield* until((cx) => other.poll(cx));
    })(),
  );
  assert.equal(cx.woken, 0);
});
