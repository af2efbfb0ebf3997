/** The example against the SQLite of the system. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { aborted, coroutine, PawlError, race, run, sleep, spawn, yieldNow } from 'pawl';

const missing = await import('./library.ts').then(
  () => false as const,
  (error: unknown) => {
    if (error instanceof PawlError && error.code === 'LIBRARY_NOT_FOUND') return error.message;
    throw error;
  },
);

/** Counts a million numbers: hundreds of slices. */
const LONG = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) SELECT count(*) FROM c';
/** Ends only when it is interrupted. */
const ENDLESS = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';

describe('SQLite on fibers', { skip: missing }, async () => {
  if (missing !== false) return;
  const { Database } = await import('./database.ts');

  it('a long query lets other tasks and Node’s loop run', () =>
    run(function* () {
      using database = new Database(':memory:');
      let turns = 0;
      let immediates = 0;
      const count = (): void => {
        immediates++;
        immediate = setImmediate(count);
      };
      let immediate = setImmediate(count);
      const other = spawn(
        coroutine(function* () {
          for (;;) {
            turns++;
            yield* yieldNow();
          }
        })(),
      );
      try {
        assert.deepEqual(yield* database.query(LONG), [[1_000_000]]);
      } finally {
        other.abort('done');
        clearImmediate(immediate);
      }
      assert.ok(database.turns > 100, `${database.turns} slices`);
      assert.ok(turns > 100, `${turns} turns of another task`);
      assert.ok(immediates > 1, `${immediates} turns of Node’s loop`);
    }));

  it('values go in and come out', () =>
    run(function* () {
      using database = new Database(':memory:');
      const values = [null, 7, -0.5, 2n ** 62n, 'tea & “cake”', ''];
      assert.deepEqual(yield* database.query('SELECT ?, ?, ?, ?, ?, ?', ...values), [values]);
    }));

  it('a function of SQL waits, and its rows come in order', () =>
    run(function* () {
      using database = new Database(':memory:');
      const asked: unknown[] = [];
      database.function(
        'doubled',
        1,
        coroutine(function* (value) {
          asked.push(value);
          yield* sleep(1);
          return Number(value) * 2;
        }),
      );
      const rows = yield* database.query('SELECT doubled(column1) FROM (VALUES (1), (2), (3))');
      assert.deepEqual(rows, [[2], [4], [6]]);
      assert.deepEqual(asked, [1, 2, 3]);
    }));

  it('what a function of SQL throws is what the query throws, and the connection goes on', () =>
    run(function* () {
      using database = new Database(':memory:');
      const fault = new Error('no tea');
      database.function(
        'faulty',
        0,
        coroutine(function* (): Generator<never, never, never> {
          throw fault;
        }),
      );
      let thrown: unknown;
      try {
        yield* database.query('SELECT faulty()');
      } catch (error) {
        thrown = error;
      }
      assert.equal(thrown, fault);
      assert.deepEqual(yield* database.query('SELECT 1'), [[1]]);
    }));

  it('a writer waits for the lock of another connection', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-sqlite-'));
    context.after(() => rmSync(folder, { recursive: true }));
    return run(function* () {
      using first = new Database(join(folder, 'busy.db'));
      using second = new Database(join(folder, 'busy.db'));
      yield* first.query('CREATE TABLE t (x)');
      yield* first.query('BEGIN IMMEDIATE');
      yield* first.query('INSERT INTO t VALUES (1)');
      const writing = spawn(second.query('INSERT INTO t VALUES (2)'));
      while (second.waits < 3) yield* sleep(1);
      assert.equal(writing.finished, false);
      yield* first.query('COMMIT');
      yield* writing;
      assert.deepEqual(yield* second.query('SELECT x FROM t ORDER BY x'), [[1], [2]]);
    });
  });

  it('an AbortSignal interrupts a query, and the connection goes on', () =>
    run(function* () {
      using database = new Database(':memory:');
      const controller = new AbortController();
      const reason = new Error('enough');
      const watching = spawn(
        coroutine(function* () {
          while (database.turns < 10) yield* yieldNow();
          controller.abort(reason);
        })(),
      );
      const outcome = yield* race([database.query(ENDLESS), aborted(controller.signal)]);
      yield* watching;
      assert.equal(outcome, reason);
      assert.deepEqual(yield* database.query('SELECT 1'), [[1]]);
    }));

  it('many connections run at once on one thread', () =>
    run(function* () {
      const sum = coroutine(function* (n: number) {
        using database = new Database(':memory:');
        const [row] = yield* database.query(
          'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT count(*) FROM c',
          n,
        );
        return row?.[0];
      });
      const tasks = Array.from({ length: 20 }, (_, i) => spawn(sum(5000 + i)));
      for (const [i, task] of tasks.entries()) assert.equal(yield* task, 5000 + i);
    }));

  it('an error of SQLite’s is thrown with its message', () =>
    run(function* () {
      using database = new Database(':memory:');
      let thrown: unknown;
      try {
        yield* database.query('SELECT * FROM nowhere');
      } catch (error) {
        thrown = error;
      }
      assert.match(String(thrown), /SQLite: no such table: nowhere/);
      assert.throws(() => new Database('/nowhere/at/all.db'), /SQLite: unable to open database file/);
    }));
});
