/** Against servers that nobody here wrote, in processes of their own: Python's, which has both versions of HTTP, and nginx. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { join as joinAll } from '../../future/join.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { retry } from '../../time/retry.ts';
import { run } from '../../task/run.ts';
import { Client } from './client.ts';

const folder = mkdtempSync(join(tmpdir(), 'pawl-upstream-'));
// nginx reads as somebody else.
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true }));
const BIG = 'tea '.repeat(100_000);
writeFileSync(join(folder, 'big.txt'), BIG);

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const found = (program: string): boolean => spawnSync(program, ['-V']).error === undefined;

/** Runs the body against a server that is started for it, once that answers. */
async function against(
  command: readonly [string, ...string[]],
  port: number,
  body: (client: Client, url: string) => Future<void>,
): Promise<void> {
  const [program, ...args] = command;
  const server = spawn(program, args, { cwd: folder, stdio: 'ignore' });
  const ended = once(server, 'exit');
  try {
    using client = new Client({ proxy: null });
    const url = `http://127.0.0.1:${port}`;
    const up = retry(() => client.request(`${url}/big.txt`, { method: 'HEAD' }), {
      attempts: 200,
      base: 20,
      factor: 1,
    });
    await run(function* () {
      (yield* up).discard();
      yield* body(client, url);
    });
  } finally {
    server.kill();
    await ended;
  }
}

const text = coroutine(function* (client: Client, url: string): Steps<string> {
  return yield* (yield* client.get(url)).text();
});

/** What any server of files must give. */
const files = coroutine(function* (client: Client, url: string): Steps<void> {
  for (let i = 0; i < 3; i++) assert.ok((yield* text(client, `${url}/big.txt`)) === BIG);
  const many = yield* joinAll(Array.from({ length: 10 }, () => text(client, `${url}/big.txt`)));
  assert.ok(many.every((one) => one === BIG));
  const missing = yield* client.get(`${url}/missing`);
  assert.equal(missing.status, 404);
  assert.ok((yield* missing.text()).length > 0);
  const head = yield* client.request(`${url}/big.txt`, { method: 'HEAD', decompress: false });
  assert.equal(head.headers.get('content-length'), String(BIG.length));
  const refused = yield* client.request(`${url}/big.txt`, { method: 'POST', body: 'x'.repeat(100_000) });
  assert.ok(refused.status >= 400);
  refused.discard();
});

describe('an upstream server', { concurrency: false }, () => {
  for (const version of ['1.0', '1.1']) {
    test(`of Python, HTTP/${version}`, { skip: found('python3') ? false : 'python3 is not installed' }, async () => {
      const port = await freePort();
      const program = `
import http.server
http.server.SimpleHTTPRequestHandler.protocol_version = 'HTTP/${version}'
http.server.ThreadingHTTPServer(('127.0.0.1', ${port}), http.server.SimpleHTTPRequestHandler).serve_forever()`;
      await against(
        ['python3', '-c', program],
        port,
        coroutine(function* (client: Client, url: string): Steps<void> {
          yield* files(client, url);
          // Only the newer version keeps connections.
          assert.equal(client.connections.open > 0, version === '1.1');
        }),
      );
    });
  }

  test('nginx', { skip: found('nginx') ? false : 'nginx is not installed' }, async () => {
    const port = await freePort();
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
      http {
        access_log off; ${paths.join(' ')} gzip on; gzip_types text/plain; types { text/plain txt; }
        server { listen 127.0.0.1:${port}; root ${folder}; keepalive_requests 5; location /moved { return 301 /big.txt; } }
      }`,
    );
    await against(
      ['nginx', '-c', join(folder, 'nginx.conf')],
      port,
      coroutine(function* (client: Client, url: string): Steps<void> {
        yield* files(client, url);
        const moved = yield* client.get(`${url}/moved`);
        assert.equal(moved.headers.get('content-encoding'), 'gzip');
        assert.ok((yield* moved.text()) === BIG);
      }),
    );
  });
});
