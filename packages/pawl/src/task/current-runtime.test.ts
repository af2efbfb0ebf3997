import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockOn, coroutine, currentRuntime, run, Runtime, sleep, spawn } from '../index.ts';

const here = coroutine(function* here() {
  const before = currentRuntime();
  yield* sleep(0);
  assert.equal(currentRuntime(), before);
  return before;
});

test('a coroutine is given the runtime that it runs on, by run, blockOn and in a task', async () => {
  let made: Runtime | undefined;
  assert.equal(await run(here, { onRuntime: (runtime) => (made = runtime) }), made);
  assert.notEqual(await run(here), made);
  assert.ok(blockOn(here()) instanceof Runtime);
  const [own, child] = await run(function* () {
    return [currentRuntime(), yield* spawn(here())];
  });
  assert.equal(own, child);
});

test('outside a poll there is none', () => {
  assert.throws(currentRuntime, { code: 'NO_RUNTIME' });
});
