/** `npm start -- examples/sqlite/main.ts`: a long query, and the clock beside it; a function of SQL that waits for a server. */
import { coroutine, sleep, spawn } from 'pawl';
import { Database } from './database.ts';

const SUM =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT count(*), sum(x % 7) FROM c';

const clock = coroutine(function* clock() {
  for (let tick = 1; ; tick++) {
    yield* sleep(50);
    console.log(`tick ${tick}`);
  }
});

export default coroutine(function* main() {
  using database = new Database(':memory:');
  const ticking = spawn(clock());
  console.log('counting to a million…');
  console.log('counted:', (yield* database.query(SUM, 1_000_000))[0], `(${database.turns} turns for others meanwhile)`);
  ticking.abort('counted');

  database.function(
    'slowly',
    1,
    coroutine(function* slowly(value) {
      yield* sleep(20);
      return `${value}, slowly`;
    }),
  );
  console.log(yield* database.query("SELECT slowly(value) FROM (SELECT 'tea' AS value UNION ALL SELECT 'cake')"));
});
