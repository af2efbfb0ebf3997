/** Common interfaces: futures and promises, streams and signals, in both directions. */
import { setTimeout as delay } from 'node:timers/promises';
import { coroutine, fromPromise, PawlError, run, sleep } from 'pawl';
import { Stream } from 'pawl/stream';
import { paced } from '../ladder/pace.ts';

const greet = coroutine(function* (name: string) {
  yield* sleep(paced(50));
  return `hello, ${name}`;
});

// #region out
console.log(`await of a future: ${await greet('async code')}`);
const all = await Promise.all([greet('one'), delay(paced(50), 'a promise'), greet('two')]);
console.log(`Promise.all of both: ${all.join(', ')}`);
// #endregion

// #region in
await run(function* () {
  const value = yield* fromPromise(delay(paced(50), 'a promise'));
  console.log(`yield* of a promise: ${value}`);
  async function* numbers(): AsyncGenerator<number> {
    for (const n of [1, 2, 3]) yield await delay(paced(20), n);
  }
  const doubled = yield* Stream.from(numbers())
    .map((n) => n * 2)
    .toArray();
  console.log(`an async iterable as a stream: ${doubled.join(', ')}`);
});
// #endregion

// #region signal
const controller = new AbortController();
const stopped = run(sleep(60_000), { signal: controller.signal });
controller.abort(new Error('enough'));
await stopped.catch((error: unknown) => {
  if (error instanceof PawlError)
    console.log(`an AbortSignal stops it: ${error.code}, because of "${(error.cause as Error).message}"`);
});
// #endregion
