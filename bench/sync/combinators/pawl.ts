/** The combinator measures in Pawl. */
import {
  blockOn,
  coroutine,
  Future,
  mapConcurrent,
  PENDING,
  scope,
  type Scope,
  select,
  type Pending,
  yieldNow,
} from 'pawl';
import type { Implementation } from '../../harness/measure.ts';

/** Waits until it is cancelled, and holds nothing. */
class Never extends Future<never> {
  poll(): Pending {
    return PENDING;
  }
}

const once = coroutine(function* (i: number) {
  yield* yieldNow();
  return i;
});

const selectOfTwo = coroutine(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const { name, value } = yield* select({ never: new Never(), once: once(i) });
    if (name === 'once') sum += value;
  }
  return sum;
});

const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

function* tenChildren(s: Scope) {
  const handles = TEN.map((child) => s.spawn(once(child)));
  let got = 0;
  for (const handle of handles) got += yield* handle;
  return got;
}

const scopes = coroutine(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += yield* scope(tenChildren);
  }
  return sum;
});

/** The same as a program writes it that captures something in the body: V8 makes a hidden class for each such generator function. */
const scopesInline = coroutine(function* (n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += yield* scope(function* (s) {
      const handles = TEN.map((child) => s.spawn(once(child)));
      let got = 0;
      for (const handle of handles) got += yield* handle;
      return got;
    });
  }
  return sum;
});

const mapped = coroutine(function* (n: number) {
  const values = yield* mapConcurrent(numbers(n), 10, once);
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
});

function* numbers(n: number): Generator<number, void> {
  for (let i = 0; i < n; i++) yield i;
}

const pawl: Implementation = {
  select: (n) => blockOn(selectOfTwo(n)),
  scope: (n) => blockOn(scopes(n)),
  scopeInline: (n) => blockOn(scopesInline(n)),
  map: (n) => blockOn(mapped(n)),
};
export default pawl;
