/** Fails two coroutines deep, after a suspension, with a cause. */
import { coroutine, sleep } from 'pawl';

const inner = coroutine(function* inner() {
  yield* sleep(1);
  throw Object.assign(new Error('no bread', { cause: new TypeError('no flour') }), { code: 'EBREAD' }); // line 6
});

const outer = coroutine(function* outer() {
  yield* inner(); // line 10
});

export default coroutine(function* main() {
  yield* outer(); // line 14
});
