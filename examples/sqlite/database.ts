/**
 * A database of SQLite, whose blocking functions are awaited: a long query lets others run, an SQL function may wait, and so does a writer
 * that finds the database locked.
 *
 * What must hold: one query at a time runs on a connection, since SQLite's own lock is no obstacle to the thread that holds it. What SQLite may
 * call back lives as long as the connection.
 */
import { coroutine, type Future, map, Mutex, sleep, yieldNow } from 'pawl';
import { call, type Callback, callback, callNow, Memory, peek, type Pointer } from 'pawl/fiber';
import { DONE, OK, OPEN_CREATE, OPEN_READWRITE, ROW, sqlite, UTF8 } from './library.ts';
import { answer, bind, read, type Value } from './value.ts';

/** Instructions of SQLite's virtual machine between two turns for others: some 0.1 ms. */
const SLICE = 5000;
/** Milliseconds between two looks at a lock that another connection holds. */
const PATIENCE = 2;

export class Database implements Disposable {
  #handle: Pointer | null;
  readonly #lock = new Mutex();
  readonly #callbacks: Callback[] = [];
  /** How often the progress handler has let others run. */
  turns = 0;
  /** How often the busy handler has waited. */
  waits = 0;

  constructor(file: string) {
    using out = new Memory(8);
    const code = callNow(sqlite.sqlite3_open_v2, file, out, OPEN_READWRITE | OPEN_CREATE, null);
    this.#handle = out.read('pointer');
    if (code !== OK) {
      const error = this.#error();
      this[Symbol.dispose]();
      throw error;
    }
    // To interrupt the query is what SQLite does with an answer other than 0: so that is the failure value.
    const progress = callback({ name: 'progress', arguments: ['pointer'], returns: 'int32', failure: 1 }, () => {
      this.turns++;
      return map(yieldNow(), () => 0);
    });
    const busy = callback({ name: 'busy', arguments: ['pointer', 'int32'], returns: 'int32', failure: 0 }, () => {
      this.waits++;
      return map(sleep(PATIENCE), () => 1); // try again
    });
    this.#callbacks.push(progress, busy);
    callNow(sqlite.sqlite3_progress_handler, this.#handle, SLICE, progress, null);
    callNow(sqlite.sqlite3_busy_handler, this.#handle, busy, null);
  }

  /** Runs one statement: its rows. Cancelling it interrupts the query. */
  query(sql: string, ...parameters: readonly Value[]): Future<Value[][]> {
    return Database.#query(this, sql, parameters);
  }

  static readonly #query = coroutine(function* query(database: Database, sql: string, parameters: readonly Value[]) {
    using _alone = yield* database.#lock.lock();
    const statement = database.#prepare(sql);
    try {
      for (const [i, value] of parameters.entries()) {
        if (bind(statement, i + 1, value) !== OK) throw database.#error();
      }
      const rows: Value[][] = [];
      for (;;) {
        const code = yield* call(sqlite.sqlite3_step, statement);
        if (code === DONE) return rows;
        if (code !== ROW) throw database.#error();
        const count = callNow(sqlite.sqlite3_column_count, statement);
        rows.push(Array.from({ length: count }, (_, i) => read(callNow(sqlite.sqlite3_column_value, statement, i))));
      }
    } finally {
      callNow(sqlite.sqlite3_finalize, statement);
    }
  });

  #prepare(sql: string): Pointer {
    using out = new Memory(8);
    if (callNow(sqlite.sqlite3_prepare_v2, this.#handle, sql, -1, out, null) !== OK) throw this.#error();
    const statement = out.read('pointer');
    if (statement === null) throw new Error('SQLite: there is no statement in an empty text');
    return statement;
  }

  /** Makes an SQL function of a coroutine. */
  function(name: string, arity: number, implementation: (...args: Value[]) => Future<Value>): void {
    const run = callback(
      { name, arguments: ['pointer', 'int32', 'pointer'], returns: 'void', failure: undefined },
      function* (context, count, values) {
        const args = Array.from({ length: count }, (_, i) => read(peek('pointer', values, 8 * i)));
        answer(context, yield* implementation(...args));
      },
    );
    this.#callbacks.push(run);
    const code = callNow(
      sqlite.sqlite3_create_function_v2,
      this.#handle,
      name,
      arity,
      UTF8,
      null,
      run,
      null,
      null,
      null,
    );
    if (code !== OK) throw this.#error();
  }

  [Symbol.dispose](): void {
    if (this.#handle === null) return;
    callNow(sqlite.sqlite3_close_v2, this.#handle);
    this.#handle = null;
    for (const held of this.#callbacks) held[Symbol.dispose]();
  }

  #error(): Error {
    return new Error(`SQLite: ${callNow(sqlite.sqlite3_errmsg, this.#handle) ?? 'out of memory'}`);
  }
}
