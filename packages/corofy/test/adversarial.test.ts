import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready } from 'pawl';
import { ADVERSARIAL } from './adversarial.ts';
import { runModel } from './support/model.ts';
import { environment } from './support/programs.ts';
import { compile, runCompiled, runNative, type Trace } from './support/ways.ts';

const asPromise = (value: unknown): unknown => Promise.resolve(value);
const asFuture = (value: unknown): unknown => ready(value);
const seen = ({ log, end }: Trace): object => ({ log, end });

for (const [name, text] of Object.entries(ADVERSARIAL)) {
  const source = `async (log, wait, fail, env) => {\n${text}\n}`;
  for (const backEnd of ['closure', 'fields'] as const) {
    test(`${name}: compiled to ${backEnd}, it does what JavaScript does`, async () => {
      const native = await runNative(source, environment(asPromise));
      const { make } = compile(source, backEnd);
      for (const turns of [() => 0, (at: number) => at % 3])
        assert.deepEqual(seen(runCompiled(make, environment(asFuture), turns)), seen(native));
    });
  }

  // Without semicolons the generator's text would not stand as it is.
  if (name.startsWith('no semicolons')) continue;
  const asynchronous = /await using|for await/.test(text);
  test(`${name}: cancelled at each of its awaits, it runs what a return there would`, async () => {
    for (const backEnd of ['closure', 'fields'] as const) {
      const { make } = compile(source, backEnd);
      const { waits } = runCompiled(make, environment(asFuture), () => 0);
      for (let at = 0; at < Math.min(waits, 40); at++) {
        const wrap = asynchronous ? asPromise : (value: unknown): unknown => value;
        const model = await runModel(source, environment(wrap), asynchronous, { wait: at });
        const run = runCompiled(make, environment(asFuture), (n) => n % 2, at);
        assert.deepEqual(seen(run), seen(model), `${backEnd}, cancelled at wait ${at}`);
      }
    }
  });
}
