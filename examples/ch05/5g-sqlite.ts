/** SQLite, unmodified and blocking, on a fiber: a query lets others run, a function of SQL asks a server. */
import { coroutine, PawlError, run, sleep, spawn } from 'pawl';
import { get } from 'pawl/http';
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';
import { cannotShow } from '../ladder/unshown.ts';

const SUM = `
  WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
  SELECT sum(n) FROM numbers`;

/** The example's database, or why there is none. */
async function sqlite(): Promise<typeof import('../sqlite/database.ts')> {
  try {
    return await import('../sqlite/database.ts');
  } catch (error) {
    if (error instanceof PawlError && error.code === 'LIBRARY_NOT_FOUND') cannotShow(error.message);
    throw error;
  }
}

const { Database } = await sqlite();
await served(async (server) => {
  await run(function* () {
    // #region long
    using database = new Database(':memory:');
    let ticks = 0;
    spawn(
      function* () {
        for (;;) {
          yield* sleep(1);
          ticks++;
        }
      },
      { daemon: true },
    );
    const [[sum] = []] = yield* database.query(SUM, 300_000);
    console.log(`the sum is ${String(sum)}, and a clock beside it has ${ticks > 0 ? 'ticked on' : 'stood still'}`);
    // #endregion

    // #region function
    const ask = coroutine(function* ask(message) {
      const response = yield* get(`${server.url}/${paced(300)}/${String(message)}`);
      return yield* response.text();
    });
    database.function('ask', 1, ask);
    const rows = yield* database.query("SELECT upper(ask(name)) FROM (SELECT 'tea' AS name UNION ALL SELECT 'cake')");
    console.log(`a function of SQL that asks a server: ${rows.flat().join(', ')}`);
    // #endregion
  });
});
