/** A server that speaks https, as the platform's client and a handler see it. */
import assert from 'node:assert/strict';
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fromPromise, run } from 'pawl';
import { serve, type ServerRequest } from 'pawl/http';
import { certificate } from '../../../test/support/certificates.ts';

const { cert, key } = certificate({ hosts: ['localhost'] });

interface Answered {
  readonly status: number | undefined;
  readonly body: string;
  readonly protocol: string | false | null;
}

function ask(
  port: number,
  path: string,
  options: RequestOptions & { ALPNProtocols?: string[] } = {},
  body = '',
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, path, ca: cert, servername: 'localhost', ...options },
      (response) => {
        const { alpnProtocol: protocol } = response.socket as unknown as { alpnProtocol: string | false | null };
        text(response).then((content) => resolve({ status: response.statusCode, body: content, protocol }), reject);
      },
    );
    asking.on('error', reject).end(body);
  });
}

describe('a server with tls', () => {
  test('answers direct handlers over one connection, also in pieces', () =>
    run(function* () {
      const server = yield* serve({
        tls: { cert, key },
        handler: (call: ServerRequest) => (call.method === 'POST' ? { body: call.body } : call.url),
      });
      assert.equal(server.url, `https://127.0.0.1:${server.port}`);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        const { status, body } = yield* fromPromise(ask(server.port, '/a?b', { agent, ALPNProtocols: ['http/1.1'] }));
        assert.deepEqual([status, body], [200, `https://127.0.0.1:${server.port}/a?b`]);
        const long = 'x'.repeat(200_000);
        const echoed = yield* fromPromise(ask(server.port, '/', { agent, method: 'POST' }, long));
        assert.equal(echoed.body, long);
        assert.equal(server.connectionCount, 1);
      } finally {
        agent.destroy();
      }
      yield* server.close();
    }));

  test('tells fetch handlers the scheme, and settles on http/1.1', () =>
    run(function* () {
      const server = yield* serve({ tls: { cert, key }, fetch: (call) => new Response(new URL(call.url).protocol) });
      const { body, protocol } = yield* fromPromise(
        ask(server.port, '/', { agent: false, ALPNProtocols: ['h2', 'http/1.1'] }),
      );
      assert.deepEqual([body, protocol], ['https:', 'http/1.1']);
      yield* server.close();
    }));

  test('goes on after a client that speaks plain HTTP, or that leaves without a word', () =>
    run(function* () {
      const server = yield* serve({ tls: { cert, key }, handler: () => 'still here' });
      yield* fromPromise(assert.rejects(fetch(`http://127.0.0.1:${server.port}/`)));
      const agent = new Agent({ keepAlive: true });
      yield* fromPromise(ask(server.port, '/', { agent }));
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
      const { body } = yield* fromPromise(ask(server.port, '/', { agent: false }));
      assert.equal(body, 'still here');
      agent.destroy();
      yield* server.close({ deadline: 5000 });
    }));
});
