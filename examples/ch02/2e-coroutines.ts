/** Coroutines: what comes next is the next line, and the function stands still until then. */
import { coroutine, join, run, sleep } from 'pawl';
import { CHAIN, CHAINED, CONCURRENT, LAST, LONG, SHORT, START } from './words.ts';

// #region program
const long = coroutine(function* () {
  yield* sleep(LONG);
  console.log(LAST);
});

const short = coroutine(function* () {
  yield* sleep(SHORT);
  console.log(CHAIN);
  yield* sleep(SHORT);
  console.log(CHAINED);
});

console.log(START);
const both = run(join([long(), short()]));
console.log(CONCURRENT);
await both;
// #endregion
