/** What is installed after this package was loaded, but before its first use: this file must be the first to use the driver in its process. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mock, test } from 'node:test';
import { coroutine, run, sleep } from '../../index.ts';

test(
  'neither fake timers nor the context that are there at the first use of the driver reach its loop',
  { timeout: 10_000 },
  async () => {
    const request = new AsyncLocalStorage<string>();
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
    try {
      const contexts: unknown[] = [];
      const look = coroutine(function* () {
        yield* sleep(1);
        contexts.push(request.getStore());
      });
      await request.run('first', () => run(look()));
      await run(look());
      assert.deepEqual(contexts, [undefined, undefined]);
    } finally {
      mock.timers.reset();
    }
  },
);
