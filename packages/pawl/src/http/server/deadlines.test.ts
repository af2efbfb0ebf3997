import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Context, coroutine, Future, type PawlError, PENDING, type Poll, sleep, spawn } from 'pawl';
import type { ServerRequest, ServerTimeouts } from 'pawl/http';
import { stream } from 'pawl/stream';
import { ask, fakeServer, get, head, parse, parseAll, settle } from '../../../test/support/fake-server.ts';

const TIMES: ServerTimeouts = { head: 1000, body: 500, idle: 300, send: 2000, request: 10_000 };
const post = (path: string, length: number): string =>
  head(`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${length}`);
const echo = (request: ServerRequest) => request.body.text();

/** Polls what it waits for every 50 ms, whoever was woken. */
class Restless extends Future<string> {
  private readonly inner: Future<string>;
  private timer = sleep(50);

  constructor(inner: Future<string>) {
    super();
    this.inner = inner;
  }

  override poll(cx: Context): Poll<string> {
    const value = this.inner.poll(cx);
    while (this.timer.poll(cx) !== PENDING) this.timer = sleep(50);
    if (value !== PENDING) this.timer.cancel(cx);
    return value;
  }
}

describe('a client that is too slow', () => {
  test('to begin is left without a word', () => {
    fakeServer({ handler: echo, timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      yield* sleep(999);
      assert.equal(client.closed, false);
      yield* sleep(5);
      assert.deepEqual([client.closed, client.aborted, client.read()], [true, false, '']);
    });
  });

  test('with its head is told 408, however steadily it sends', () => {
    fakeServer({ handler: echo, timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      const text = get('/', `X: ${'x'.repeat(1000)}`);
      for (let at = 0; at < 99; at++) {
        client.send(text[at] as string);
        yield* sleep(10);
      }
      assert.equal(client.read(), '');
      yield* sleep(20);
      const { status, fields } = parse(client.read());
      assert.deepEqual([status, fields['connection']], [408, 'close']);
      client.send('and on').fin();
      yield* settle();
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('with a later head has its time from that head’s first byte', () => {
    fakeServer({ handler: () => 'x', timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      yield* sleep(800);
      assert.equal(parse(yield* ask(client, get())).status, 200);
      yield* sleep(250);
      client.send('GET');
      yield* sleep(990);
      assert.equal(client.closed, false);
      assert.equal(parse(yield* ask(client, ' / HTTP/1.1\r\nHost: a\r\n\r\n')).status, 200);
      client.send('GET');
      yield* sleep(1010);
      assert.equal(parse(client.read()).status, 408);
      client.fin();
    });
  });

  test('to ask again is left without a word', () => {
    fakeServer({ handler: () => 'x', timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      for (let i = 0; i < 5; i++) {
        assert.equal(parse(yield* ask(client, get())).status, 200);
        yield* sleep(290);
        assert.equal(client.closed, false);
      }
      yield* sleep(20);
      assert.deepEqual([client.closed, client.aborted, client.read()], [true, false, '']);
    });
  });

  for (const [how, handler] of [
    ['waits for it', echo],
    ['is woken by something else meanwhile', (request: ServerRequest) => new Restless(request.body.text())],
  ] as const) {
    test(`with its content is told 408 while the handler ${how}`, () => {
      fakeServer({ handler, timeouts: TIMES }, function* ({ connect }) {
        const client = connect();
        client.send(post('/', 10));
        for (let i = 0; i < 5; i++) {
          yield* sleep(490);
          client.send('x');
        }
        assert.equal(client.read(), '', 'each piece has a time of its own');
        yield* sleep(510);
        const { status, fields, rest } = parse(client.read());
        assert.deepEqual([status, fields['connection']], [408, 'close']);
        assert.match(rest, /too slow/);
        client.fin();
      });
    });
  }

  test('with content that nobody reads is not waited for longer', () => {
    fakeServer({ handler: () => 'x', timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      assert.equal(parse(yield* ask(client, post('/', 10))).status, 200);
      yield* sleep(510);
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('is not blamed while the handler does something else', () => {
    fakeServer(
      {
        handler: coroutine(function* ({ body }: ServerRequest) {
          yield* sleep(5000);
          return yield* body.text();
        }),
        timeouts: TIMES,
      },
      function* ({ connect }) {
        const client = connect();
        client.send(post('/', 3));
        yield* sleep(5400);
        assert.equal(client.read(), '');
        assert.equal(parse(yield* ask(client, 'abc')).rest, 'abc');
      },
    );
  });

  test('to take its answer is cut off', () => {
    fakeServer({ handler: () => 'x'.repeat(1000), timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      client.window = 0;
      client.send(get());
      for (let i = 0; i < 10; i++) {
        yield* sleep(1900);
        assert.equal(client.closed, false, 'each piece that it takes gives it time');
        client.take(10);
      }
      yield* sleep(2100);
      assert.deepEqual([client.closed, client.aborted], [true, true]);
    });
  });

  test('to take an answer in pieces is cut off, and its source is closed', () => {
    let closed = 0;
    const body = () =>
      stream<string>(function* (emit) {
        try {
          for (;;) yield* emit('x'.repeat(100));
        } finally {
          closed++;
        }
      });
    fakeServer(
      { handler: () => ({ body: body() }), timeouts: { ...TIMES, request: Infinity } },
      function* ({ connect, exchanges }) {
        const client = connect();
        client.window = 1000;
        client.send(get());
        yield* sleep(1900);
        assert.equal(closed, 0);
        yield* sleep(200);
        assert.deepEqual([client.closed, client.aborted, closed], [true, true, 1]);
        assert.equal(exchanges[0]?.complete, false);
      },
    );
  });

  test('is not cut off because an answer is ready in the moment in which the timer fires', () => {
    // The handler ends exactly when the connection looks at the time: its answer has not been tried to be sent yet.
    for (const delay of [499, 500, 501, 1999, 2000, 2001]) {
      fakeServer(
        {
          handler: coroutine(function* () {
            yield* sleep(delay);
            return 'in time';
          }),
          timeouts: TIMES,
        },
        function* ({ connect }) {
          const client = connect();
          // Not the first: the moment of the last write is long past.
          client.send(get() + get());
          yield* sleep(5000);
          assert.deepEqual(
            parseAll(client.read()).map(({ content }) => content),
            ['in time', 'in time'],
          );
        },
      );
    }
  });

  test('to go, after the last answer, is not waited for longer than two seconds', () => {
    fakeServer({ handler: () => 'x', timeouts: TIMES }, function* ({ connect }) {
      const client = connect();
      yield* ask(client, 'nonsense\r\n\r\n');
      for (let i = 0; i < 19; i++) {
        client.send('more');
        yield* sleep(100);
      }
      assert.equal(client.closed, false);
      yield* sleep(200);
      assert.ok(client.closed);
    });
  });
});

describe('a handler that is too slow', () => {
  test('is cancelled, and the client is told 503', () => {
    const events: string[] = [];
    fakeServer(
      {
        handler: coroutine(function* ({ signal }: ServerRequest) {
          signal.addEventListener('abort', () => events.push((signal.reason as PawlError).code));
          try {
            yield* sleep(60_000);
            return 'never';
          } finally {
            yield* sleep(100);
            events.push('cleaned up');
          }
        }),
        timeouts: TIMES,
      },
      function* ({ connect, exchanges }) {
        const client = connect();
        client.send(get());
        yield* sleep(9_990);
        assert.equal(client.read(), '');
        yield* sleep(20);
        const { status, fields } = parse(client.read());
        assert.deepEqual([status, fields['connection']], [503, 'close']);
        assert.deepEqual(events, ['TIMEOUT']);
        client.fin();
        yield* sleep(200);
        assert.deepEqual(events, ['TIMEOUT', 'cleaned up']);
        assert.deepEqual([client.closed, client.aborted], [true, false]);
        assert.deepEqual(
          exchanges.map(({ status: told, complete }) => [told, complete]),
          [[503, true]],
        );
      },
    );
  });

  test('with an answer that has begun is broken off', () => {
    fakeServer(
      {
        handler: () => ({
          body: stream<string>(function* (emit) {
            for (;;) {
              yield* emit('tick');
              yield* sleep(1000);
            }
          }),
        }),
        timeouts: TIMES,
      },
      function* ({ connect }) {
        const client = connect();
        client.send(get());
        yield* sleep(10_010);
        assert.deepEqual([client.closed, client.aborted], [true, true]);
        assert.ok(!client.read().endsWith('0\r\n\r\n'));
      },
    );
  });

  test('may keep what it has spawned no longer than that, though it has answered', () => {
    let stopped = false;
    fakeServer(
      {
        handler: () => {
          spawn(function* () {
            try {
              yield* sleep(60_000);
            } finally {
              stopped = true;
            }
          });
          return 'answered';
        },
        timeouts: TIMES,
      },
      function* ({ connect }) {
        const client = connect();
        assert.equal(parse(yield* ask(client, get())).rest, 'answered');
        yield* sleep(10_010);
        client.fin();
        yield* settle();
        assert.deepEqual([stopped, client.closed, client.aborted], [true, true, false]);
      },
    );
  });
});

test('times that are infinite arm no timer', () => {
  const timeouts = { head: Infinity, body: Infinity, idle: Infinity, send: Infinity, request: Infinity };
  fakeServer({ handler: echo, timeouts }, function* ({ connect, net }) {
    const client = connect();
    client.send(post('/', 3));
    yield* settle();
    assert.equal(net.timerCount, 0);
    assert.equal(parse(yield* ask(client, 'abc')).rest, 'abc');
    yield* settle();
    assert.equal(net.timerCount, 0);
  });
});
