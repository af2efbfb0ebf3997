import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buggify } from '../driver/buggify.ts';
import type { PawlError } from '../error/index.ts';
import { sleep } from '../time/sleep.ts';
import { SimFailure, simulate } from './index.ts';

test('outside of a simulated world nothing misbehaves', async () => {
  assert.equal(buggify('anything', 1), false);
  const running = simulate({ seeds: 3 }, function* () {
    yield* sleep(10);
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(buggify('anything', 1), false);
  await running;
});

test('a name is on in some worlds, often or seldom there, and the same again', async () => {
  const counts = new Map<number, number>();
  const program = function* (world: { seed: number }) {
    let count = 0;
    for (let i = 0; i < 100; i++) if (buggify('slow disk', 0.5)) count++;
    if (counts.has(world.seed)) assert.equal(counts.get(world.seed), count);
    counts.set(world.seed, count);
    yield* sleep(1);
  };
  await simulate({ seeds: 200, check: true }, program);
  const on = [...counts.values()].filter((count) => count > 0);
  assert.ok(on.length > 25 && on.length < 80, `on in ${on.length} of 200 worlds`);
  assert.ok(on.every((count) => count > 20 && count < 80));
});

test('what misbehaves is told, and what does not matter is left out', async () => {
  const running = simulate({ seeds: 200 }, function* () {
    buggify('harmless', 1);
    yield* sleep(1);
    if (buggify('a batch of one', 0.5)) throw new Error('a batch of one is lost');
  });
  await assert.rejects(running, (error: SimFailure) => {
    assert.match(error.timeline, / \* +1\.000 ms +whether it misbehaves: a batch of one: yes\n/);
    assert.doesNotMatch(error.timeline, /harmless/);
    return true;
  });
});

test('what is no probability is refused', async () => {
  const running = simulate({ seed: 1 }, function* () {
    buggify('x', 2);
  });
  await assert.rejects(running, (error: SimFailure) => {
    assert.equal((error.cause as PawlError).code, 'BAD_ARGUMENT');
    return true;
  });
});

test('an invariant that fails, or throws, is named', async () => {
  for (const [holds, message] of [
    [() => false, '"no more than two" does not hold'],
    [() => assert.fail('three'), '"no more than two" does not hold: three'],
  ] as const) {
    for (const when of ['always', 'eventually'] as const) {
      const running = simulate({ seed: 1 }, function* (world) {
        world[when]('no more than two', holds);
        yield* sleep(1);
      });
      await assert.rejects(running, (error: SimFailure) => {
        const cause = error.cause as PawlError;
        assert.deepEqual([cause.code, cause.message], ['SIM_INVARIANT', message]);
        return true;
      });
    }
  }
});
