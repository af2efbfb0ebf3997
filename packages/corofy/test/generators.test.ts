import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready } from 'pawl';
import { GENERATORS, GENERATORS_OF_STREAMS } from './generators.ts';
import { runModel } from './support/model.ts';
import { environment } from './support/programs.ts';
import { runNativeGenerator, runStream } from './support/streams.ts';
import { compile, type Trace } from './support/ways.ts';

const asPromise = (value: unknown): unknown => Promise.resolve(value);
const asFuture = (value: unknown): unknown => ready(value);
const seen = ({ log, end }: Trace): object => ({ log, end });

for (const [name, text] of Object.entries({ ...GENERATORS, ...GENERATORS_OF_STREAMS })) {
  const source = `async function* (log, wait, fail, env) {\n${text}\n}`;
  for (const backEnd of ['closure', 'fields'] as const) {
    test(`${name}: compiled to ${backEnd}, it gives what a native async generator gives`, async () => {
      const native = await runNativeGenerator(source, environment(asPromise));
      const { make } = compile(source, backEnd);
      for (const turns of [() => 0, () => 1, (at: number) => at % 3])
        assert.deepEqual(seen(runStream(make, environment(asFuture), turns)), seen(native));
    });

    test(`${name}: closed after each value, compiled to ${backEnd}, it does what a native one does`, async () => {
      const { make } = compile(source, backEnd);
      const { values = 0 } = runStream(make, environment(asFuture), () => 0);
      for (let value = 0; value < values; value++) {
        const native = await runNativeGenerator(source, environment(asPromise), { value });
        const run = runStream(make, environment(asFuture), (n) => n % 2, { value });
        assert.deepEqual(seen(run), seen(native), `closed after value ${value}`);
      }
    });

    if (name in GENERATORS_OF_STREAMS) {
      if (text.includes('catch')) continue;
      test(`${name}: cancelled at each await, compiled to ${backEnd}, it runs what a failure there would`, async () => {
        const { make } = compile(source, backEnd);
        const { waits } = runStream(make, environment(asFuture), () => 0);
        let finished = 0;
        for (let wait = 0; wait < waits; wait++) {
          const run = runStream(make, environment(asFuture), (n) => n % 2, { wait });
          // The closing of a stream that has begun finishes.
          if (!run.log.includes('"cancelled"')) {
            assert.match(run.log.at(-1) ?? '', /closed|done|last|left/);
            finished++;
            continue;
          }
          const native = await runNativeGenerator(source, environment(asPromise), { wait });
          assert.deepEqual(seen(run), seen(native), `cancelled at wait ${wait}`);
        }
        assert.ok(finished < waits / 2, `${finished} of ${waits} were in a closing`);
      });
      continue;
    }
    // A model's text does not stand well without semicolons.
    if (name === 'comments and line ends') continue;
    test(`${name}: cancelled at each await, compiled to ${backEnd}, it runs what a return there would`, async () => {
      const asynchronous = /await using|for await|env\.stream|Symbol\.asyncIterator/.test(text);
      const wrap = asynchronous ? asPromise : (value: unknown): unknown => value;
      const { make } = compile(source, backEnd);
      const { waits } = runStream(make, environment(asFuture), () => 0);
      for (let wait = 0; wait < waits; wait++) {
        const model = await runModel(source, environment(wrap), asynchronous, { wait });
        const run = runStream(make, environment(asFuture), (n) => n % 2, { wait });
        assert.deepEqual(seen(run), seen(model), `cancelled at wait ${wait}`);
      }
    });
  }
}
