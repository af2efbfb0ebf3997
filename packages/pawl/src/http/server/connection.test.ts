import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coroutine, sleep } from 'pawl';
import type { ServerRequest } from 'pawl/http';
import { ask, fakeServer, get, head, parse, parseAll, settle } from '../../../test/support/fake-server.ts';

const path = (request: ServerRequest): string => request.path;

const slow = coroutine(function* (request: ServerRequest) {
  yield* sleep(5);
  return request.path;
});

describe('a connection', () => {
  test('of HTTP/1.1 is kept, and says nothing about it', () => {
    fakeServer(path, function* ({ connect }) {
      const client = connect();
      for (const target of ['/one', '/two']) {
        const { status, reason, fields, rest } = parse(yield* ask(client, get(target)));
        assert.deepEqual([status, reason, rest], [200, 'OK', target]);
        assert.deepEqual(Object.keys(fields).sort(), ['content-length', 'content-type', 'date']);
      }
      assert.equal(client.ended, false);
    });
  });

  const ends: [name: string, request: string, connection: string | undefined][] = [
    ['HTTP/1.1 with Connection: close', get('/', 'Connection: close'), 'close'],
    ['a list with close in it, in any case', get('/', 'Connection: te, CLOSE'), 'close'],
    ['HTTP/1.0', head('GET / HTTP/1.0'), 'close'],
    ['HTTP/1.0 with keep-alive', head('GET / HTTP/1.0', 'Connection: Keep-Alive'), 'keep-alive'],
    ['HTTP/1.0 with both', head('GET / HTTP/1.0', 'Connection: keep-alive, close'), 'close'],
  ];
  for (const [name, request, connection] of ends) {
    test(`after ${name} says Connection: ${connection}, and does so`, () => {
      fakeServer(path, function* ({ connect }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, request)).fields['connection'], connection);
        assert.equal(client.closed, connection === 'close');
        assert.equal(client.aborted, false);
        if (connection === 'keep-alive') assert.equal(parse(yield* ask(client, request)).rest, '/');
      });
    });
  }

  test('ends after an answer that asks for it, when the client has ended its side', () => {
    fakeServer(
      () => ({ headers: { Connection: 'close' }, body: 'bye' }),
      function* ({ connect }) {
        const client = connect();
        const { fields, rest } = parse(yield* ask(client, get()));
        assert.deepEqual([fields['connection'], rest], ['close', 'bye']);
        assert.deepEqual([client.ended, client.closed], [true, false]);
        // What was on its way is read, so that no reset overtakes the answer.
        client.send(get('/more'));
        yield* settle();
        client.fin();
        yield* settle();
        assert.deepEqual([client.closed, client.aborted, client.read()], [true, false, '']);
      },
    );
  });

  test('answers pipelined requests in order, and writes the answers together', () => {
    fakeServer(path, function* ({ connect }) {
      const client = connect();
      const targets = Array.from({ length: 100 }, (_, at) => `/${at}`);
      const answers = parseAll(yield* ask(client, targets.map((target) => get(target)).join('')));
      assert.deepEqual(
        answers.map(({ content }) => content),
        targets,
      );
      assert.equal(client.writes, 1);
    });
  });

  test('keeps the order when some answers take time', () => {
    fakeServer(
      (request) => (request.path === '/slow' ? slow(request) : request.path),
      function* ({ connect }) {
        const client = connect();
        const targets = ['/a', '/slow', '/b', '/c', '/slow', '/d'];
        client.send(targets.map((target) => get(target)).join(''));
        yield* sleep(20);
        assert.deepEqual(
          parseAll(client.read()).map(({ content }) => content),
          targets,
        );
        // What is ready goes out; nothing waits for a slow answer that comes after it.
        assert.equal(client.writes, 3);
      },
    );
  });

  test('reads heads that come in pieces, and several in one piece', () => {
    fakeServer(path, function* ({ connect }) {
      const client = connect();
      const text = get('/a') + get('/b') + get('/c');
      for (const byte of text) {
        client.send(byte);
        yield* settle();
      }
      assert.deepEqual(
        parseAll(client.read()).map(({ content }) => content),
        ['/a', '/b', '/c'],
      );
    });
  });

  test('heads in pieces on two connections do not mix', () => {
    fakeServer(path, function* ({ connect }) {
      const [one, two] = [connect(), connect()];
      const [first, second] = [get('/first', 'X: 1'), get('/second', 'Y: 2')];
      for (let at = 0; at < Math.max(first.length, second.length); at++) {
        if (at < first.length) one.send(first[at] as string);
        if (at < second.length) two.send(second[at] as string);
        yield* settle();
      }
      assert.equal(parse(one.read()).rest, '/first');
      assert.equal(parse(two.read()).rest, '/second');
    });
  });

  test('passes over an empty line before a request', () => {
    fakeServer(path, function* ({ connect }) {
      assert.equal(parse(yield* ask(connect(), `\r\n${get('/x')}`)).rest, '/x');
    });
  });

  test('whose client has ended its side still gets its answers, and ends then', () => {
    fakeServer(slow, function* ({ connect }) {
      const client = connect();
      client.send(get('/a') + get('/b')).fin();
      yield* sleep(20);
      assert.deepEqual(
        parseAll(client.read()).map(({ content }) => content),
        ['/a', '/b'],
      );
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('that ends in the middle of a head is closed without an answer', () => {
    fakeServer(path, function* ({ connect }) {
      const client = connect();
      client.send('GET / HT').fin();
      yield* settle();
      assert.deepEqual([client.closed, client.aborted, client.read()], [true, false, '']);
    });
  });

  test('that is reset between requests ends quietly', () => {
    fakeServer(path, function* ({ connect, exchanges }) {
      const client = connect();
      yield* ask(client, get());
      client.reset();
      yield* settle();
      assert.deepEqual([client.closed, exchanges.length], [true, 1]);
    });
  });

  test('more than the limit wait in the queue until there is room', () => {
    fakeServer({ handler: path, limits: { connections: 2 } }, function* ({ connect, server, net }) {
      const clients = [connect(), connect(), connect(), connect()];
      for (const client of clients) client.send(get('/x'));
      yield* settle();
      assert.deepEqual([server.connectionCount, net.listener.queue.length], [2, 2]);
      assert.deepEqual(
        clients.map(({ writes }) => writes),
        [1, 1, 0, 0],
      );
      clients[0]?.fin();
      yield* settle();
      assert.deepEqual([server.connectionCount, net.listener.queue.length], [2, 1]);
      for (const client of clients) client.fin();
      yield* settle();
      assert.deepEqual(
        clients.map(({ writes }) => writes),
        [1, 1, 1, 1],
      );
      assert.equal(server.connectionCount, 0);
    });
  });

  test('a client that never reads stops its own requests from being read, at a bounded amount', () => {
    let handled = 0;
    const content = 'x'.repeat(1000);
    fakeServer(
      {
        handler: () => {
          handled++;
          return content;
        },
        timeouts: { send: 50 },
      },
      function* ({ connect }) {
        const client = connect();
        client.window = 0;
        for (let i = 0; i < 1000; i++) client.send(get());
        yield* settle();
        assert.ok(handled < 100, `${handled} answers are waiting`);
        client.take(Infinity);
        yield* settle();
        assert.equal(handled, 1000);
        assert.equal(parseAll(client.read()).length, 1000);
      },
    );
  });
});
