/** The combinator measures in Effect. */
import { Effect } from 'effect';
import type { Implementation } from '../../harness/measure.ts';

const once = Effect.fnUntraced(function* (i: number) {
  yield* Effect.yieldNow;
  return i;
});

const selectOfTwo = Effect.fnUntraced(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const never = Effect.map(Effect.never, (value) => ({ name: 'never' as const, value }));
    const first = Effect.map(once(i), (value) => ({ name: 'once' as const, value }));
    const { name, value } = yield* Effect.race(never, first);
    if (name === 'once') sum += value;
  }
  return sum;
});

const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const scopes = Effect.fnUntraced(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (const value of yield* Effect.all(TEN.map(once), { concurrency: 'unbounded' })) sum += value;
  }
  return sum;
});

const mapped = Effect.fnUntraced(function* (n: number) {
  const values = yield* Effect.forEach(numbers(n), once, { concurrency: 10 });
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
});

function* numbers(n: number): Generator<number, void> {
  for (let i = 0; i < n; i++) yield i;
}

const effect: Implementation = {
  select: (n) => Effect.runPromise(selectOfTwo(n)),
  scope: (n) => Effect.runPromise(scopes(n)),
  map: (n) => Effect.runPromise(mapped(n)),
};
export default effect;
