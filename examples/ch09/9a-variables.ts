/** State that lives across a suspension: a counter keeps its value while nobody runs its function. */
import { coroutine, Future, PENDING, run, sleep, type Context, type Poll } from 'pawl';
import { paced } from '../ladder/pace.ts';

// #region machine
/** By hand: what is needed after the wait is a field. */
class Counting extends Future<number> {
  #counter = 0;
  #wait: Future<void> | undefined;

  poll(cx: Context): Poll<number> {
    while (this.#counter < 3) {
      this.#wait ??= sleep(paced(200));
      if (this.#wait.poll(cx) === PENDING) return PENDING;
      this.#wait = undefined;
      this.#counter++;
      console.log(`by hand: after wait ${this.#counter} the counter is ${this.#counter}`);
    }
    return this.#counter;
  }

  override cancel(cx: Context): Poll<void> {
    return this.#wait?.cancel(cx);
  }
}
// #endregion

// #region generator
/** By the language: what is needed after the wait stays where it was, in the generator's own frame. */
const counting = coroutine(function* () {
  let counter = 0;
  while (counter < 3) {
    yield* sleep(paced(200));
    counter++;
    console.log(`as a generator: after wait ${counter} the counter is ${counter}`);
  }
  return counter;
});
// #endregion

await run(new Counting());
await run(counting());
