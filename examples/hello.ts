/** Two sleeps at once, and a third that is stopped when its time is up: `npx pawl run examples/hello.ts`. */
import { coroutine, join, PawlError, sleep, timeout } from 'pawl';

const greet = coroutine(function* greet(name: string, ms: number) {
  try {
    yield* sleep(ms);
    console.log(`hello, ${name}`);
    return ms;
  } finally {
    console.log(`  (${name} is done)`);
  }
});

export default coroutine(function* main() {
  const waited = yield* join([greet('world', 200), greet('moon', 100)]);
  console.log(`two at once, of ${waited.join(' and ')} ms`);
  try {
    yield* timeout(50, greet('nobody', 60_000));
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    console.log(`third: ${error.code}`);
  }
});
