import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { coroutine, run } from 'pawl';
import { TcpListener } from 'pawl/net';
import { parseHead } from './request.ts';
import { serve } from './server.ts';

describe('the head of a request', () => {
  const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: x`;

  test('that follows the grammar is understood', () => {
    assert.deepEqual(parseHead(get('/250/hello')), { delay: 250, message: 'hello' });
    assert.deepEqual(parseHead(get('/0/caf%C3%A9%20au%20lait')), { delay: 0, message: 'café au lait' });
    assert.deepEqual(parseHead('GET /1/a HTTP/1.0'), { delay: 1, message: 'a' });
  });

  const refused: [string, number, string][] = [
    ['without a version', 400, 'GET /1/a\r\nHost: x'],
    ['with two spaces', 400, 'GET  /1/a HTTP/1.1\r\nHost: x'],
    ['with a lower-case protocol', 400, 'GET /1/a http/1.1\r\nHost: x'],
    ['with a method that is no token', 400, 'G(T /1/a HTTP/1.1\r\nHost: x'],
    ['of HTTP/2', 505, 'GET /1/a HTTP/2.0\r\nHost: x'],
    ['with another method', 405, 'POST /1/a HTTP/1.1\r\nHost: x'],
    ['without a host', 400, 'GET /1/a HTTP/1.1'],
    ['with two hosts', 400, 'GET /1/a HTTP/1.1\r\nHost: x\r\nhost: y'],
    ['with a folded field', 400, 'GET /1/a HTTP/1.1\r\nHost: x\r\n more'],
    ['with a field without a name', 400, 'GET /1/a HTTP/1.1\r\nHost: x\r\n: y'],
    ['with a bare line feed', 400, 'GET /1/a HTTP/1.1\r\nHost: x\nA: b'],
    ['with another path', 404, get('/')],
    ['with a negative delay', 404, get('/-1/a')],
    ['with a message of two segments', 404, get('/1/a/b')],
    ['without a message', 404, get('/1/')],
    ['with a delay that is too long', 400, get('/1800001/a')],
    ['with broken percent-encoding', 400, get('/1/%ff')],
  ];
  for (const [what, status, head] of refused) {
    test(`${what} is refused with ${status}`, () => {
      const parsed = parseHead(head);
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
    const { promise, resolve } = Promise.withResolvers<TcpListener>();
    const main = coroutine(function* () {
      const listener = yield* TcpListener.bind(0);
      resolve(listener);
      yield* serve(listener, (line) => {
        log.push(line);
        lines.emit(line);
      });
    });
    const ended = run(main);
    const listener = await promise;
    const logged = async (line: string): Promise<void> => {
      if (!log.includes(line)) await once(lines, line);
    };
    const result = await client({ port: listener.localAddress.port, logged });
    listener.close();
    await ended;
    return { result, log };
  }

  test("answers Node's fetch", async () => {
    const { result, log } = await serving(async ({ port }) => {
      const response = await fetch(`http://127.0.0.1:${port}/5/h%C3%A9llo`);
      return [response.status, response.headers.get('content-type'), await response.text()];
    });
    assert.deepEqual(result, [200, 'text/plain; charset=utf-8', 'héllo']);
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

  test('takes a head in pieces, and refuses one without end', async () => {
    const { result } = await serving(async ({ port }) => {
      const pieces = connect(port, '127.0.0.1').setNoDelay();
      for (const piece of ['GET /1/sl', 'ow HTTP/1.1\r\nHost: x\r', '\n\r', '\n']) {
        await new Promise((sent) => pieces.write(piece, sent));
      }
      const endless = connect(port, '127.0.0.1');
      endless.write(`GET /1/a HTTP/1.1\r\nHost: ${'x'.repeat(8192 - 25)}`);
      return Promise.all([text(pieces), text(endless)]);
    });
    assert.match(result[0], /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nslow$/);
    assert.match(result[1], /^HTTP\/1\.1 431 /);
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
