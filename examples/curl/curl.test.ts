/** The example against the libcurl of the system. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join, PawlError, race, run } from 'pawl';
import { serve } from 'pawl/http';
import { Barrier, Notify } from 'pawl/sync';
import { delayServer } from '../delay-server/server.ts';

const missing = await import('./library.ts').then(
  () => false as const,
  (error: unknown) => {
    if (error instanceof PawlError && error.code === 'LIBRARY_NOT_FOUND') return error.message;
    throw error;
  },
);

const AT_ONCE = 50;

describe('libcurl on fibers', { skip: missing }, async () => {
  if (missing !== false) return;
  const { get, redirected } = await import('./get.ts');

  it('fifty blocking transfers are under way at once, from a server on the same thread', () =>
    run(function* () {
      using _waiting = redirected();
      const all = new Barrier(AT_ONCE);
      const server = yield* serve({
        port: 0,
        *fetch(request) {
          yield* all.wait(); // nobody is answered before all have asked
          return new Response(`answer to ${new URL(request.url).pathname}`);
        },
      });
      const transfers = yield* join(Array.from({ length: AT_ONCE }, (_, i) => get(`${server.url}/${i}`)));
      assert.deepEqual(
        transfers,
        Array.from({ length: AT_ONCE }, (_, i) => ({ status: 200, text: `answer to /${i}` })),
      );
      yield* server.close();
    }));

  it('a cancelled transfer ends, and its connection with it', () =>
    run(function* () {
      using _waiting = redirected();
      const asked = new Notify();
      const gone = new Notify();
      const log = (line: string): void => (line.includes('has closed the connection') ? gone : asked).notifyOne();
      const server = yield* delayServer(log);
      yield* race([get(`${server.url}/60000/late`), asked.notified()]);
      yield* gone.notified();
      yield* server.close();
    }));

  it('a transfer that fails says why', () =>
    run(function* () {
      using _waiting = redirected();
      let thrown: unknown;
      try {
        yield* get('http://127.0.0.1:1/');
      } catch (error) {
        thrown = error;
      }
      assert.match(String(thrown), /libcurl: Couldn't connect to server/);
    }));
});
