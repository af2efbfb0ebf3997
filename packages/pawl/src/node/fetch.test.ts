/** HTTP clients of somebody else's on our runtime: Node's own fetch, undici's fetch, and undici's request. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, fetch as undiciFetch, request } from 'undici';
import { CHUNK, HttpServer, TOGETHER } from '../../test/support/http-server.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { mapConcurrent } from '../future/map-concurrent.ts';
import { race } from '../future/race.ts';
import { yieldNow } from '../future/ready.ts';
import { END, fromReadableStream, type Stream } from '../stream/index.ts';
import { Notify } from '../sync/index.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { fromAbortable, withSignal } from './abort.ts';
import { once } from './events.ts';
import { fromReadable } from './readable.ts';

interface Answer {
  readonly status: number;
  readonly body: Stream<Uint8Array>;
}

/** A way to ask, with connections of its own. */
interface Client {
  get(url: string, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

function streamOf(body: unknown): Stream<Uint8Array> {
  return fromReadableStream(body as ReadableStream<Uint8Array>);
}

const clients: Readonly<Record<string, () => Client>> = {
  "Node's fetch": () => ({
    async get(url, signal) {
      const { status, body } = await fetch(url, { signal });
      return { status, body: streamOf(body) };
    },
    close: async () => {},
  }),
  "undici's fetch": () => {
    const dispatcher = new Agent();
    return {
      async get(url, signal) {
        const { status, body } = await undiciFetch(url, { signal, dispatcher });
        return { status, body: streamOf(body) };
      },
      close: () => dispatcher.close(),
    };
  },
  "undici's request": () => {
    const dispatcher = new Agent();
    return {
      async get(url, signal) {
        const { statusCode, body } = await request(url, { signal, dispatcher });
        return { status: statusCode, body: fromReadable<Uint8Array>(body) };
      },
      close: () => dispatcher.close(),
    };
  },
};

/** Runs a program with a server and a client, and closes both, which would hang if a request were still under way. */
async function withBoth(
  make: () => Client,
  program: (server: HttpServer, get: (path: string, signal?: AbortSignal) => Future<Answer>) => Future<void>,
): Promise<void> {
  await using server = await HttpServer.listen();
  const client = make();
  try {
    await run(
      program(server, (path, outer) =>
        fromAbortable((signal) => client.get(server.origin + path, outer ? AbortSignal.any([signal, outer]) : signal)),
      ),
    );
  } finally {
    await client.close();
  }
}

function text(body: Stream<Uint8Array>): Future<string> {
  return body.fold('', (all, part) => all + Buffer.from(part).toString());
}

for (const [name, make] of Object.entries(clients)) {
  describe(name, () => {
    test('is asked as many things at once as it should be, and no more', () =>
      withBoth(
        make,
        coroutine(function* (server, get) {
          const numbers = Array.from({ length: 10 * TOGETHER }, (_, n) => n);
          const answers = yield* mapConcurrent(numbers, TOGETHER, function* (n) {
            const { status, body } = yield* get(`/together?${n}`);
            return `${status}: ${yield* text(body)}`;
          });
          assert.deepEqual(
            answers,
            numbers.map((n) => `200: answer to /together?${n}`),
          );
          assert.equal(server.most, TOGETHER);
        }),
      ));

    test('a request that is cancelled while it waits for the answer is over: the server sees its connection close', () =>
      withBoth(
        make,
        coroutine(function* (server, get) {
          const gone = spawn(once<[string]>(server, 'gone'));
          const winner = yield* race([once<[string]>(server, 'arrived'), get('/never')]);
          assert.deepEqual(winner, ['/never']);
          assert.deepEqual(yield* gone, ['/never']);
        }),
      ));

    test('a task that is aborted while it waits for more of the body takes the connection with it', () =>
      withBoth(
        make,
        coroutine(function* (server, get) {
          const gone = spawn(once<[string]>(server, 'gone'));
          const received = new Notify();
          let log = '';
          const task = spawn(function* () {
            const { body } = yield* get('/stalls');
            try {
              // One part comes, and no more.
              yield* body.forEach(() => received.notifyOne());
            } finally {
              log += 'cleaned up';
            }
          });
          yield* received.notified();
          yield* yieldNow();
          task.abort();
          assert.deepEqual(yield* gone, ['/stalls']);
          assert.equal(log, 'cleaned up');
          assert.equal(task.state, 'cancelled');
        }),
      ));

    test('a signal for the whole exchange ends a body that is streaming, and what reads it', () =>
      withBoth(
        make,
        coroutine(function* (server, get) {
          const gone = spawn(once<[string]>(server, 'gone'));
          let received = 0;
          const enough = new Notify();
          const exchange = withSignal(function* (signal) {
            const { body } = yield* get('/endless', signal);
            yield* body.forEach((part) => {
              received += part.length;
              if (received > 10 * CHUNK) enough.notifyOne();
            });
          });
          yield* race([enough.notified(), exchange]);
          assert.deepEqual(yield* gone, ['/endless']);
        }),
      ));

    test('a body that is left early closes its connection', () =>
      withBoth(
        make,
        coroutine(function* (server, get) {
          const gone = spawn(once<[string]>(server, 'gone'));
          const { body } = yield* get('/endless');
          const parts = yield* body.take(3).toArray();
          assert.equal(parts.length, 3);
          assert.deepEqual(yield* gone, ['/endless']);
          assert.equal(yield* body.next(), END);
        }),
      ));

    test('a server that breaks off in the middle is an error where the body is awaited', () =>
      withBoth(
        make,
        coroutine(function* (_server, get) {
          const { body } = yield* get('/breaks');
          let error: unknown;
          try {
            yield* text(body);
          } catch (thrown) {
            error = thrown;
          }
          assert.ok(error instanceof Error, String(error));
          const cause = (error.cause ?? error) as { code?: unknown };
          assert.equal(cause.code, 'UND_ERR_SOCKET');
        }),
      ));
  });
}
