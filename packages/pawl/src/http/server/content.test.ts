import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coroutine, join, type PawlError, sleep } from 'pawl';
import type { ServerRequest } from 'pawl/http';
import { stream } from 'pawl/stream';
import { ask, fakeServer, head, get, parse, parseAll, settle, unchunk } from '../../../test/support/fake-server.ts';

const post = (path: string, ...fields: string[]): string => head(`POST ${path} HTTP/1.1`, 'Host: a', ...fields);
const sized = (path: string, content: string): string => post(path, `Content-Length: ${content.length}`) + content;
const chunked = (path: string, ...chunks: string[]): string =>
  post(path, 'Transfer-Encoding: chunked') +
  chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('') +
  '0\r\n\r\n';

const echo = (request: ServerRequest) => request.body.text();

/** `/ignore` is answered without a look at the content; everything else echoes it. */
const either = (request: ServerRequest) => (request.path === '/ignore' ? 'ignored' : request.body.text());

describe("a request's content", () => {
  test('is the same however it is framed and however it comes', () => {
    const content = 'content '.repeat(50);
    fakeServer(echo, function* ({ connect }) {
      const requests = [
        sized('/', content),
        chunked('/', content.slice(0, 7), content.slice(7, 100), content.slice(100)),
      ];
      for (const request of requests) {
        const client = connect();
        for (let at = 0; at < request.length; at += 37) {
          client.send(request.slice(at, at + 37));
          yield* settle();
        }
        assert.equal(parse(client.read()).rest, content);
        // At once, and twice.
        assert.deepEqual(
          parseAll(yield* ask(client, request + request)).map((answer) => answer.content),
          [content, content],
        );
      }
    });
  });

  test('has its trailers behind it', () => {
    fakeServer(
      coroutine(function* ({ body }: ServerRequest) {
        return `${yield* body.text()} ${body.trailers?.get('x-sum')}`;
      }),
      function* ({ connect }) {
        const text = `${post('/', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n`;
        assert.equal(parse(yield* ask(connect(), text)).rest, 'abc 42');
      },
    );
  });

  test('can be streamed back while it comes, and is read no faster than it is taken', () => {
    fakeServer(
      ({ body }) => ({ body: body.chunks() }),
      function* ({ connect }) {
        const client = connect();
        client.send(post('/', 'Content-Length: 300000'));
        client.send('x'.repeat(100));
        yield* settle();
        assert.equal(unchunk(`${parse(client.read()).rest}0\r\n\r\n`)[0], 'x'.repeat(100));
        client.window = 0;
        const { polls } = client;
        for (let i = 0; i < 2999; i++) client.send('x'.repeat(100));
        yield* sleep(50);
        assert.ok(client.polls - polls < 20, 'it is not read ahead');
        client.take(Infinity);
        yield* settle();
        assert.equal(unchunk(client.read())[0].length, 299_900);
      },
    );
  });

  test('that nobody reads is read away, so that the next request is understood', () => {
    fakeServer(either, function* ({ connect }) {
      const client = connect();
      const requests = [
        sized('/ignore', 'GET /smuggled HTTP/1.1\r\n\r\n'),
        chunked('/ignore', 'abc'),
        sized('/', 'read'),
        get('/ignore'),
      ];
      assert.deepEqual(
        parseAll(yield* ask(client, requests.join(''))).map(({ content }) => content),
        ['ignored', 'ignored', 'read', 'ignored'],
      );
      // Also when it comes after the answer.
      const [first, rest] = [sized('/ignore', 'late content').slice(0, -6), 'ontent'];
      assert.equal(parse(yield* ask(client, first)).rest, 'ignored');
      assert.equal(yield* ask(client, rest), '');
      assert.equal(parse(yield* ask(client, get('/ignore'))).rest, 'ignored');
    });
  });

  test('that nobody reads, and is long, ends the connection, and the answer arrives', () => {
    fakeServer(either, function* ({ connect }) {
      const client = connect();
      client.send(post('/ignore', 'Content-Length: 10000000'));
      client.send('x'.repeat(1000));
      yield* settle();
      const { fields, rest } = parse(client.read());
      assert.deepEqual([fields['connection'], rest], ['close', 'ignored']);
      assert.deepEqual([client.ended, client.closed], [true, false], 'it reads on for a while');
      client.send('x'.repeat(1000));
      yield* settle();
      client.fin();
      yield* settle();
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('without end, in chunks that nobody reads, ends the connection in bounded memory', () => {
    fakeServer(either, function* ({ connect }) {
      const client = connect();
      client.send(post('/ignore', 'Transfer-Encoding: chunked'));
      yield* settle();
      assert.equal(parse(client.read()).rest, 'ignored');
      const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
      for (let i = 0; i < 1000 && !client.closed; i++) {
        client.send(chunk);
        yield* settle();
      }
      assert.ok(client.closed);
    });
  });

  test('that ends early is told to who reads it, and answered with 400 if they do not answer', () => {
    const codes: unknown[] = [];
    fakeServer(
      coroutine(function* ({ body, path }: ServerRequest) {
        try {
          return yield* body.text();
        } catch (error) {
          codes.push((error as PawlError).code);
          if (path === '/own') return 'short';
          throw error;
        }
      }),
      function* ({ connect, exchanges }) {
        for (const [path, status] of [
          ['/', 400],
          ['/own', 200],
        ] as const) {
          for (const request of [sized(path, 'abc').slice(0, -1), chunked(path, 'abc').slice(0, -5)]) {
            const client = connect();
            client.send(request).fin();
            yield* settle();
            const answer = parse(client.read());
            assert.deepEqual([answer.status, answer.fields['connection']], [status, 'close']);
            assert.deepEqual([client.closed, client.aborted], [true, false]);
          }
        }
        assert.deepEqual(codes, Array(4).fill('UNEXPECTED_EOF'));
        assert.ok(exchanges.every(({ complete }) => complete));
      },
    );
  });

  test('that ends early and that nobody reads is no error', () => {
    fakeServer(either, function* ({ connect }) {
      const client = connect();
      client.send(sized('/ignore', 'abc').slice(0, -1)).fin();
      yield* settle();
      assert.equal(parse(client.read()).rest, 'ignored');
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('that is wrongly framed is refused with 400, and nothing behind it is a request', () => {
    fakeServer(either, function* ({ connect }) {
      for (const path of ['/', '/ignore']) {
        const client = connect();
        client.send(`${post(path, 'Transfer-Encoding: chunked')}3\r\nabcd\r\n0\r\n\r\n${get('/ignore')}`);
        yield* settle();
        const answers = parseAll(client.read());
        assert.deepEqual(
          answers.map(({ status }) => status),
          [path === '/' ? 400 : 200],
        );
        assert.ok(client.ended);
        client.fin();
        yield* settle();
      }
    });
  });

  test('that is wrongly framed ends the connection also when the handler answers all the same', () => {
    fakeServer(
      coroutine(function* ({ body }: ServerRequest) {
        try {
          yield* body.text();
        } catch {}
        return 'well';
      }),
      function* ({ connect }) {
        const client = connect();
        const wrong = `${post('/', 'Transfer-Encoding: chunked')}5\r\nhello\r\nZZ\r\n0\r\n\r\n`;
        const { fields, rest } = parse(yield* ask(client, wrong + get('/')));
        assert.deepEqual([fields['connection'], rest], ['close', 'well']);
        client.fin();
      },
    );
  });

  test('that is wrongly framed is never begun anew, also when an answer goes on in spite of it', () => {
    fakeServer(
      ({ body }) => ({
        body: stream<string>(function* (emit) {
          yield* emit('begun');
          try {
            yield* body.text();
          } catch {}
          yield* emit('ended');
        }),
      }),
      function* ({ connect }) {
        const client = connect();
        // After "5 " a reader that began again would take "51" for a size, of what reaches to the chunk that is last.
        const wrong = `1\r\na\r\n5 ${'x'.repeat(0x51 - 5)}\r\n0\r\n\r\n`;
        const text = yield* ask(client, post('/', 'Transfer-Encoding: chunked') + wrong + get('/smuggled'));
        assert.deepEqual(
          parseAll(text).map(({ content }) => content),
          ['begunended'],
        );
        assert.ok(client.ended);
        client.fin();
      },
    );
  });

  test('over the limit is refused with 413: at once by its length, else when it has come', () => {
    let handled = 0;
    fakeServer(
      {
        handler: (request) => {
          handled++;
          return request.body.text();
        },
        limits: { body: 10 },
      },
      function* ({ connect, exchanges }) {
        const exact = connect();
        assert.equal(parse(yield* ask(exact, sized('/', '0123456789'))).rest, '0123456789');
        assert.equal(parse(yield* ask(exact, chunked('/', '01234', '56789'))).rest, '0123456789');
        assert.equal(handled, 2);

        const announced = connect();
        announced.send(sized('/', '0123456789x'));
        yield* settle();
        assert.equal(handled, 2);
        const counted = connect();
        counted.send(chunked('/', '01234', '56789', 'x'));
        yield* settle();
        for (const client of [announced, counted]) {
          const { status, fields, rest } = parse(client.read());
          assert.deepEqual([status, fields['connection']], [413, 'close']);
          assert.match(rest, /10 bytes/);
          client.send('what was still on its way').fin();
          yield* settle();
          assert.deepEqual([client.closed, client.aborted], [true, false], 'the answer is not overtaken by a reset');
        }
        assert.deepEqual(
          exchanges.map(({ status }) => status),
          [200, 200, 413, 413],
        );
      },
    );
  });

  test('of a kept request is there later, if it had come; else it says that it is gone', () => {
    const kept: ServerRequest[] = [];
    fakeServer(
      (request) => {
        kept.push(request);
        return 'later';
      },
      function* ({ connect }) {
        const client = connect();
        for (let i = 0; i < 1000; i++) {
          client.send(i % 2 === 0 ? sized(`/${i}`, `content ${i}`) : chunked(`/${i}`, 'content', ` ${i}`));
        }
        yield* settle();
        assert.equal(parseAll(client.read()).length, 1000);
        // Other content passes through the same memory.
        yield* ask(client, sized('/1000', 'x'.repeat(60_000)));
        const closing = connect();
        yield* ask(closing, post('/1001', 'Connection: close', 'Content-Length: 12') + 'content 1001');
        const short = connect();
        short.send(sized('/1002', 'content 1002').slice(0, -1)).fin();
        yield* settle();
        assert.equal(kept.length, 1003);
        for (const [at, request] of kept.slice(0, 1000).entries()) {
          assert.equal(request.path, `/${at}`);
          assert.equal(request.headers.get('host'), 'a');
          assert.equal(yield* request.body.text(), `content ${at}`);
        }
        assert.equal(yield* (kept[1001] as ServerRequest).body.text(), 'content 1001');
        assert.equal(yield* code((kept[1002] as ServerRequest).body.text()), 'CLOSED');
      },
    );
  });

  test('that is still read after the answer comes to whoever reads it', () => {
    const kept: ServerRequest[] = [];
    fakeServer(
      (request) => {
        kept.push(request);
        return 'accepted';
      },
      function* ({ connect, net }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, sized('/', 'one two').slice(0, -3))).rest, 'accepted');
        const { turns } = net;
        const late = coroutine(function* () {
          yield* sleep(20);
          client.send('two');
        });
        const [text] = yield* join([(kept[0] as ServerRequest).body.text(), late()]);
        assert.equal(text, 'one two');
        assert.ok(net.turns - turns < 100, 'the two do not wake each other without end');
        assert.equal(parse(yield* ask(client, get())).rest, 'accepted');
      },
    );
  });
});

const code = coroutine(function* (future: ReturnType<ServerRequest['body']['text']>) {
  try {
    return yield* future;
  } catch (error) {
    return (error as PawlError).code;
  }
});

describe('Expect: 100-continue', () => {
  const asking = (path: string, ...fields: string[]): string => post(path, 'Expect: 100-Continue', ...fields);
  const GO_ON = 'HTTP/1.1 100 Continue\r\n\r\n';

  test('is answered when the content is first waited for', () => {
    fakeServer(
      coroutine(function* (request: ServerRequest) {
        yield* sleep(10);
        return yield* request.body.text();
      }),
      function* ({ connect }) {
        const client = connect();
        for (let i = 0; i < 2; i++) {
          assert.equal(yield* ask(client, asking('/', 'Content-Length: 3')), '');
          yield* sleep(10);
          assert.equal(client.read(), GO_ON);
          assert.equal(parse(yield* ask(client, 'abc')).rest, 'abc');
        }
      },
    );
  });

  test('is not answered when the content is there already', () => {
    fakeServer(echo, function* ({ connect }) {
      assert.equal(parse(yield* ask(connect(), `${asking('/', 'Content-Length: 3')}abc`)).rest, 'abc');
    });
  });

  test('is not answered when nobody reads the content: the connection ends with the final answer', () => {
    fakeServer(either, function* ({ connect }) {
      const client = connect();
      const { status, fields, rest } = parse(yield* ask(client, asking('/ignore', 'Content-Length: 3')));
      assert.deepEqual([status, fields['connection'], rest], [200, 'close', 'ignored']);
      client.fin();
    });
  });

  test('is not answered when the content is too large', () => {
    fakeServer({ handler: echo, limits: { body: 2 } }, function* ({ connect }) {
      const client = connect();
      assert.equal(parse(yield* ask(client, asking('/', 'Content-Length: 3'))).status, 413);
      client.fin();
    });
  });

  test('is not answered after the final answer has begun', () => {
    fakeServer(
      ({ body }) => ({
        body: stream<string>(function* (emit) {
          yield* emit('head ');
          yield* emit(yield* body.text());
        }),
      }),
      function* ({ connect }) {
        const client = connect();
        // A stream may be made of the content, so that the client is told before its head.
        const text = yield* ask(client, asking('/', 'Content-Length: 3'));
        assert.ok(text.startsWith(`${GO_ON}HTTP/1.1 200 OK\r\n`));
        assert.ok(!text.slice(GO_ON.length).includes('100 Continue'));
        assert.ok((yield* ask(client, 'abc')).includes('abc'));
      },
    );
  });

  test('is not known to HTTP/1.0', () => {
    fakeServer(echo, function* ({ connect }) {
      const client = connect();
      assert.equal(yield* ask(client, head('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 1')), '');
      assert.equal(parse(yield* ask(client, 'x')).rest, 'x');
    });
  });

  test('another expectation is passed over', () => {
    fakeServer(echo, function* ({ connect }) {
      const client = connect();
      assert.equal(parse(yield* ask(client, post('/', 'Expect: tea', 'Content-Length: 1') + 'x')).rest, 'x');
    });
  });

  test('is answered behind the answers to what was asked before', () => {
    fakeServer(echo, function* ({ connect }) {
      const client = connect();
      const text = yield* ask(client, sized('/', 'first') + asking('/', 'Content-Length: 6'));
      assert.ok(text.endsWith(`first${GO_ON}`), text);
      assert.equal(parse(yield* ask(client, 'second')).rest, 'second');
    });
  });
});

test('errors of the wire have each their status, and end the connection', () => {
  const wrong: [request: string, status: number][] = [
    ['nonsense\r\n\r\n', 400],
    [head('GET / HTTP/1.1'), 400],
    [get('/', 'X : y'), 400],
    [get('/', ' folded'), 400],
    [get('/', 'Content-Length: 1', 'Transfer-Encoding: chunked'), 400],
    [get('/', 'Content-Length: 1', 'Content-Length: 2'), 400],
    [get('/', 'X: a\0b'), 400],
    [get(`/${'x'.repeat(200)}`), 414],
    [get('/', `X: ${'x'.repeat(2000)}`), 431],
    [get('/', ...Array.from({ length: 11 }, (_, at) => `X${at}: y`)), 431],
    [get('/', 'Transfer-Encoding: gzip, chunked'), 501],
    [`${'M'.repeat(50)} / HTTP/1.1\r\nHost: a\r\n\r\n`, 501],
    [head('GET / HTTP/2.0', 'Host: a'), 505],
  ];
  fakeServer({ handler: () => 'x', limits: { target: 100, head: 1000, fields: 10 } }, function* ({ connect }) {
    for (const [request, status] of wrong) {
      const client = connect();
      // What was well asked before is answered first, and nothing behind it is.
      client.send(get('/') + request + get('/'));
      yield* settle();
      assert.deepEqual(
        parseAll(client.read()).map((answer) => answer.status),
        [200, status],
        request,
      );
      assert.ok(client.ended && !client.closed, 'it waits until the client has read the answer');
      client.send('and more').fin();
      yield* settle();
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    }
  });
});

test('an error of the wire while an answer is still on its way comes behind it', () => {
  fakeServer(
    coroutine(function* () {
      yield* sleep(10);
      return 'slow';
    }),
    function* ({ connect }) {
      const client = connect();
      client.send(`${get('/')}nonsense\r\n\r\n`);
      yield* sleep(20);
      assert.deepEqual(
        parseAll(client.read()).map((answer) => answer.status),
        [200, 400],
      );
      client.fin();
    },
  );
});
