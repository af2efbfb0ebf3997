/**
 * Tests that each of some bodies has the same trace in all of its ways: native, as a generator coroutine, compiled by both back ends, and that
 * generator coroutine compiled by both; run to its end, and cancelled at each of its awaits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready } from 'pawl';
import { environment } from './programs.ts';
import { coroutineOf, interpreted, whyNoGenerator } from './generators.ts';
import { runModel } from './model.ts';
import { compile, runCompiled, runNative, type Trace } from './ways.ts';

const asPromise = (value: unknown): unknown => Promise.resolve(value);
const asFuture = (value: unknown): unknown => ready(value);
const seen = ({ log, end }: Trace): object => ({ log, end });

/** Cancellations that are tried of each body. */
const MOST_CANCELLATIONS = 40;
const TURNS = [() => 0, () => 1, (at: number) => at % 3];

/** The ways of a body on the runtime, each made when it is asked for. */
function waysOf(source: string): Readonly<Record<string, () => ReturnType<typeof interpreted>>> {
  const compiled = {
    'compiled to closure': () => compile(source, 'closure').make,
    'compiled to fields': () => compile(source, 'fields').make,
  };
  if (whyNoGenerator(source) !== null) return compiled;
  const generator = coroutineOf(source);
  return {
    ...compiled,
    'as a generator coroutine': () => interpreted(generator),
    'as a generator coroutine, compiled to closure': () => compile(generator, 'closure').make,
    'as a generator coroutine, compiled to fields': () => compile(generator, 'fields').make,
  };
}

export function testBodies(bodies: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(bodies)) {
    const source = `async (log, wait, fail, env) => {\n${text}\n}`;
    const ways = Object.entries(waysOf(source));
    for (const [way, make] of ways)
      test(`${name}: ${way}, it does what JavaScript does`, async () => {
        const native = await runNative(source, environment(asPromise));
        const made = make();
        for (const turns of TURNS)
          assert.deepEqual(seen(runCompiled(made, environment(asFuture), turns)), seen(native));
      });

    // What a list holds is awaited only by `for await`; without semicolons the model's text would not stand as it is.
    if (name.includes('list of waits') || name.startsWith('no semicolons')) continue;
    test(`${name}: cancelled at each of its awaits, it runs in each way what a return there would`, async () => {
      const asynchronous = /await using|for await/.test(source);
      const wrap = asynchronous ? asPromise : (value: unknown): unknown => value;
      const models: Trace[] = [];
      for (const [way, make] of ways) {
        const made = make();
        const { waits } = runCompiled(made, environment(asFuture), () => 0);
        for (let at = 0; at < Math.min(waits, MOST_CANCELLATIONS); at++) {
          const model = (models[at] ??= await runModel(source, environment(wrap), asynchronous, { wait: at }));
          const run = runCompiled(made, environment(asFuture), (n) => n % 2, at);
          assert.deepEqual(seen(run), seen(model), `${way}, cancelled at wait ${at}`);
        }
      }
    });
  }

  test('most bodies run as generator coroutines, and there is a reason for each other one', (t) => {
    const reasons = Object.entries(bodies).flatMap(([name, text]) => {
      const reason = whyNoGenerator(text);
      return reason === null ? [] : [`${name}: ${reason}`];
    });
    for (const reason of reasons) t.diagnostic(reason);
    assert.ok(reasons.length < Object.keys(bodies).length / 8);
  });
}
