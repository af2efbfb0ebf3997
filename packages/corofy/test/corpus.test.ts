import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready } from 'pawl';
import { CORPUS } from './corpus.ts';
import { runModel } from './support/model.ts';
import { environment } from './support/programs.ts';
import { compile, runCompiled, runNative, type Trace } from './support/ways.ts';

const asPromise = (value: unknown): unknown => Promise.resolve(value);
const asFuture = (value: unknown): unknown => ready(value);
const seen = ({ log, end }: Trace): object => ({ log, end });

for (const [name, text] of Object.entries(CORPUS)) {
  const source = `async (log, wait, fail, env) => {\n${text}\n}`;
  for (const backEnd of ['closure', 'fields'] as const) {
    test(`${name}: compiled to ${backEnd}, it does what JavaScript does`, async () => {
      const native = await runNative(source, environment(asPromise));
      const { make } = compile(source, backEnd);
      for (const turns of [() => 0, () => 1, (at: number) => at % 3])
        assert.deepEqual(seen(runCompiled(make, environment(asFuture), turns)), seen(native));
    });

    // A generator cannot await what a list holds, nor does its text stand well without semicolons.
    if (/list of waits|no semicolons/.test(name)) continue;
    test(`${name}: cancelled at each await, compiled to ${backEnd}, it runs what a return there would`, async () => {
      const asynchronous = /await using|for await/.test(text);
      const { make } = compile(source, backEnd);
      const { waits } = runCompiled(make, environment(asFuture), () => 0);
      for (let at = 0; at < waits; at++) {
        const model = await runModel(source, environment(asynchronous ? asPromise : (value) => value), asynchronous, {
          wait: at,
        });
        assert.deepEqual(
          seen(runCompiled(make, environment(asFuture), (n) => n % 2, at)),
          seen(model),
          `cancelled at wait ${at}`,
        );
      }
    });
  }
}
