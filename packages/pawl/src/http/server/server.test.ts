import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blockOn, coroutine, type PawlError, scope, sleep, spawn, yieldNow } from 'pawl';
import { serve, type ServerRequest } from 'pawl/http';
import { stream } from 'pawl/stream';
import { FakeNet } from '../../../test/support/fake-net.ts';
import { ask, fakeServer, get, head, parse, parseAll, settle } from '../../../test/support/fake-server.ts';

/** Answers after as many milliseconds as the path says, and notes what becomes of it. */
const slow = (events: string[] = []) =>
  coroutine(function* ({ path, signal }: ServerRequest) {
    signal.addEventListener('abort', () => events.push('signal'));
    try {
      yield* sleep(Number(path.slice(1)));
      return path;
    } finally {
      yield* sleep(1);
      events.push(path);
    }
  });

describe('closing a server', () => {
  test('stops accepting, and closes idle connections at once', () => {
    fakeServer(
      () => 'x',
      function* ({ connect, net, server }) {
        const [fresh, used] = [connect(), connect()];
        yield* ask(used, get());
        const before = net.time;
        yield* server.close();
        assert.ok(net.time - before <= 1);
        const late = connect();
        for (const client of [fresh, used]) assert.deepEqual([client.closed, client.aborted], [true, false]);
        assert.equal(late.polls, 0);
      },
    );
  });

  test('lets what is under way be answered, and says that the connection ends', () => {
    const events: string[] = [];
    fakeServer(slow(events), function* ({ connect, net, server }) {
      const client = connect();
      client.send(get('/100'));
      yield* settle();
      const before = net.time;
      spawn(function* () {
        yield* sleep(150);
        client.fin();
      });
      yield* server.close({ deadline: 1000 });
      assert.ok(net.time - before < 200);
      const { fields, rest } = parse(client.read());
      assert.deepEqual([rest, fields['connection'], events], ['/100', 'close', ['/100']]);
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('lets content that has begun come to its end', () => {
    const body = () =>
      stream<string>(function* (emit) {
        for (let at = 0; at < 5; at++) {
          yield* emit(String(at));
          yield* sleep(20);
        }
      });
    fakeServer(
      () => ({ body: body() }),
      function* ({ connect, server }) {
        const client = connect();
        client.send(get());
        yield* settle();
        client.fin();
        yield* server.close();
        assert.equal(parseAll(client.read())[0]?.content, '01234');
      },
    );
  });

  test('answers what had come before, also when it was not yet read', () => {
    fakeServer(slow(), function* ({ connect, server }) {
      const clients = [connect(), connect()];
      yield* settle();
      // In the kernel's buffer when the server begins to close.
      for (const client of clients) client.send(get('/10')).fin();
      yield* server.close();
      for (const client of clients) assert.equal(parse(client.read()).rest, '/10');
    });
  });

  test('waits for a head that has begun, as for any', () => {
    fakeServer(slow(), function* ({ connect, server }) {
      const client = connect();
      client.send('GET /1 HTTP/1.1\r\n');
      yield* settle();
      spawn(function* () {
        yield* sleep(20);
        client.send('Host: a\r\n\r\n').fin();
      });
      yield* server.close();
      assert.equal(parse(client.read()).rest, '/1');
    });
  });

  test('takes no further request of a connection that it has told so', () => {
    let handled = 0;
    fakeServer(
      coroutine(function* () {
        handled++;
        yield* sleep(50);
        return 'x';
      }),
      function* ({ connect, server }) {
        const client = connect();
        client.send(get() + get()).fin();
        yield* settle();
        yield* server.close();
        assert.deepEqual([handled, parseAll(client.read()).length], [1, 1]);
        assert.equal(client.aborted, false);
      },
    );
  });

  test('cancels at the deadline what is left, and waits for its cleanup', () => {
    const events: string[] = [];
    fakeServer(slow(events), function* ({ connect, net, server, exchanges }) {
      const clients = [connect(), connect(), connect()];
      clients[0]?.send(get('/60000'));
      clients[1]?.send(get('/60000'));
      clients[2]?.send('GET / HT');
      yield* settle();
      const before = net.time;
      yield* server.close({ deadline: 500 });
      assert.ok(net.time - before >= 500 && net.time - before < 510);
      assert.deepEqual(events, ['signal', 'signal', '/60000', '/60000']);
      assert.deepEqual(
        exchanges.map(({ complete }) => complete),
        [false, false],
      );
      assert.ok(clients.every(({ closed }) => closed));
    });
  });

  test('resets a connection in the middle of an answer, so that nobody takes it for whole', () => {
    fakeServer(
      () => ({
        body: stream<string>(function* (emit) {
          yield* emit('begun');
          yield* sleep(60_000);
        }),
      }),
      function* ({ connect, server }) {
        const client = connect();
        client.send(head('GET / HTTP/1.0'));
        yield* settle();
        assert.equal(parse(client.read()).rest, 'begun');
        yield* server.close({ deadline: 0 });
        assert.deepEqual([client.closed, client.aborted], [true, true]);
      },
    );
  });

  test('may be asked for by a handler, which is then cancelled at the deadline', () => {
    const servers: { close: (options: { deadline: number }) => ReturnType<typeof sleep> }[] = [];
    fakeServer(
      coroutine(function* () {
        yield* (servers[0] as (typeof servers)[0]).close({ deadline: 20 });
        return 'never';
      }),
      function* ({ connect, server, errors }) {
        servers.push(server);
        const client = connect();
        client.send(get());
        yield* server.closed;
        assert.ok(client.closed);
        // The two wait for each other until then, and that is reported.
        assert.ok(errors.splice(0).every((report) => (report as PawlError).code === 'DEADLOCK'));
      },
    );
  });

  test('may be asked for twice, and by several', () => {
    fakeServer(slow(), function* ({ connect, server }) {
      const client = connect();
      client.send(get('/50')).fin();
      yield* settle();
      yield* scope(function* (tasks) {
        for (const deadline of [1000, 2000, Infinity]) tasks.spawn(server.close({ deadline }));
      });
      yield* server.close();
      assert.equal(parse(client.read()).rest, '/50');
    });
  });

  test('refuses a deadline that is none', () => {
    fakeServer(slow(), function* ({ server }) {
      for (const deadline of [-1, Number.NaN, '1']) {
        assert.throws(() => server.close({ deadline: deadline as number }), { code: 'BAD_ARGUMENT' });
      }
    });
  });
});

test('a server ends with the scope that it was started in, and cancels what it does', () => {
  const net = new FakeNet();
  const events: string[] = [];
  blockOn(
    function* () {
      yield* scope(function* () {
        yield* serve({ handler: slow(events) });
        net.connect().send(get('/60000'));
        net.connect().send(get('/0') + get('/60000'));
        net.connect();
        yield* sleep(10);
      });
      assert.deepEqual(events, ['/0', 'signal', 'signal', '/60000', '/60000']);
    },
    { driver: net },
  );
  net.checkClean();
});

test('a connection whose task is aborted before it begins is closed', () => {
  const net = new FakeNet();
  blockOn(
    function* () {
      const server = yield* serve({ handler: () => 'x' });
      yield* sleep(1);
      const client = net.connect();
      // As soon as it is there: its task has not been polled then.
      while (server.connectionCount === 0) yield* yieldNow();
      server.task?.abort('now');
      yield* server.closed;
      assert.equal(server.connectionCount, 0);
      assert.ok(client.closed);
    },
    { driver: net },
  );
  net.checkClean();
});

test('a server says where it listens', () => {
  fakeServer(slow(), function* ({ server }) {
    assert.deepEqual([server.port, server.url, server.address.host], [80, 'http://127.0.0.1:80', '127.0.0.1']);
  });
});

test('bad options are refused at once', () => {
  const handler = (): string => 'x';
  const bad: [options: object, message: RegExp][] = [
    [() => 'x', /serve takes its options/],
    [{}, /neither/],
    [{ handler, hostname: '0.0.0.0' }, /it is called `host`/],
    [{ handler, onError: 5 }, /onError must be a function/],
    [{ handler, fetch: handler }, /both/],
    [{ handler: 'x' }, /no function/],
    [{ handler, limits: { body: 0 } }, /limits\.body/],
    [{ handler, limits: { boddy: 1 } }, /no limits\.boddy/],
    [{ handler, timeouts: { head: -1 } }, /timeouts\.head/],
    [{ handler, timeouts: { idle: '5' } }, /timeouts\.idle/],
  ];
  for (const [options, message] of bad) {
    assert.throws(
      () => serve(options as Parameters<typeof serve>[0]),
      (error: PawlError) => error.code === 'BAD_ARGUMENT' && message.test(error.message),
    );
  }
});
