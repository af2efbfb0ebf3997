/** Async drop: a cancelled task gives back what it holds, even where giving back takes time. */
import { coroutine, race, run, sleep } from 'pawl';
import { paced } from '../ladder/pace.ts';

// #region drop
const transaction = coroutine(function* () {
  console.log('  begin');
  try {
    yield* sleep(60_000);
    console.log('  commit');
  } finally {
    console.log('  roll back: that takes a while');
    yield* sleep(paced(200)); // the task is cancelled, and awaits
    console.log('  rolled back');
  }
});

const hurry = coroutine(function* () {
  yield* sleep(paced(100));
  return 'the other one';
});

await run(function* () {
  console.log('race:');
  const winner = yield* race([transaction(), hurry()]);
  console.log(`race: won by ${String(winner)}, and nothing of the loser is left`);
});
// #endregion

// #region promise
console.log('Promise.race:');
let rolledBack = false;
const promised = async (): Promise<void> => {
  try {
    await new Promise((resolve) => setTimeout(resolve, paced(300)));
  } finally {
    rolledBack = true;
  }
};
const loser = promised();
await Promise.race([loser, new Promise((resolve) => setTimeout(resolve, paced(100)))]);
console.log(`Promise.race: over, and the loser is ${rolledBack ? 'done' : 'still at work'}`);
await loser;
// #endregion
