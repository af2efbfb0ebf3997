/** Comparing one random body in all its ways: run to its end, cancelled at its awaits, and closed after its values. */
import { ready } from 'pawl';
import { coroutineOf, interpreted, whyNoGenerator } from './generators.ts';
import { runModel } from './model.ts';
import { environment, randomBody } from './programs.ts';
import { runNativeGenerator, runStream } from './streams.ts';
import { compile, runCompiled, runNative, type Trace } from './ways.ts';

const asPromise = (value: unknown): unknown => Promise.resolve(value);
const asFuture = (value: unknown): unknown => ready(value);

/** Cancellations, and closings, that are tried of each body. */
const MOST_STOPS = 12;

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
  const { source, asynchronous, cancellable, generator } = randomBody(seed);
  const native = await (generator ? runNativeGenerator : runNative)(source, environment(asPromise));
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
    const compiled = (at = -1): Trace =>
      generator
        ? runStream(make, environment(asFuture), turns, { wait: at })
        : runCompiled(make, environment(asFuture), turns, at);
    const run = compiled();
    check(native, run, 'run to its end');
    for (let at = 0; at < Math.min(run.values ?? 0, MOST_STOPS); at++) {
      const closed = await runNativeGenerator(source, environment(asPromise), { value: at });
      check(closed, runStream(make, environment(asFuture), turns, { value: at }), `closed after value ${at}`);
    }
    if (!cancellable) continue;
    for (let at = 0; at < Math.min(run.waits, MOST_STOPS); at++) {
      const wrap = asynchronous ? asPromise : (value: unknown): unknown => value;
      const model = await runModel(source, environment(wrap), asynchronous, { wait: at });
      check(model, compiled(at), `cancelled at wait ${at}`);
    }
  }
  return runs;
}
