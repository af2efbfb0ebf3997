/**
 * The combinator measures by hand in native promises. They cancel nothing: a loser goes on, a failure stops no sibling. That is what a
 * program without Pawl has, and pays.
 */
// oxlint-disable typescript/await-thenable, unicorn/no-unnecessary-await -- `await null` is how a native coroutine yields once, at its cheapest.
import type { Implementation } from '../../harness/measure.ts';

async function once(i: number): Promise<number> {
  await null;
  return i;
}

async function selectOfTwo(n: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const never = new Promise<never>(() => {}).then((value) => ({ name: 'never' as const, value }));
    const first = once(i).then((value) => ({ name: 'once' as const, value }));
    const { name, value } = await Promise.race([never, first]);
    if (name === 'once') sum += value;
  }
  return sum;
}

const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

async function scopes(n: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) for (const value of await Promise.all(TEN.map(once))) sum += value;
  return sum;
}

/** The usual pool: so many workers that share one iterator. */
async function mapped(n: number): Promise<number> {
  const values: number[] = [];
  const items = numbers(n);
  let next = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const { done, value } = items.next();
      if (done === true) return;
      const at = next++;
      values[at] = await once(value);
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function* numbers(n: number): Generator<number, void> {
  for (let i = 0; i < n; i++) yield i;
}

const native: Implementation = { select: selectOfTwo, scope: scopes, map: mapped };
export default native;
