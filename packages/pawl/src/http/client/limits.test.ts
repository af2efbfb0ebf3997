/** Timeouts, signals and cancellation: they stop the work, and nothing is left of it. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  answering,
  eventually,
  nodeServer,
  ok,
  rawServer,
  type TestServer,
} from '../../../test/support/http-servers.ts';
import { cancelEverywhere, type Watch } from '../../../test/support/cancel-everywhere.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { join } from '../../future/join.ts';
import { fromPromise } from '../../node/promise.ts';
import '../../task/ambient.ts';
import { run } from '../../task/run.ts';
import { timeout } from '../../time/timeout.ts';
import { sleep } from '../../time/sleep.ts';
import { END, type End, type Source } from '../../stream/source.ts';
import { Stream } from '../../stream/stream.ts';
import { Client } from './client.ts';
import type { RequestOptions } from './options.ts';

const textOf: (client: Client, url: string, options?: RequestOptions) => Future<string> = coroutine(function* (
  client: Client,
  url: string,
  options?: RequestOptions,
): Steps<string> {
  using response = yield* client.request(url, options);
  return yield* response.text();
});

/** Says a part of an answer and then nothing. */
const silent = (text: string): Promise<TestServer> =>
  rawServer(async (line) => {
    await line.head();
    line.say(text);
    await line.gone();
    line.socket.end();
  });

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ntea';

/** What it fails with; then no connection may be open. */
const failure = async (server: TestServer, options: RequestOptions): Promise<unknown> => {
  using client = new Client({ proxy: null, connections: 1 });
  return await run(function* () {
    try {
      yield* textOf(client, server.url, options);
    } catch (error) {
      assert.deepEqual(client.connections, { open: 0, idle: 0, waiting: 0 });
      return error;
    }
    return assert.fail('it has not failed');
  });
};

const TIMEOUT = { code: 'TIMEOUT' };

describe('a timeout', () => {
  const rejects = async (text: string, options: RequestOptions, message: RegExp): Promise<void> => {
    await using server = await silent(text);
    const error = await failure(server, options);
    assert.throws(
      () => {
        throw error;
      },
      { ...TIMEOUT, message },
    );
  };

  test('ends waiting for the head', () =>
    rejects('HTTP/1.1 200', { headTimeout: 5 }, /nothing of a response came for 5 ms/));
  test('ends waiting for content', () => rejects(HALF, { bodyTimeout: 5 }, /no more of the response came for 5 ms/));
  test('ends all of it before the head', () => rejects('', { timeout: 5 }, /did not answer within 5 ms/));
  test('ends all of it in the content', () => rejects(HALF, { timeout: 30 }, /did not come whole in time/));

  test('ends a connect', async () => {
    await using server = await silent('');
    using proxied = new Client({ proxy: server.url, connectTimeout: 5 });
    await assert.rejects(run(textOf(proxied, 'https://nowhere.test/')), {
      ...TIMEOUT,
      message: /connecting to nowhere\.test took more than 5 ms/,
    });
    assert.deepEqual(proxied.connections, { open: 0, idle: 0, waiting: 0 });
  });

  test('ends waiting for a connection of the pool', async () => {
    await using server = await silent(HALF);
    using client = new Client({ proxy: null, connections: 1 });
    await run(function* () {
      using held = yield* client.get(server.url);
      assert.equal(held.status, 200);
      yield* assertFails(textOf(client, server.url, { timeout: 5 }), 'TIMEOUT');
      assert.deepEqual(client.connections, { open: 1, idle: 0, waiting: 0 });
    });
  });

  test('of the head does not count while content is slow in being given', async () => {
    await using server = await nodeServer((incoming, outgoing) => {
      incoming.pipe(outgoing);
    });
    using client = new Client({ proxy: null });
    const slow = new Stream(paused('tea', 30));
    assert.equal(await run(textOf(client, server.url, { method: 'POST', body: slow, headTimeout: 10 })), 'tea');
  });

  test('that is long enough changes nothing, and leaves no timer', async () => {
    await using server = await answering(ok('tea'));
    using client = new Client({ proxy: null });
    await run(function* () {
      const limits = { timeout: 60_000, headTimeout: 60_000, bodyTimeout: 60_000, connectTimeout: 60_000 };
      assert.equal(yield* textOf(client, server.url, limits), 'tea');
      assert.equal(yield* textOf(client, server.url, { timeout: Infinity, headTimeout: Infinity }), 'tea');
    });
  });
});

/** One piece, after a while. */
function paused(piece: string, ms: number): Source<string> {
  let given = false;
  const next = coroutine(function* (): Steps<string | End> {
    if (given) return END;
    yield* sleep(ms);
    given = true;
    return piece;
  });
  return { next, close: () => sleep(0) };
}

const assertFails: (future: Future<unknown>, code: string) => Future<void> = coroutine(function* (
  future: Future<unknown>,
  code: string,
): Steps<void> {
  try {
    yield* future;
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, code);
    return;
  }
  assert.fail(`${code} was expected`);
});

describe('a signal', () => {
  test('that is aborted already stops the request before it begins', async () => {
    await using server = await answering(ok('tea'));
    assert.equal(await failure(server, { signal: AbortSignal.abort('enough') }), 'enough');
    assert.equal(server.connections, 0);
  });

  test('stops it wherever it stands, with its reason', async () => {
    for (const text of ['', 'HTTP/1.1 200', HALF]) {
      await using server = await rawServer(async (line) => {
        await line.head();
        line.say(text);
        controller.abort('enough');
      });
      const controller = new AbortController();
      assert.equal(await failure(server, { signal: controller.signal }), 'enough');
    }
  });

  test('that is never aborted keeps no listener', async () => {
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    const during: number[] = [];
    await using server = await nodeServer((_, outgoing) => {
      during.push(listeners());
      outgoing.write('a');
      outgoing.end('b');
    });
    using client = new Client({ proxy: null });
    assert.equal(await run(textOf(client, server.url, { signal })), 'ab');
    assert.deepEqual([during, listeners()], [[1], 0]);
  });
});

describe('a response that nobody wants', () => {
  const leave = async (text: string, ends: (client: Client, url: string) => Future<unknown>): Promise<number> => {
    await using server = await rawServer(async (line) => {
      while ((await line.head()) !== null) line.say(text);
      line.socket.end();
    });
    using client = new Client({ proxy: null });
    await run(ends(client, server.url));
    return client.connections.idle;
  };
  const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n';

  test('gives its connection back if it has come whole, and closes it otherwise', async () => {
    const discard = coroutine(function* (client: Client, url: string): Steps<void> {
      using _response = yield* client.get(url);
    });
    assert.equal(await leave(ok('tea'), discard), 1);
    assert.equal(await leave(CHUNKED, discard), 1);
    assert.equal(await leave(HALF, discard), 0);
    assert.equal(await leave(CHUNKED.slice(0, -2), discard), 0);
  });

  test('is let go of by a reading that is cancelled', async () => {
    const cut = coroutine(function* (client: Client, url: string): Steps<void> {
      const response = yield* client.get(url);
      yield* assertFails(timeout(5, response.text()), 'TIMEOUT');
      assert.equal(client.connections.open, 0);
      yield* assertFails(response.text(), 'BODY_USED');
    });
    assert.equal(await leave(HALF, cut), 0);
  });
});

describe('cancelled at any suspension', () => {
  const leavesNothing = (
    title: string,
    program: (client: Client, url: string, watch: Watch) => Future<unknown>,
    server: () => Promise<TestServer>,
    least: number,
  ): void => {
    void test(title, async () => {
      await using peer = await server();
      const suspensions = await cancelEverywhere(
        function* (watch) {
          using client = new Client({ proxy: null, connections: 2 });
          try {
            yield* program(client, peer.url, watch);
          } finally {
            assert.equal(client.connections.waiting, 0);
            client.close();
          }
          assert.deepEqual(client.connections, { open: 0, idle: 0, waiting: 0 });
        },
        { settle: () => eventually(() => peer.sockets.size === 0) },
      );
      assert.ok(suspensions >= least, `${suspensions} suspensions`);
    });
  };
  const echo = (): Promise<TestServer> => nodeServer((incoming, outgoing) => incoming.pipe(outgoing));

  leavesNothing(
    'a request',
    (client, url) => textOf(client, url),
    () => answering(ok('tea')),
    2,
  );
  leavesNothing(
    'a request with limits',
    (client, url) => textOf(client, url, { timeout: 60_000, signal: new AbortController().signal }),
    () => answering(ok('tea')),
    2,
  );
  leavesNothing(
    'more requests than connections',
    (client, url, watch) => join(Array.from({ length: 5 }, () => watch(textOf(client, url)))),
    () => answering(ok('tea')),
    8,
  );
  leavesNothing(
    'a long upload and its echo',
    (client, url) => textOf(client, url, { method: 'POST', body: new Uint8Array(3_000_000) }),
    echo,
    3,
  );
  leavesNothing(
    'an upload in pieces',
    (client, url, watch) => watch(textOf(client, url, { method: 'POST', body: new Stream(paused('tea', 1)) })),
    echo,
    3,
  );
  leavesNothing(
    'an upload that waits for the server to ask',
    (client, url) => textOf(client, url, { method: 'POST', body: ['a', 'b'], expectContinue: true }),
    echo,
    3,
  );
  leavesNothing(
    'a fetch of a Request with a body',
    (client, url) =>
      coroutine(function* (): Steps<string> {
        const response = yield* client.fetch(new Request(url, { method: 'POST', body: 'tea' }));
        return yield* fromPromise(response.text());
      })(),
    echo,
    3,
  );
  leavesNothing(
    'compressed content',
    (client, url) => textOf(client, url),
    () =>
      nodeServer((_, outgoing) => {
        outgoing.setHeader('Content-Encoding', 'gzip');
        outgoing.end(gzipSync('tea '.repeat(100_000)));
      }),
    3,
  );
  leavesNothing(
    'a redirect',
    (client, url) => textOf(client, url),
    () =>
      nodeServer((incoming, outgoing) => {
        if (incoming.url === '/') outgoing.writeHead(302, { location: '/to' });
        outgoing.end('x'.repeat(100_000));
      }),
    3,
  );
});
