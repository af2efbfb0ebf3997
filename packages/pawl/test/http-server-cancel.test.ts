/** A server that is stopped anywhere: nothing of it is left, whatever it was doing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blockOn, coroutine, type Future, sleep, spawn } from 'pawl';
import { serve, type ServerRequest } from 'pawl/http';
import { TcpStream } from 'pawl/net';
import { stream } from 'pawl/stream';
import { cancelEverywhere } from './support/cancel-everywhere.ts';
import { FakeNet } from './support/fake-net.ts';
import { get, head } from './support/fake-server.ts';

const post = head('POST /echo HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');

/** Counts what is open of a handler's. */
class Held {
  count = 0;

  readonly during = coroutine(function* (this: Held, future: () => Future<unknown>) {
    this.count++;
    try {
      yield* future();
    } finally {
      // What is cancelled again in its cleanup is so at this await.
      try {
        yield* sleep(1);
      } finally {
        this.count--;
      }
    }
    return 'x';
  });
}

/** Answers in every way that there is. */
const handler = (held: Held) => (request: ServerRequest) => {
  switch (request.path) {
    case '/now':
      return 'now';
    case '/slow':
      return held.during(() => sleep(2));
    case '/echo':
      return { body: request.body.chunks() };
    case '/text':
      return held.during(() => request.body.text());
    case '/spawn':
      spawn(held.during(() => sleep(2)));
      return 'spawned';
    default:
      return {
        body: stream<string>(function* (emit) {
          held.count++;
          try {
            for (let at = 0; at < 3; at++) {
              yield* emit('piece');
              yield* sleep(1);
            }
          } finally {
            held.count--;
          }
        }),
      };
  }
};

describe('a server that is stopped after any poll of any task', () => {
  for (const deadline of [null, 0, 3]) {
    test(deadline === null ? 'by an abort of its task' : `by closing it with a deadline of ${deadline}`, () => {
      for (let at = 1; ; at++) {
        const held = new Held();
        const net = new FakeNet();
        net.polls = 1;
        let turns = 0;
        const stopped = blockOn(
          function* () {
            const server = yield* serve({ handler: handler(held) });
            let stop = false;
            net.onTurn = () => {
              if (++turns !== at) return;
              stop = true;
              if (deadline === null) server.task?.abort(`after poll ${at}`);
              else server.beginClosing();
            };
            const clients = [net.connect(), net.connect(), net.connect()];
            clients[0]?.send(get('/now') + get('/slow') + get('/spawn') + get('/pieces'));
            clients[1]?.send(`${post}3\r\nabc\r\n`);
            clients[2]?.send(head('POST /text HTTP/1.1', 'Host: a', 'Content-Length: 6') + 'abc');
            yield* sleep(5);
            clients[1]?.send('3\r\ndef\r\n0\r\n\r\n').fin();
            clients[2]?.send('def').reset();
            yield* sleep(20);
            clients[0]?.fin();
            if (stop && deadline === null) yield* server.closed;
            else yield* server.close({ deadline: deadline ?? 1000 });
            return stop;
          },
          { driver: net, onReport: ({ message }) => assert.fail(message) },
        );
        assert.equal(held.count, 0, `after poll ${at}`);
        net.checkClean();
        if (!stopped) break;
        assert.ok(at < 1000, 'the program never ends');
      }
    });
  }
});

test('a program with a server and its clients can be cancelled at every suspension, on the real network', async () => {
  const held = new Held();
  const suspensions = await cancelEverywhere(
    function* (watch) {
      const made = handler(held);
      const server = yield* serve({
        handler: (request) => {
          const handled = made(request);
          return typeof handled === 'object' && 'poll' in handled ? watch(handled) : handled;
        },
      });
      const client = coroutine(function* (text: string, end: string) {
        using connection = yield* TcpStream.connect(server.address);
        yield* connection.writeAll(new TextEncoder().encode(text));
        const buffer = new Uint8Array(4096);
        let got = '';
        while (!got.includes(end)) {
          const count = yield* connection.read(buffer);
          assert.ok(count > 0, got);
          got += new TextDecoder().decode(buffer.subarray(0, count));
        }
      });
      const clients = [
        spawn(watch(client(get('/now') + get('/slow') + get('/spawn') + get('/pieces'), '0\r\n\r\n'))),
        spawn(watch(client(`${post}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`, '0\r\n\r\n'))),
        spawn(watch(client(`${head('POST /text HTTP/1.1', 'Host: a', 'Content-Length: 3')}abc`, '\r\n\r\nx'))),
      ];
      for (const one of clients) yield* one;
      yield* server.close();
    },
    { afterEach: (at) => assert.equal(held.count, 0, `at suspension ${at}`) },
  );
  assert.ok(suspensions >= 10, `only ${suspensions} suspensions`);
});
