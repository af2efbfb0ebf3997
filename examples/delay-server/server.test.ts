import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { coroutine, run } from 'pawl';
import type { Server } from 'pawl/http';
import { parse } from './request.ts';
import { delayServer } from './server.ts';
import { startDelayServer } from './thread.ts';

describe('a request', () => {
  test('for a message after a delay is understood', () => {
    assert.deepEqual(parse('GET', '/250/hello'), { delay: 250, message: 'hello' });
    assert.deepEqual(parse('GET', '/0/caf%C3%A9%20au%20lait'), { delay: 0, message: 'café au lait' });
  });

  const refused: [string, number, string, string][] = [
    ['with another method', 405, 'POST', '/1/a'],
    ['for another path', 404, 'GET', '/'],
    ['with a negative delay', 404, 'GET', '/-1/a'],
    ['with a message of two segments', 404, 'GET', '/1/a/b'],
    ['without a message', 404, 'GET', '/1/'],
    ['with a query', 404, 'GET', '/1/a?b'],
    ['with a delay that is too long', 400, 'GET', '/1800001/a'],
    ['with broken percent-encoding', 400, 'GET', '/1/%ff'],
  ];
  for (const [what, status, method, target] of refused) {
    test(`${what} is refused with ${status}`, () => {
      const parsed = parse(method, target);
      assert.equal('status' in parsed ? parsed.status : undefined, status);
    });
  }
});

describe('the server', () => {
  interface Served {
    readonly port: number;
    /** Settles once the server has logged the line. */
    readonly logged: (line: string) => Promise<void>;
  }

  /** Runs the server while `client` uses it, until it has ended; gives the client's result and the log. */
  async function serving<T>(client: (served: Served) => Promise<T>): Promise<{ result: T; log: string[] }> {
    const log: string[] = [];
    const lines = new EventEmitter();
    const { promise, resolve } = Promise.withResolvers<Server>();
    const main = coroutine(function* () {
      const server = yield* delayServer((line) => {
        log.push(line);
        lines.emit(line);
      });
      resolve(server);
      yield* server.closed;
    });
    const ended = run(main);
    const server = await promise;
    const logged = async (line: string): Promise<void> => {
      if (!log.includes(line)) await once(lines, line);
    };
    const result = await client({ port: server.port, logged });
    await server.close();
    await ended;
    return { result, log };
  }

  test("answers Node's fetch", async () => {
    const { result, log } = await serving(async ({ port }) => {
      const response = await fetch(`http://127.0.0.1:${port}/5/h%C3%A9llo`);
      return [response.status, response.headers.get('content-type'), await response.text()];
    });
    assert.deepEqual(result, [200, 'text/plain;charset=utf-8', 'héllo']);
    assert.deepEqual(log, ['#1 - 5ms: héllo']);
  });

  test('refuses what it does not understand, and goes on', async () => {
    const { result, log } = await serving(async ({ port }) => {
      const posted = await fetch(`http://127.0.0.1:${port}/1/a`, { method: 'POST' });
      const good = await fetch(`http://127.0.0.1:${port}/1/b`);
      return [posted.status, posted.headers.get('allow'), await good.text()];
    });
    assert.deepEqual(result, [405, 'GET', 'b']);
    assert.deepEqual(log, ['#1 - refused with 405: only GET is served', '#2 - 1ms: b']);
  });

  for (const how of ['end', 'resetAndDestroy'] as const) {
    test(`answers one while another waits, and stops waiting when that one's client has gone (${how})`, async () => {
      const { result, log } = await serving(async ({ port, logged }) => {
        const client = connect(port, '127.0.0.1');
        client.write('GET /600000/never HTTP/1.1\r\nHost: x\r\n\r\n');
        await logged('#1 - 600000ms: never');
        const other = await (await fetch(`http://127.0.0.1:${port}/1/soon`)).text();
        client[how]();
        await logged('#1 - the client has closed the connection: nothing left to do');
        client.destroy();
        return other;
      });
      assert.equal(result, 'soon');
      assert.deepEqual(log.slice(0, 2), ['#1 - 600000ms: never', '#2 - 1ms: soon']);
    });
  }

  test('a client that goes before its request is whole is no failure', async () => {
    const { log } = await serving(async ({ port }) => {
      const client = connect(port, '127.0.0.1');
      client.end('GET /1');
      assert.equal(await text(client), '');
    });
    assert.deepEqual(log, []);
  });
});

describe('the server on a thread of its own', () => {
  test('answers a thread that blocks meanwhile, and tells its log at the end', async () => {
    await using server = await startDelayServer();
    const answer = fetch(`${server.url}/1/hello`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    assert.equal(await (await answer).text(), 'hello');
    assert.deepEqual(await server.close(), ['#1 - 1ms: hello']);
    assert.deepEqual(await server.close(), ['#1 - 1ms: hello']);
  });
});
