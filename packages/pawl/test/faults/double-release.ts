/**
 * Double release: a connection goes back to its pool where a request has timed out, and again at the end, as always. The pool then lends it
 * to two at once, who read each other's answers.
 */
import assert from 'node:assert/strict';
import { coroutine, PawlError, sleep, spawn, timeout, unboundedChannel } from 'pawl';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

class Connection {
  private users = 0;

  readonly ask = coroutine(function* (this: Connection) {
    assert.equal(++this.users, 1, 'two have the same connection');
    try {
      yield* sleep(5 + Math.random() * 20);
    } finally {
      this.users--;
    }
  });
}

class Pool {
  private readonly free = unboundedChannel<Connection>();

  constructor(connections: number) {
    for (let i = 0; i < connections; i++) this.give(new Connection());
  }

  readonly take = coroutine(function* (this: Pool) {
    return (yield* this.free[1].recv()) as Connection;
  });

  give(connection: Connection): void {
    this.free[0].send(connection);
  }
}

const query = (onTimeout: (pool: Pool, connection: Connection) => void) =>
  coroutine(function* (pool: Pool) {
    const connection = yield* pool.take();
    try {
      yield* timeout(20, connection.ask());
    } catch (error) {
      if (!(error instanceof PawlError && error.code === 'TIMEOUT')) throw error;
      onTimeout(pool, connection);
    } finally {
      pool.give(connection);
    }
  });

const users = (ask: ReturnType<typeof query>): Scenario =>
  function* () {
    const pool = new Pool(2);
    const asking = Array.from({ length: 8 }, (_, i) =>
      spawn(function* () {
        yield* sleep(i * 4);
        yield* ask(pool);
      }),
    );
    for (const task of asking) yield* task;
  };

export const doubleRelease: Fault = {
  faulty: users(query((pool, connection) => pool.give(connection))),
  corrected: users(query(() => {})),
  shows: /two have the same connection/,
};
