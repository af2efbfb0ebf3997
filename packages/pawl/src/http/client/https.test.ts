/** Requests over TLS: as without it, with whom they were meant for and nobody else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cancelEverywhere } from '../../../test/support/cancel-everywhere.ts';
import { certificate } from '../../../test/support/certificates.ts';
import { eventually } from '../../../test/support/http-servers.ts';
import { secureServer } from '../../../test/support/https-server.ts';
import { fromPromise } from '../../node/promise.ts';
import { run } from '../../task/run.ts';
import { Client } from './client.ts';

const certified = certificate({ addresses: ['127.0.0.1'] });
const tls = { ca: certified.cert };

describe('a request over TLS', () => {
  test('is as one without, on connections that are used again', async () => {
    await using server = await secureServer(certified, (incoming, outgoing) => {
      outgoing.setHeader('x-secure', String('encrypted' in incoming.socket));
      incoming.pipe(outgoing);
    });
    using client = new Client({ proxy: null, tls });
    await run(function* () {
      for (const size of [0, 10, 1_000_000]) {
        const response = yield* client.request(server.url, { method: 'POST', body: 'x'.repeat(size) });
        assert.equal(response.headers.get('x-secure'), 'true');
        assert.ok((yield* response.text()) === 'x'.repeat(size));
        assert.deepEqual(client.connections, { open: 1, idle: 1, waiting: 0 });
      }
    });
    assert.equal(server.connections, 1);
    assert.match(server.url, /^https:/);
  });

  test('does not reach who cannot show a good certificate', async () => {
    const wrong = certificate({ hosts: ['other.test'] });
    for (const [shown, options, code] of [
      [certified, {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      [wrong, { ca: wrong.cert }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ] as const) {
      let requests = 0;
      await using server = await secureServer(shown, (_, outgoing) => {
        requests++;
        outgoing.end();
      });
      using client = new Client({ proxy: null, tls: options });
      await assert.rejects(run(client.get(server.url)), { code });
      assert.deepEqual([requests, client.connections.open], [0, 0]);
    }
    await using server = await secureServer(wrong, (_, outgoing) => outgoing.end('tea'));
    using named = new Client({ proxy: null, tls: { ca: wrong.cert, servername: 'other.test' } });
    assert.equal((await run(named.get(server.url))).status, 200);
    using trusting = new Client({ proxy: null, tls: { rejectUnauthorized: false } });
    assert.equal((await run(trusting.get(server.url))).status, 200);
    assert.throws(() => new Client({ tls: { cert: 'x' } }), { code: 'BAD_ARGUMENT' });
  });

  test('closes an idle connection when its server does', async () => {
    await using server = await secureServer(certified, (_, outgoing) => outgoing.end('tea'));
    using client = new Client({ proxy: null, tls });
    await run(function* () {
      yield* (yield* client.get(server.url)).text();
    });
    assert.equal(client.connections.idle, 1);
    for (const socket of server.sockets) socket.destroy();
    await run(function* () {
      while (client.connections.open > 0) yield* fromPromise(new Promise(setImmediate));
    });
  });

  test('leaves nothing when it is cancelled at any suspension', async () => {
    await using server = await secureServer(certified, (incoming, outgoing) => incoming.pipe(outgoing));
    const suspensions = await cancelEverywhere(
      function* () {
        using client = new Client({ proxy: null, tls });
        using response = yield* client.request(server.url, { method: 'POST', body: new Uint8Array(200_000) });
        yield* response.bytes();
      },
      { settle: () => eventually(() => server.sockets.size === 0) },
    );
    assert.ok(suspensions >= 3);
  });
});
