/** Comparing one random body in all its ways: run to its end, and cancelled at its awaits. */
import { ready } from 'pawl';
import { environment, randomBody } from './programs.ts';
import {
  compile,
  coroutineOf,
  interpreted,
  runCompiled,
  runGenerator,
  runNative,
  whyNoGenerator,
  type Trace,
} from './ways.ts';

const asPromise = (value: unknown): unknown => Promise.resolve(value);
const asFuture = (value: unknown): unknown => ready(value);

/** Cancellations that are tried of each body. */
const MOST_CANCELLATIONS = 12;

type Made = Pick<ReturnType<typeof compile>, 'code' | 'make'>;

/** Both back ends; and for every other seed, where the body can be a generator coroutine, that, and compiled by one of them. */
function waysOf(source: string, seed: number): [way: string, made: Made][] {
  const compiled: [string, Made][] = [
    ['closure', compile(source, 'closure')],
    ['fields', compile(source, 'fields')],
  ];
  if (seed % 2 === 1 || whyNoGenerator(source) !== null) return compiled;
  const generator = coroutineOf(source);
  const backEnd = seed % 4 === 0 ? 'closure' : 'fields';
  return [
    ...compiled,
    ['generator', { code: generator, make: interpreted(generator) }],
    [`generator, ${backEnd}`, compile(generator, backEnd)],
  ];
}

/** A body that is not what it was, compiled. */
export class Difference extends Error {}

/** Compares the body of a seed; gives the number of runs that were compared. Throws a Difference. */
export async function compareBody(seed: number): Promise<number> {
  const { source, asynchronous, cancellable } = randomBody(seed);
  const native = await runNative(source, environment(asPromise));
  // A body that has run into the bound of its log was stopped somewhere.
  if (native.log.length > 1500) return 0;
  let runs = 0;
  for (const [way, { code, make }] of waysOf(source, seed)) {
    const check = (expected: Trace, actual: Trace, what: string): void => {
      runs++;
      if (expected.end === actual.end && expected.log.join('\n') === actual.log.join('\n')) return;
      const at = expected.log.findIndex((line, index) => line !== actual.log[index]);
      throw new Difference(
        [
          `seed ${seed}, ${way}, ${what}:`,
          `expected ${expected.log[at] ?? 'no more'}, then ${expected.end}`,
          `got      ${actual.log[at] ?? 'no more'}, then ${actual.end}`,
          source,
          code,
        ].join('\n'),
      );
    };
    const turns = (at: number): number => (at * 7 + seed) % 3;
    const run = runCompiled(make, environment(asFuture), turns);
    check(native, run, 'run to its end');
    if (!cancellable) continue;
    for (let at = 0; at < Math.min(run.waits, MOST_CANCELLATIONS); at++) {
      const model = await runGenerator(
        source,
        environment(asynchronous ? asPromise : (value) => value),
        asynchronous,
        at,
      );
      check(model, runCompiled(make, environment(asFuture), turns, at), `cancelled at wait ${at}`);
    }
  }
  return runs;
}
