import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready } from 'pawl';
import { ADVERSARIAL } from './adversarial.ts';
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
}
