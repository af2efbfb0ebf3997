import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coroutine } from '../future/coroutine.ts';
import { BUDGET } from './budget.ts';
import { consumeBudget } from './consume-budget.ts';
import { blockOn } from './run.ts';
import { spawn } from './spawn.ts';

test('a loop that consumes its budget gives another task its turn when that is used up, and not before', () => {
  let count = 0;
  let seen = -1;
  blockOn(
    coroutine(function* () {
      const looping = spawn(function* () {
        for (; count < 3 * BUDGET; count++) yield* consumeBudget();
      });
      spawn(function* () {
        seen = count;
        yield* consumeBudget();
      });
      yield* looping;
    }),
  );
  assert.equal(seen, BUDGET);
});

test('it completes once', () => {
  const future = consumeBudget();
  blockOn(
    coroutine(function* () {
      yield* future;
    }),
  );
  assert.throws(() => blockOn(future), { code: 'ALREADY_COMPLETED' });
});
