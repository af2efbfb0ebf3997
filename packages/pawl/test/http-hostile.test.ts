/** Clients that mean no good, or are merely unlucky: the server keeps serving the others, and its memory stays bounded. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { coroutine, fromPromise, run, sleep } from 'pawl';
import type { ServerRequest } from 'pawl/http';
import { TcpStream } from 'pawl/net';

import { stream } from 'pawl/stream';
import { FakeNet } from './support/fake-net.ts';
import { fakeServer, get, head, parse } from './support/fake-server.ts';
import type { RawClient } from './support/raw-client.ts';
import { descriptors, realServer } from './support/real-server.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use when everything that nobody has is gone: of the heap, and of buffers beside it. */
function used(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const KB = 1024;
const MB = 1024 * KB;

/** Somebody else is served, as always. */
async function others(connect: () => Promise<RawClient>): Promise<void> {
  const client = await connect();
  for (let i = 0; i < 10; i++) assert.equal((await client.send(get('/other')).answer()).content, 'served');
  client.fin();
}

const serving = (request: ServerRequest) =>
  request.path === '/read' ? request.body.text() : request.path === '/large' ? LARGE : 'served';
const LARGE = 'x'.repeat(4 * MB);

describe('the server goes on', () => {
  test('while two hundred clients send their heads byte by byte', async () => {
    await realServer({ handler: serving, timeouts: { head: 200 } }, async ({ connect, server }) => {
      const slow = await Promise.all(Array.from({ length: 200 }, async () => await connect()));
      const text = get('/slow', `X: ${'x'.repeat(100_000)}`);
      let at = 0;
      while (slow.some(({ ended }) => !ended)) {
        for (const client of slow) if (!client.ended) client.send(text[at % text.length] as string);
        at++;
        if (at % 20 === 0) await others(connect);
        await turn();
      }
      for (const client of slow) assert.match(await client.rest(), /^(HTTP\/1\.1 408 |$)/);
      while (server.connectionCount > 11 + at / 20) await turn();
    });
  });

  test('while clients ask for much and read nothing', async () => {
    await realServer({ handler: serving, timeouts: { send: 300 } }, async ({ connect, server }) => {
      const before = used();
      const deaf = await Promise.all(Array.from({ length: 50 }, async () => await connect()));
      for (const client of deaf) {
        client.socket.pause();
        client.send(get('/large').repeat(100));
      }
      await others(connect);
      // One answer of each is in hand, and no more of them is made.
      const grown = used() - before;
      assert.ok(grown < 50 * 5 * MB, `${grown / MB} MB`);
      while (server.connectionCount > 1) await turn();
      await others(connect);
    });
  });

  test('while content ends early, in every state of its coming', async () => {
    await realServer({ handler: serving }, async ({ connect, server }) => {
      const whole = `${head('POST /read HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`;
      for (let end = 1; end < whole.length; end++) {
        const [half, gone] = [await connect(), await connect()];
        half.send(whole.slice(0, end)).fin();
        gone.send(whole.slice(0, end));
        await turn();
        gone.reset();
        // A head that has not come whole cannot be answered.
        const text = await half.rest();
        if (end < whole.indexOf('\r\n\r\n') + 4) assert.equal(text, '');
        else assert.equal(parse(text).status, 400);
      }
      await others(connect);
      while (server.connectionCount > 0) await turn();
    });
  });

  test('while sockets are half open: some have ended their side, some say nothing', async () => {
    const handler = coroutine(function* (request: ServerRequest) {
      if (request.path === '/half') yield* sleep(30);
      return 'served';
    });
    await realServer({ handler, timeouts: { head: 100, idle: 100 } }, async ({ connect, server }) => {
      const silent = await Promise.all(Array.from({ length: 50 }, async () => await connect()));
      const ended = await Promise.all(
        Array.from({ length: 50 }, async () => (await connect()).send(get('/half')).fin()),
      );
      await others(connect);
      for (const client of ended) assert.equal(parse(await client.rest()).rest, 'served');
      for (const client of silent) assert.equal(await client.rest(), '');
      while (server.connectionCount > 0) await turn();
    });
  });

  test('while clients come, ask and go at every moment', async () => {
    const before = descriptors();
    const handler = (request: ServerRequest) => ({
      body: stream<string>(function* (emit) {
        yield* emit(yield* request.body.text());
        for (let i = 0; i < 5; i++) {
          yield* sleep(1);
          yield* emit('more');
        }
      }),
    });
    await realServer({ handler }, async ({ connect, server }) => {
      for (let round = 0; round < 30; round++) {
        const clients = await Promise.all(Array.from({ length: 10 }, async () => await connect()));
        for (const [at, client] of clients.entries()) {
          client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`.slice(0, 20 + at * round));
        }
        for (let i = 0; i < round % 7; i++) await turn();
        for (const client of clients) client.reset();
      }
      while (server.connectionCount > 0) await turn();
    });
    assert.ok(descriptors() <= before, 'descriptors are left');
  });
});

/** What a number of connections costs, each, and that all of them are there. */
function costOf(count: number, open: (net: FakeNet) => void): number {
  let each = 0;
  fakeServer({ handler: () => 'x', timeouts: { idle: 1e6, head: 1e6 } }, function* ({ net, server }) {
    open(net);
    yield* sleep(1);
    const before = used();
    for (let i = 0; i < count; i++) open(net);
    yield* sleep(1);
    each = (used() - before) / count;
    assert.equal(server.connectionCount, count + 1);
    for (const client of net.connections) client.fin();
  });
  return each;
}

describe('memory', () => {
  // The network of these tests has its own share in each figure: a connection of it, and what it was sent and has received.
  test('of an idle connection is small, whether it has asked for something or not', () => {
    const fresh = costOf(2000, (net) => net.connect());
    const used = costOf(2000, (net) => net.connect().send(get()));
    assert.ok(fresh < 4 * KB, `${fresh} bytes`);
    assert.ok(used < 5 * KB, `${used} bytes`);
  });

  test('of a head that comes slowly is not much more than what has come of it', () => {
    const part = get('/', `X: ${'x'.repeat(4000)}`).slice(0, -2);
    const each = costOf(500, (net) => net.connect().send(part));
    assert.ok(each < 4 * part.length + 6 * KB, `${each} bytes`);
  });

  test('of requests that nobody answers yet does not grow with what comes behind them', () => {
    const handler = coroutine(function* () {
      yield* sleep(1000);
      return 'x';
    });
    fakeServer(handler, function* ({ connect }) {
      const client = connect();
      client.send(get());
      yield* sleep(1);
      const text = get('/', `X: ${'x'.repeat(1000)}`);
      for (let i = 0; i < 500; i++) {
        client.send(text);
        yield* sleep(1);
      }
      assert.equal(client.unread, 500 * text.length);
      client.reset();
    });
  });
});

test('ten thousand idle connections leave the server free for others', async (t) => {
  const limit = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  // Both ends of each are this process's.
  const count = Math.min(10_000, Math.floor((limit - descriptors() - 100) / 2));
  if (count < 10_000) t.diagnostic(`only ${count}: the process may have ${limit} descriptors`);
  await realServer({ handler: serving, timeouts: { head: 300_000, idle: 300_000 } }, async ({ connect, server }) => {
    const program = function* () {
      const idle: TcpStream[] = [];
      try {
        for (let i = 0; i < count; i++) idle.push(yield* TcpStream.connect(server.address));
        while (server.connectionCount < count) yield* sleep(1);
        yield* fromPromise(others(connect));
        // One of them wakes up.
        const one = idle[count >> 1] as TcpStream;
        yield* one.writeAll(new TextEncoder().encode(get()));
        const buffer = new Uint8Array(1000);
        const got = yield* one.read(buffer);
        assert.equal(parse(new TextDecoder().decode(buffer.subarray(0, got))).rest, 'served');
        assert.ok(server.connectionCount >= count);
        yield* server.close();
        for (const connection of idle) assert.equal(yield* connection.read(buffer), 0);
      } finally {
        for (const connection of idle) connection.close();
      }
    };
    // Ten thousand connections take their time, which would be reported.
    await run(program, { mode: 'production' });
  });
});
