import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coroutine, type PawlError, race, ready, sleep, spawn, type Future } from 'pawl';
import type { Answer, Handled, ServerRequest } from 'pawl/http';
import { Stream, stream } from 'pawl/stream';
import { ask, fakeServer, get, head, parse, parseAll, settle } from '../../../test/support/fake-server.ts';

const oops = new Error('oops');
const thrower = (error: unknown = oops): never => {
  throw error;
};

describe('a handler', () => {
  const forms: [name: string, make: () => Handled][] = [
    ['a value', () => 'x'],
    ['a future that is ready', () => ready<Answer>('x')],
    [
      'a future that takes time',
      () =>
        coroutine(function* () {
          yield* sleep(5);
          return 'x';
        })(),
    ],
    [
      'a generator',
      function* () {
        yield* sleep(5);
        return 'x';
      },
    ],
    ['a future of parts in pieces', () => ready<Answer>({ body: Stream.of('x') })],
  ];
  for (const [name, make] of forms) {
    test(`may give ${name}`, () => {
      fakeServer(make, function* ({ connect }) {
        const client = connect();
        client.send(get() + get());
        yield* sleep(20);
        assert.deepEqual(
          parseAll(client.read()).map(({ content }) => content),
          ['x', 'x'],
        );
      });
    });
  }

  const throwers: [name: string, make: () => Handled][] = [
    ['at once', thrower],
    [
      'in a future, at once',
      coroutine(function* () {
        return thrower();
      }),
    ],
    [
      'in a future, later',
      coroutine(function* () {
        yield* sleep(5);
        return thrower();
      }),
    ],
    [
      'in a generator',
      function* () {
        yield* sleep(5);
        return thrower();
      },
    ],
    [
      'when a task that it has spawned fails',
      coroutine(function* () {
        spawn(function* () {
          yield* sleep(1);
          thrower();
        });
        yield* sleep(60_000);
        return 'never';
      }),
    ],
  ];
  for (const [name, make] of throwers) {
    test(`that throws ${name} is told, the client gets 500 and no more, and the connection is kept`, () => {
      fakeServer(
        (request) => (request.path === '/well' ? 'well' : make()),
        function* ({ connect, errors, exchanges }) {
          const client = connect();
          client.send(get('/') + get('/well'));
          yield* sleep(20);
          assert.deepEqual(
            parseAll(client.read()).map(({ status, content }) => [status, content]),
            [
              [500, 'Internal Server Error\n'],
              [200, 'well'],
            ],
          );
          assert.deepEqual(errors.splice(0), [oops]);
          assert.deepEqual(
            exchanges.map(({ status, complete }) => [status, complete]),
            [
              [500, true],
              [200, true],
            ],
          );
        },
      );
    });
  }

  const breaking: [name: string, body: () => Stream<string>, sent: string][] = [
    [
      'before its first piece',
      () =>
        stream(function* () {
          yield* sleep(1);
          thrower();
        }),
      '',
    ],
    [
      'after its first piece',
      () =>
        stream<string>(function* (emit) {
          yield* emit('one');
          thrower();
        }),
      '3\r\none\r\n',
    ],
  ];
  for (const [name, body, sent] of breaking) {
    test(`whose content throws ${name} breaks the connection, so that nobody takes it for whole`, () => {
      fakeServer(
        () => ({ body: body() }),
        function* ({ connect, errors, exchanges }) {
          const client = connect();
          client.send(get() + get());
          yield* sleep(20);
          assert.equal(parse(client.read()).rest, sent);
          assert.deepEqual([client.closed, client.aborted], [true, true]);
          assert.deepEqual(errors.splice(0), [oops]);
          assert.deepEqual(
            exchanges.map(({ complete }) => complete),
            [false],
          );
        },
      );
    });
  }

  test('whose trailers throw breaks the connection', () => {
    fakeServer(
      () => ({ body: Stream.of('x'), trailers: thrower }),
      function* ({ connect, errors }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, get())).rest, '1\r\nx\r\n');
        assert.deepEqual([client.closed, client.aborted], [true, true]);
        assert.deepEqual(errors.splice(0), [oops]);
      },
    );
  });

  test('that does not know tunnels opens none', () => {
    let closed = 0;
    const body = () =>
      stream<string>(function* () {
        yield* ready(undefined);
        closed++;
      });
    for (const answer of ['x', new Uint8Array(1), { body: 'x' }, () => ({ body: body() })]) {
      fakeServer(
        () => (typeof answer === 'function' ? answer() : answer),
        function* ({ connect }) {
          const client = connect();
          const { status, fields } = parse(yield* ask(client, head('CONNECT a:1 HTTP/1.1', 'Host: a:1')));
          assert.deepEqual([status, fields['connection']], [501, 'close']);
          client.fin();
        },
      );
    }
    assert.equal(closed, 0);
  });
});

describe('a client that goes away', () => {
  /** Notes what becomes of it. */
  const patient = (events: string[], wait: (request: ServerRequest) => Future<unknown>) =>
    coroutine(function* (request: ServerRequest) {
      request.signal.addEventListener('abort', () =>
        events.push(`signal ${(request.signal.reason as PawlError).code}`),
      );
      try {
        yield* wait(request);
        return 'done';
      } finally {
        yield* sleep(10);
        events.push('cleaned up');
      }
    });
  const GONE = ['signal CLIENT_GONE', 'cleaned up'];
  const post = head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 6');

  const waits: [name: string, text: string, wait: (request: ServerRequest) => Future<unknown>][] = [
    ['while the handler waits', get(), () => sleep(60_000)],
    ['while another request waits behind it', get() + get(), () => sleep(60_000)],
    ['after it has read', `${post}abcdef`, ({ body }) => then(body.text(), sleep(60_000))],
    ['after it has waited for a part', `${post}abc`, ({ body }) => then(body.read(new Uint8Array(9)), sleep(60_000))],
    ['after it has given reading up', `${post}abc`, ({ body }) => then(timed(body.bytes()), sleep(60_000))],
  ];
  for (const [name, text, wait] of waits) {
    test(`${name} cancels it: its cleanup runs, its signal is aborted`, () => {
      const events: string[] = [];
      fakeServer(patient(events, wait), function* ({ connect, exchanges }) {
        const client = connect();
        client.send(text);
        yield* sleep(50);
        assert.deepEqual(events, []);
        client.reset();
        yield* sleep(50);
        assert.deepEqual(events, GONE);
        assert.ok(client.closed);
        assert.deepEqual(
          exchanges.map(({ status, complete }) => [status, complete]),
          [[0, false]],
        );
      });
    });
  }

  test('with a FIN is waited for; without half-closes that cancels its handler, too', () => {
    for (const halfClose of [true, false]) {
      const events: string[] = [];
      const handler = patient(events, () => sleep(1000));
      fakeServer({ handler, halfClose }, function* ({ connect }) {
        const client = connect();
        client.send(get());
        yield* sleep(50);
        client.fin();
        yield* sleep(50);
        assert.deepEqual(events, halfClose ? [] : GONE);
        yield* sleep(2000);
        assert.equal(client.read().endsWith('done'), halfClose);
      });
    }
  });

  test('while the handler reads is an error of the read, and cancels a handler that goes on', () => {
    const events: string[] = [];
    fakeServer(
      ({ path, body, signal }) =>
        coroutine(function* () {
          signal.addEventListener('abort', () => events.push('signal'));
          try {
            return yield* body.text();
          } catch (error) {
            events.push((error as PawlError).code);
            if (path === '/throws') throw error;
          }
          try {
            yield* sleep(60_000);
            return 'never';
          } finally {
            events.push('cancelled');
          }
        })(),
      function* ({ connect, exchanges }) {
        for (const [path, expected] of [
          ['/throws', ['ECONNRESET', 'signal']],
          ['/goes-on', ['ECONNRESET', 'signal', 'cancelled']],
        ] as const) {
          const client = connect();
          client.send(post.replace('/', path));
          yield* settle();
          client.reset();
          yield* settle();
          assert.deepEqual(events.splice(0), expected);
          assert.equal(exchanges.pop()?.complete, false);
        }
      },
    );
  });

  test('after content that came late was read cancels it', () => {
    const events: string[] = [];
    fakeServer(
      patient(events, ({ body }) => then(body.text(), sleep(60_000))),
      function* ({ connect }) {
        const client = connect();
        client.send(`${post}abc`);
        yield* settle();
        client.send('def');
        yield* settle();
        client.reset();
        yield* sleep(50);
        assert.deepEqual(events, GONE);
      },
    );
  });

  test('before the handler’s task was polled lets go of what it would have sent', () => {
    let closed = 0;
    const source = {
      next: () => ready('never'),
      close: () => {
        closed++;
        return ready(undefined);
      },
    };
    fakeServer(
      () => ({ body: new Stream(source) }),
      function* ({ connect }) {
        const client = connect();
        client.send(get());
        client.gone = true;
        yield* settle();
        assert.equal(closed, 1);
        assert.ok(client.closed);
      },
    );
  });

  test('while content is sent to it closes the source, and is nobody’s error', () => {
    const events: string[] = [];
    fakeServer(
      () => ({
        body: stream<string>(function* (emit) {
          try {
            for (;;) {
              yield* emit('tick');
              yield* sleep(10);
            }
          } finally {
            events.push('closed');
          }
        }),
      }),
      function* ({ connect, exchanges }) {
        const clients = [connect(), connect()];
        for (const client of clients) client.send(get());
        yield* sleep(35);
        // One is heard of by its hang-up; the other one only by a write that fails.
        clients[0]?.reset();
        yield* settle();
        assert.deepEqual(events, ['closed']);
        if (clients[1] !== undefined) clients[1].deaf = true;
        yield* sleep(20);
        assert.deepEqual(events, ['closed', 'closed']);
        assert.ok(clients.every(({ closed }) => closed));
        assert.deepEqual(
          exchanges.map(({ status, complete }) => [status, complete]),
          [
            [200, false],
            [200, false],
          ],
        );
      },
    );
  });

  test('is told what its cleanup throws', () => {
    fakeServer(
      coroutine(function* () {
        try {
          yield* sleep(60_000);
          return 'never';
        } finally {
          thrower();
        }
      }),
      function* ({ connect, errors }) {
        const client = connect();
        client.send(get());
        yield* settle();
        client.reset();
        yield* settle();
        const [error] = errors.splice(0) as [SuppressedError];
        assert.equal(error.suppressed, oops);
      },
    );
  });
});

describe('what a handler spawns', () => {
  const child = (events: string[], name: string) =>
    coroutine(function* () {
      try {
        yield* sleep(50);
        events.push(`${name} done`);
      } finally {
        events.push(`${name} over`);
      }
    });

  for (const [name, handler] of [
    [
      'in its call',
      (events: string[]) => (request: ServerRequest) => {
        spawn(child(events, request.path)());
        return 'x';
      },
    ],
    [
      'in its future',
      (events: string[]) =>
        coroutine(function* (request: ServerRequest) {
          spawn(child(events, request.path)());
          yield* ready(undefined);
          return 'x';
        }),
    ],
    [
      'before it gives pieces',
      (events: string[]) => (request: ServerRequest) => {
        spawn(child(events, request.path)());
        return { body: Stream.of('x') };
      },
    ],
  ] as const) {
    test(`${name} belongs to the request: it is answered at once, and over when that has ended`, () => {
      const events: string[] = [];
      fakeServer(handler(events), function* ({ connect, exchanges }) {
        const client = connect();
        client.send(get('/a') + get('/b'));
        yield* sleep(20);
        assert.equal(parseAll(client.read()).length, 1);
        assert.deepEqual([events, exchanges.length], [[], 0]);
        yield* sleep(50);
        assert.equal(parseAll(client.read()).length, 1);
        assert.deepEqual([events, exchanges.length], [['/a done', '/a over'], 1]);
        yield* sleep(50);
        assert.equal(exchanges.length, 2);
      });
    });

    test(`${name} is cancelled when the client goes`, () => {
      const events: string[] = [];
      fakeServer(handler(events), function* ({ connect }) {
        const client = connect();
        client.send(get('/a'));
        yield* sleep(20);
        client.reset();
        yield* settle();
        assert.deepEqual(events, ['/a over']);
      });
    });
  }

  test('and fails before the answer has begun makes it 500; afterwards it is told, and the answer stands', () => {
    fakeServer(
      ({ path }) => {
        spawn(function* () {
          yield* sleep(path === '/early' ? 1 : 20);
          thrower();
        });
        if (path === '/at-once') return 'x';
        return coroutine(function* () {
          yield* sleep(10);
          return 'x';
        })();
      },
      function* ({ connect, errors, exchanges }) {
        for (const [path, status] of [
          ['/early', 500],
          ['/late', 200],
          ['/at-once', 200],
        ] as const) {
          const client = connect();
          client.send(get(path));
          yield* sleep(50);
          assert.equal(parse(client.read()).status, status, path);
          assert.equal(client.closed, false);
          assert.deepEqual(errors.splice(0), [oops]);
        }
        assert.ok(exchanges.every(({ complete }) => complete));
      },
    );
  });

  test('is cancelled when the handler throws in its call', () => {
    const events: string[] = [];
    fakeServer(
      () => {
        spawn(child(events, 'child')());
        return thrower();
      },
      function* ({ connect, errors }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, get())).status, 500);
        assert.deepEqual(events, []);
        assert.equal(parse(yield* ask(client, get())).status, 500);
        assert.deepEqual(errors.splice(0), [oops, oops]);
      },
    );
  });
});

const then = coroutine(function* (first: Future<unknown>, second: Future<unknown>) {
  yield* first;
  yield* second;
});

const timed = (future: Future<unknown>): Future<unknown> => race([future, sleep(5)]);
