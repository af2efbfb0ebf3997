/** A client of somebody else's on our runtime: `pg`, against a real PostgreSQL where one is installed. */
import assert from 'node:assert/strict';
import { dirname, join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client, DatabaseError, Pool, type ClientBase, type Notification, type PoolClient } from 'pg';
import { ForeignServer, installed, ServerFolder } from '../../test/support/foreign-server.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { mapConcurrent } from '../future/map-concurrent.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { fromAbortable } from './abort.ts';
import { on } from './events.ts';
import { fromPromise } from './promise.ts';

const initdb = installed('initdb', '/usr/lib/postgresql/*/bin');
const skip = initdb === null && 'PostgreSQL is not installed on this machine';

const SLEEP = 'select pg_sleep(600)';
/** SQLSTATEs. */
const DIVISION_BY_ZERO = '22012';
const QUERY_CANCELED = '57014';
const ADMIN_SHUTDOWN = '57P01';

type Row = Record<string, unknown>;

let pool: Pool;

/** The server's process for a connection: the client knows it, its types do not. */
function pidOf(client: ClientBase): number {
  return (client as ClientBase & { readonly processID: number }).processID;
}

/** A query that is cancelled in the server when its future is: that is done when the server has said so, and the connection is free again. */
function query(client: ClientBase, text: string): Future<Row[]> {
  return fromAbortable(async (signal) => {
    let cancelling: Promise<unknown> | undefined;
    const cancel = (): void => {
      cancelling = pool.query('select pg_cancel_backend($1)', [pidOf(client)]);
    };
    signal.addEventListener('abort', cancel);
    try {
      return (await client.query<Row>(text)).rows;
    } catch (error) {
      throw signal.aborted && error instanceof DatabaseError && error.code === QUERY_CANCELED ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', cancel);
      await cancelling;
    }
  });
}

/** A connection of the pool's for as long as a body runs. */
const connected = coroutine(function* (body: (client: PoolClient) => Future<unknown>) {
  const client = yield* fromPromise(pool.connect());
  try {
    return yield* body(client);
  } finally {
    client.release();
  }
});

/** A body in a transaction, which is rolled back unless the body ends well. */
const transaction = coroutine(function* (client: PoolClient, body: () => Future<unknown>) {
  yield* query(client, 'begin');
  let end = 'rollback';
  try {
    yield* body();
    end = 'commit';
  } finally {
    yield* query(client, end);
  }
});

/** The promise of `pool.end()` settles before the connections are closed, and the server would tell those that it ends. */
async function endPool(): Promise<void> {
  let left = pool.totalCount;
  const removed = Promise.withResolvers<void>();
  pool.on('remove', () => {
    if (--left === 0) removed.resolve();
  });
  await pool.end();
  if (left > 0) await removed.promise;
}

/** How many of the sleeping statements the server is executing. */
const sleeping = coroutine(function* () {
  const counting = "select count(*)::int as n from pg_stat_activity where state = 'active' and query = $1";
  const { rows } = yield* fromPromise(pool.query<{ n: number }>(counting, [SLEEP]));
  return rows[0]?.n;
});

describe('pg, against a PostgreSQL of its own', { skip, timeout: 60_000 }, () => {
  const open = new AsyncDisposableStack();

  before(async () => {
    const folder = open.use(new ServerFolder('postgres'));
    const data = joinPath(folder.path, 'data');
    const program = initdb as string;
    folder.prepare(program, ['-D', data, '-U', 'pawl', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']);
    const args = ['-D', data, '-k', folder.path, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    const ready = 'ready to accept connections';
    open.use(await ForeignServer.start(folder, joinPath(dirname(program), 'postgres'), args, ready));
    pool = new Pool({ host: folder.path, user: 'pawl', database: 'postgres', max: 4 });
    open.defer(() => endPool());
    await pool.query('create table entries (n int)');
  });
  after(() => open.disposeAsync());

  test('many queries run at once on its pool', async () => {
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const squares = await run(
      mapConcurrent(numbers, 16, function* (n) {
        const { rows } = yield* fromPromise(pool.query<{ square: number }>('select $1::int * $1::int as square', [n]));
        return rows[0]?.square;
      }),
    );
    assert.deepEqual(
      squares,
      numbers.map((n) => n * n),
    );
    assert.equal(pool.totalCount, 4);
  });

  test('a transaction that is cancelled has stopped in the server and is rolled back before its task has ended', async () => {
    await run(function* () {
      const task = spawn(
        connected((client) =>
          transaction(
            client,
            coroutine(function* () {
              yield* query(client, 'insert into entries values (1)');
              yield* query(client, SLEEP);
            }),
          ),
        ),
      );
      while ((yield* sleeping()) !== 1);
      task.abort();
      let code: unknown;
      try {
        yield* task;
      } catch (error) {
        code = (error as { code?: unknown }).code;
      }
      assert.equal(code, 'CANCELLED');
      assert.equal(yield* sleeping(), 0);
      // All connections are back, and none is in a transaction.
      assert.equal(pool.idleCount, pool.totalCount);
      assert.deepEqual((yield* fromPromise(pool.query('select n from entries'))).rows, []);
    });
  });

  test('when one of two queries fails its error has a code, and the other is cancelled in the server', async () => {
    const failing = coroutine(function* (client: PoolClient) {
      while ((yield* sleeping()) !== 1);
      return yield* query(client, 'select 1 / 0');
    });
    await assert.rejects(
      run(join([connected((client) => query(client, SLEEP)), connected(failing)])),
      (error) => error instanceof DatabaseError && error.code === DIVISION_BY_ZERO,
    );
    assert.equal(await run(sleeping()), 0);
    assert.equal(pool.idleCount, pool.totalCount);
  });

  test('notifications come as a stream, and its listeners are removed', async () => {
    const heard = await run(
      connected(
        coroutine(function* (client: PoolClient) {
          yield* query(client, 'listen news');
          const before = client.listenerCount('notification');
          const notifications = on<[Notification]>(client, 'notification').take(3);
          const payloads = spawn(notifications.map(([{ payload }]) => payload).toArray());
          for (const word of ['one', 'two', 'three']) {
            yield* fromPromise(pool.query('select pg_notify($1, $2)', ['news', word]));
          }
          const all = yield* payloads;
          assert.equal(client.listenerCount('notification'), before);
          yield* query(client, 'unlisten news');
          return all;
        }),
      ),
    );
    assert.deepEqual(heard, ['one', 'two', 'three']);
  });

  test('a connection that the server ends fails the query that waits on it', async () => {
    const client = new Client({ host: pool.options.host, user: 'pawl', database: 'postgres' });
    // It says once more that it has lost its connection.
    client.on('error', () => {});
    await client.connect();
    const ending = coroutine(function* () {
      while ((yield* sleeping()) !== 1);
      yield* fromPromise(pool.query('select pg_terminate_backend($1)', [pidOf(client)]));
    });
    await assert.rejects(
      run(join([query(client, SLEEP), ending()])),
      (error) => error instanceof DatabaseError && error.code === ADMIN_SHUTDOWN,
    );
    assert.equal((await pool.query('select 1 as one')).rows[0].one, 1);
  });
});
