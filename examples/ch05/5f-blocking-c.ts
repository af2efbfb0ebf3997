/** What fibers are good for here: blocking C becomes awaitable, qsort with a comparison that waits. */
import { coroutine, run, sleep, spawn } from 'pawl';
import { call, callback, library, Memory, peek } from 'pawl/fiber';
import { paced } from '../ladder/pace.ts';

const NUMBERS = [50, 20, 40, 10, 30];

// #region qsort
const { qsort } = library(null, {
  qsort: { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' },
});

const sort = coroutine(function* sort(numbers: readonly number[]) {
  using memory = new Memory(4 * numbers.length);
  for (const [i, number] of numbers.entries()) memory.write('int32', 4 * i, number);
  using compare = callback(
    { arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 },
    function* compare(a, b) {
      yield* sleep(paced(50)); // C's qsort stands still in the middle, on its own stack
      return peek('int32', a) - peek('int32', b);
    },
  );
  yield* call(qsort, memory, numbers.length, 4, compare);
  return numbers.map((_, i) => memory.read('int32', 4 * i));
});
// #endregion

// #region beside
let ticks = 0;
const clock = coroutine(function* clock() {
  for (;;) {
    yield* sleep(paced(20));
    ticks++;
  }
});

await run(function* () {
  spawn(clock(), { daemon: true });
  const [one, two] = [spawn(sort(NUMBERS)), spawn(sort([3, 1, 2]))];
  console.log(`sorted by C: ${(yield* one).join(', ')}`);
  console.log(`and at the same time: ${(yield* two).join(', ')}`);
  console.log(`a clock beside them has ${ticks > 0 ? 'ticked on' : 'stood still'}`);
});
// #endregion
