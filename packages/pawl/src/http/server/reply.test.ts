import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PawlError, sleep } from 'pawl';
import { type Answer, HttpError, type ServerRequest } from 'pawl/http';
import { Stream, stream } from 'pawl/stream';
import { ask, fakeServer, get, head, parse, parseAll, settle, unchunk } from '../../../test/support/fake-server.ts';

/** Answers with what the test has put under the request's path. */
function answersOf(answers: Readonly<Record<string, () => Answer>>) {
  return ({ path }: ServerRequest): Answer => (answers[path] as () => Answer)();
}

describe('an answer', () => {
  const forms: [name: string, make: () => Answer, length: string | undefined, type: string | undefined][] = [
    ['text', () => 'text', '4', 'text/plain;charset=utf-8'],
    ['long text', () => 'x'.repeat(100_000), '100000', 'text/plain;charset=utf-8'],
    ['text beyond ASCII', () => 'grün ✓', '9', 'text/plain;charset=utf-8'],
    ['empty text', () => '', '0', 'text/plain;charset=utf-8'],
    ['bytes', () => new Uint8Array(7), '7', 'application/octet-stream'],
    ['parts', () => ({ body: 'part' }), '4', 'text/plain;charset=utf-8'],
    [
      'parts with a type',
      () => ({ body: '{}', headers: { 'content-type': 'application/json' } }),
      '2',
      'application/json',
    ],
    ['parts without content', () => ({}), '0', undefined],
    ['pieces', () => ({ body: Stream.of('pie', 'ces') }), undefined, undefined],
    [
      'pieces of a known length',
      () => ({ body: Stream.of('abc'), headers: { 'Content-Length': '3' } }),
      '3',
      undefined,
    ],
    ['a generator of pieces', () => ({ body: Stream.of(new Uint8Array([120])) }), undefined, undefined],
  ];
  for (const [name, make, length, type] of forms) {
    test(`of ${name} says its length or comes in chunks, and its type`, () => {
      fakeServer(make, function* ({ connect }) {
        const client = connect();
        const text = yield* ask(client, get());
        const { fields } = parse(text);
        assert.equal(fields['content-length'], length);
        assert.equal(fields['transfer-encoding'], length === undefined ? 'chunked' : undefined);
        assert.equal(fields['content-type'], type);
        // The next answer begins where this one has ended.
        assert.equal(parseAll(text + (yield* ask(client, get()))).length, 2);
      });
    });

    test(`of ${name} to HEAD has the same fields and no content`, () => {
      fakeServer(make, function* ({ connect }) {
        const client = connect();
        const whole = parse(yield* ask(client, get()));
        const { fields, rest } = parse(yield* ask(client, head('HEAD / HTTP/1.1', 'Host: a')));
        assert.deepEqual(fields, whole.fields);
        assert.equal(rest, '');
        assert.equal(parse(yield* ask(client, get())).status, 200);
      });
    });

    test(`of ${name} to an HTTP/1.0 client has no chunks`, () => {
      fakeServer(make, function* ({ connect }) {
        const client = connect();
        const chunked = parse(yield* ask(client, get()));
        const content = chunked.fields['transfer-encoding'] === 'chunked' ? unchunk(chunked.rest)[0] : chunked.rest;
        const old = parse(yield* ask(client, head('GET / HTTP/1.0', 'Connection: keep-alive')));
        assert.equal(old.rest, content);
        assert.equal(old.fields['transfer-encoding'], undefined);
        assert.equal(old.fields['connection'], length === undefined ? 'close' : 'keep-alive');
        assert.equal(client.ended, length === undefined);
        client.fin();
      });
    });
  }

  for (const status of [204, 304]) {
    test(`of ${status} has no content, whatever the handler gives`, () => {
      const bodies = ['text', new Uint8Array(3), Stream.of('piece'), null];
      fakeServer(
        () => ({ status, body: bodies.shift() ?? null }),
        function* ({ connect }) {
          const client = connect();
          const text = yield* ask(client, get().repeat(4));
          assert.deepEqual(
            parseAll(text).map((answer) => answer.status),
            [status, status, status, status],
          );
          assert.ok(!/content-length|transfer-encoding/i.test(text));
        },
      );
    });
  }

  test('of 304 and to HEAD may tell the length of what it stands for', () => {
    fakeServer(
      ({ path }) => ({ status: path === '/304' ? 304 : 200, headers: { 'Content-Length': '99' }, body: null }),
      function* ({ connect }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, get('/304'))).fields['content-length'], '99');
        assert.equal(parse(yield* ask(client, head('HEAD / HTTP/1.1', 'Host: a'))).fields['content-length'], '99');
        // But content that is there has the length that it has.
        assert.equal(parse(yield* ask(client, get())).fields['content-length'], '0');
      },
    );
  });

  test('has one Date, the second of now or its own', () => {
    const own = 'Thu, 01 Jan 1970 00:00:00 GMT';
    fakeServer(
      answersOf({
        '/text': () => 'x',
        '/parts': () => ({ body: 'x' }),
        '/own': () => ({ headers: { date: own }, body: 'x' }),
        '/pieces': () => ({ body: Stream.of('x') }),
      }),
      function* ({ connect }) {
        const client = connect();
        for (const path of ['/text', '/parts', '/pieces']) {
          const { date = '' } = parse(yield* ask(client, get(path))).fields;
          assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date);
          assert.equal(new Date(date).toUTCString(), date);
        }
        assert.equal(parse(yield* ask(client, get('/own'))).fields['date'], own);
        // Also where it was refused before any handler.
        assert.ok('date' in parse(yield* ask(client, 'nonsense\r\n\r\n')).fields);
        client.fin();
      },
    );
  });

  test('keeps its fields in their order, several of a name among them', () => {
    fakeServer(
      () => ({
        status: 201,
        reason: 'Made',
        headers: [
          ['Set-Cookie', 'a=1'],
          ['X', 'y'],
          ['Set-Cookie', 'b=2'],
        ],
        body: '',
      }),
      function* ({ connect }) {
        const text = yield* ask(connect(), get());
        assert.match(text, /^HTTP\/1\.1 201 Made\r\n/);
        assert.match(text, /Set-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2\r\n/);
      },
    );
  });

  test('may not frame itself: what says how the message ends is the server’s', () => {
    fakeServer(
      () => ({
        headers: { 'Transfer-Encoding': 'gzip', Connection: 'X-Own', 'Keep-Alive': 'timeout=9', 'Content-Length': '3' },
        body: 'longer than three',
      }),
      function* ({ connect }) {
        const { fields, rest } = parse(yield* ask(connect(), get()));
        assert.deepEqual(Object.keys(fields).sort(), ['content-length', 'content-type', 'date']);
        assert.equal(rest, 'longer than three');
        assert.equal(fields['content-length'], '17');
      },
    );
  });

  const splits: [name: string, answer: () => unknown][] = [
    ['a value with CRLF', () => ({ headers: { Location: '/\r\nSet-Cookie: stolen=1' } })],
    ['a value with LF', () => ({ headers: [['X', 'a\nb']] })],
    ['a value with NUL', () => ({ headers: { X: 'a\0b' } })],
    ['a value beyond latin1', () => ({ headers: { X: '✓' } })],
    ['a name with CRLF', () => ({ headers: { 'X: y\r\nZ': 'a' } })],
    ['a name with a colon', () => ({ headers: [['X:', 'a']] })],
    ['an empty name', () => ({ headers: { '': 'a' } })],
    ['a reason with CRLF', () => ({ reason: 'OK\r\nX: y' })],
    ['a length that is none', () => ({ headers: { 'Content-Length': '1\r\n' } })],
    ['a negative length', () => ({ headers: { 'Content-Length': '-1' } })],
    ['pieces under a bad value', () => ({ headers: { X: '\r' }, body: Stream.of('x') })],
  ];
  for (const [name, answer] of splits) {
    test(`with ${name} is refused before any byte of it is sent`, () => {
      fakeServer(answer as () => Answer, function* ({ connect, errors }) {
        const client = connect();
        const { status, fields, rest } = parse(yield* ask(client, get()));
        assert.deepEqual([status, rest], [500, 'Internal Server Error\n']);
        assert.deepEqual(Object.keys(fields).sort(), ['content-length', 'content-type', 'date']);
        const [error] = errors.splice(0) as [HttpError];
        assert.deepEqual([error instanceof HttpError, error.code], [true, 'HTTP_BAD_FIELD']);
        assert.equal(parse(yield* ask(client, get())).status, 500, 'the connection is kept');
        errors.length = 0;
      });
    });
  }

  const wrong: [name: string, answer: () => unknown][] = [
    ['undefined', () => undefined],
    ['null', () => null],
    ['a number', () => 7],
    ['a function', () => () => 'x'],
    ['a status of 99', () => ({ status: 99 })],
    ['a status of 101 without an upgrade', () => ({ status: 101 })],
    ['a status of 1000', () => ({ status: 1000 })],
    ['a status that is text', () => ({ status: '200' })],
    ['a status that is no whole number', () => ({ status: 200.5 })],
    ['content that is a number', () => ({ body: 7 })],
    ['content that is an object', () => ({ body: {} })],
  ];
  for (const [name, answer] of wrong) {
    test(`that is ${name} is refused with 500, and told`, () => {
      fakeServer(answer as () => Answer, function* ({ connect, errors }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, get())).status, 500);
        const [error] = errors.splice(0) as [PawlError];
        assert.deepEqual([error instanceof PawlError, error.code], [true, 'BAD_ARGUMENT']);
        assert.equal(client.ended, false, 'the connection is kept');
      });
    });
  }
});

describe('content that comes in pieces', () => {
  test('goes out piece by piece, its head first, and the next is asked for when the last has been taken', () => {
    const asked: number[] = [];
    fakeServer(
      () => ({
        body: stream<string>(function* (emit) {
          for (let at = 1; at <= 4; at++) {
            yield* sleep(10);
            asked.push(at);
            yield* emit('x'.repeat(10));
          }
        }),
      }),
      function* ({ connect }) {
        const client = connect();
        client.send(get());
        yield* settle();
        assert.equal(parse(client.read()).rest, '');
        client.window = 0;
        yield* sleep(100);
        assert.deepEqual(asked, [1], 'nothing is made that cannot be sent');
        client.take(5);
        yield* sleep(100);
        assert.deepEqual(asked, [1]);
        client.take(Infinity);
        yield* sleep(100);
        assert.deepEqual(asked, [1, 2, 3, 4]);
        assert.deepEqual(unchunk(client.read()), ['x'.repeat(40), '']);
      },
    );
  });

  test('of any size arrives whole', () => {
    const sizes = [0, 1, 100, 16_384, 16_385, 65_536, 200_000, 0, 7];
    const whole = sizes.map((size, at) => String(at).repeat(size)).join('');
    fakeServer(
      () => ({ body: Stream.of(...sizes.map((size, at) => String(at).repeat(size))) }),
      function* ({ connect }) {
        const client = connect();
        client.send(get());
        client.window = 1;
        for (let i = 0; i < 200 && !client.received.endsWith('0\r\n\r\n'); i++) {
          client.take(7919);
          yield* settle();
        }
        assert.deepEqual(unchunk(parse(client.read()).rest), [whole, '']);
      },
    );
  });

  test('has its trailers behind it, for clients that know chunks', () => {
    let asked = 0;
    const trailers = () => {
      asked++;
      return { 'X-Sum': '42', 'Content-Length': '9' };
    };
    fakeServer(
      () => ({ headers: { Trailer: 'X-Sum' }, body: Stream.of('a', 'b'), trailers }),
      function* ({ connect }) {
        const client = connect();
        const { fields, rest } = parse(yield* ask(client, get()));
        assert.equal(fields['trailer'], 'X-Sum');
        assert.equal(rest, '1\r\na\r\n1\r\nb\r\n0\r\nX-Sum: 42\r\n\r\n');
        assert.equal(parse(yield* ask(client, head('GET / HTTP/1.0'))).rest, 'ab');
        assert.equal(asked, 1);
      },
    );
  });

  const lies: [name: string, pieces: string[], announced: string, sent: string][] = [
    ['less than it has announced', ['ab'], '3', 'ab'],
    ['more than it has announced', ['ab', 'cd'], '3', 'ab'],
    ['nothing of what it has announced', [], '3', ''],
  ];
  for (const [name, pieces, announced, sent] of lies) {
    test(`and is ${name} breaks the connection`, () => {
      fakeServer(
        () => ({ headers: { 'Content-Length': announced }, body: Stream.of(...pieces) }),
        function* ({ connect, errors, exchanges }) {
          const client = connect();
          const { fields, rest } = parse(yield* ask(client, get()));
          assert.deepEqual([fields['content-length'], rest], [announced, sent]);
          assert.deepEqual([client.closed, client.aborted], [true, true]);
          assert.equal((errors.splice(0)[0] as HttpError).code, 'HTTP_BAD_FIELD');
          assert.equal(exchanges[0]?.complete, false);
        },
      );
    });
  }

  test('and is no bytes breaks the connection', () => {
    fakeServer(
      () => ({ body: Stream.of('good', 7 as unknown as string) }),
      function* ({ connect, errors }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, get())).rest, '4\r\ngood\r\n');
        assert.deepEqual([client.closed, client.aborted], [true, true]);
        assert.equal((errors.splice(0)[0] as PawlError).code, 'BAD_ARGUMENT');
      },
    );
  });
});

test('the figures of an exchange are told when it is over', () => {
  fakeServer(
    function* ({ path }) {
      yield* sleep(25);
      return path === '/404' ? { status: 404, body: 'none' } : 'x';
    },
    function* ({ connect, exchanges }) {
      const client = connect();
      client.send(get('/a?b') + get('/404') + head('HEAD /c HTTP/1.1', 'Host: a'));
      yield* sleep(100);
      assert.deepEqual(
        exchanges.map(({ method, target, status, duration, complete }) => [method, target, status, duration, complete]),
        [
          ['GET', '/a?b', 200, 25, true],
          ['GET', '/404', 404, 25, true],
          ['HEAD', '/c', 200, 25, true],
        ],
      );
      assert.equal(
        exchanges.reduce((sum, { bytes }) => sum + bytes, 0),
        client.read().length,
      );
    },
  );
});

test('hooks that throw end no connection, and no server; a warning says where they have thrown', async () => {
  const warnings: string[] = [];
  const stacks: unknown[] = [];
  const listen = ({ message, detail }: Error & { detail?: string }): void => {
    warnings.push(message);
    stacks.push(detail?.includes('at onError'));
  };
  process.on('warning', listen);
  fakeServer(
    {
      handler: ({ path }) => (path === '/bad' ? (undefined as unknown as string) : 'x'),
      onExchange: () => {
        throw new Error('a bad log');
      },
      onError: () => {
        throw new Error('a bad hook');
      },
    },
    function* ({ connect, server }) {
      const client = connect();
      assert.equal(parse(yield* ask(client, get())).status, 200);
      assert.equal(parse(yield* ask(client, get('/bad'))).status, 500);
      assert.equal(server.connectionCount, 1);
    },
  );
  await new Promise(setImmediate);
  process.off('warning', listen);
  assert.equal(warnings.filter((message) => message.includes('a bad hook')).length, 3);
  assert.deepEqual(stacks, [true, true, true]);
});
