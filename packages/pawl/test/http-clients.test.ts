/** The server against clients that nobody here wrote: curl, undici, node:http, wrk, and nginx in front of it. */
import assert from 'node:assert/strict';
import { execFile, spawn as startProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { coroutine, sleep } from 'pawl';
import type { Answer, ServerRequest } from 'pawl/http';
import type { Duplex } from 'pawl/io';
import { Stream } from 'pawl/stream';
import { Client, Pool } from 'undici';
import { realServer } from './support/real-server.ts';

/** Why a program's tests are skipped, or false. */
function missing(program: string, ...args: string[]): string | false {
  return spawnSync(program, args).error === undefined ? false : `${program} is not installed on this machine`;
}

const LONG = 'long content '.repeat(100_000);

const echo = coroutine(function* (stream: Duplex) {
  const buffer = new Uint8Array(1024);
  for (;;) {
    const count = yield* stream.read(buffer);
    if (count === 0) return;
    yield* stream.write(buffer.subarray(0, count));
  }
});

/** A server at the other end of a tunnel: it tells the first line of what it was asked. */
const inner = coroutine(function* (stream: Duplex) {
  let asked = '';
  const buffer = new Uint8Array(1024);
  while (!asked.includes('\r\n\r\n')) {
    asked += new TextDecoder().decode(buffer.subarray(0, yield* stream.read(buffer)));
  }
  const [line = ''] = asked.split('\r\n');
  yield* stream.write(new TextEncoder().encode(`HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\n\r\n${line}`));
});

/** Something of everything. */
const application = coroutine(function* (request: ServerRequest) {
  const { path, method, body } = request;
  if (method === 'CONNECT') return { upgrade: request.target === 'inner:1' ? inner : echo } satisfies Answer;
  switch (path) {
    case '/echo':
      return { body: body.chunks(), headers: { 'X-Method': method } } satisfies Answer;
    case '/length':
      return String((yield* body.bytes()).length);
    case '/long':
      return LONG;
    case '/pieces':
      return {
        body: Stream.of('one ', 'two ', 'three'),
        headers: { Trailer: 'X-End' },
        trailers: () => ({ 'X-End': 'yes' }),
      } satisfies Answer;
    case '/slow':
      yield* sleep(20);
      return 'slow';
    case '/nothing':
      return { status: 204 } satisfies Answer;
    case '/upgrade':
      return { status: 101, upgrade: echo } satisfies Answer;
    case '/broken':
      return { headers: { 'Content-Length': '100' }, body: Stream.of('too short') } satisfies Answer;
    default:
      return `${method} ${path}`;
  }
});

const options = { handler: application, limits: { body: 3_000_000 } };

describe('curl', { skip: missing('curl', '--version') }, () => {
  /** Runs it; its exit code, what it prints, and what it says about the exchange. */
  const curl = async (args: readonly string[], input?: string) =>
    await new Promise<{ code: number; out: string; log: string }>((resolve) => {
      const child = execFile('curl', ['-s', '--max-time', '20', ...args], { maxBuffer: 1e8 }, (error, out, log) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, log });
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });

  test('keeps its connection', async () => {
    await realServer(options, async ({ server: { url } }) => {
      const { out } = await curl(['-w', ' %{num_connects}\n', `${url}/a`, `${url}/b`, `${url}/pieces`, `${url}/c`]);
      assert.equal(out, 'GET /a 1\nGET /b 0\none two three 0\nGET /c 0\n');
    });
  });

  test('sends content with a length, in chunks, of HTTP/1.0, and gets it back', async () => {
    await realServer(options, async ({ server: { url } }) => {
      for (const args of [[], ['-H', 'Transfer-Encoding: chunked'], ['-0'], ['-T', '-'], ['-X', 'PATCH']]) {
        const data = args.includes('-T') ? [] : ['--data-binary', '@-'];
        const { code, out } = await curl([...data, ...args, `${url}/echo`], LONG);
        assert.deepEqual([code, out.length, out === LONG], [0, LONG.length, true], args.join(' '));
      }
    });
  });

  test('asks before it sends much, and is told to go on, or not to', async () => {
    await realServer(options, async ({ server: { url } }) => {
      const expect = ['-v', '-H', 'Expect: 100-continue', '--expect100-timeout', '60', '--data-binary', '@-'];
      const going = await curl([...expect, `${url}/length`], LONG);
      assert.equal(going.out, String(LONG.length));
      assert.match(going.log, /< HTTP\/1\.1 100 Continue/);
      const refused = await curl([...expect, `${url}/nothing`], LONG);
      assert.equal(refused.code, 0);
      assert.match(refused.log, /< HTTP\/1\.1 204 No Content/);
      assert.doesNotMatch(refused.log, /100 Continue/);
      const large = await curl([...expect, '-w', '%{http_code}', '-o', '/dev/null', `${url}/length`], LONG.repeat(3));
      assert.equal(large.out, '413');
    });
  });

  test('asks for heads, and knows an answer without content', async () => {
    await realServer(options, async ({ server: { url } }) => {
      for (const path of ['/long', '/pieces', '/nothing', '/echo']) {
        const { code, out } = await curl([
          '-I',
          '-w',
          '%{size_download} %{num_connects};',
          `${url}${path}`,
          `${url}/next`,
        ]);
        assert.equal(code, 0);
        assert.match(out, /0 1;(.|\n|\r)*0 0;$/);
      }
      assert.deepEqual(await curl([`${url}/nothing`]), { code: 0, out: '', log: '' });
    });
  });

  const refusals: [name: string, args: readonly string[], status: string][] = [
    ['a long target', [`/${'x'.repeat(10_000)}`], '414'],
    ['a long field', ['-H', `X: ${'x'.repeat(20_000)}`, '/'], '431'],
    ['many fields', [...Array.from({ length: 120 }, (_, at) => ['-H', `X${at}: y`]).flat(), '/'], '431'],
    ['two lengths', ['-H', 'Content-Length: 3', '-H', 'Content-Length: 4', '--data', 'abc', '/'], '400'],
    [
      'a length and chunks',
      ['-H', 'Transfer-Encoding: chunked', '-H', 'Content-Length: 3', '--data', 'abc', '/'],
      '400',
    ],
    ['no Host', ['-H', 'Host:', '/'], '400'],
    ['a coding that nobody knows', ['-H', 'Transfer-Encoding: br, chunked', '/'], '501'],
    ['a method that is too long', ['-X', 'M'.repeat(40), '/'], '501'],
  ];
  for (const [name, args, status] of refusals) {
    test(`is refused ${name} with ${status}`, async () => {
      await realServer(options, async ({ server: { url } }) => {
        const path = args.at(-1) as string;
        const { out } = await curl([...args.slice(0, -1), '-o', '/dev/null', '-w', '%{http_code}', `${url}${path}`]);
        assert.equal(out, status);
      });
    });
  }

  test('gets the refusal of content that it is still sending', async () => {
    await realServer({ ...options, limits: { body: 1000 } }, async ({ server: { url } }) => {
      for (const coding of [[], ['-H', 'Transfer-Encoding: chunked']]) {
        const args = ['-H', 'Expect:', ...coding, '--data-binary', '@-', '-o', '/dev/null', '-w', '%{http_code}'];
        assert.equal((await curl([...args, `${url}/length`], LONG)).out, '413');
      }
    });
  });

  test('is not deceived by an answer that has broken off', async () => {
    await realServer(options, async ({ server: { url }, errors }) => {
      const { code } = await curl([`${url}/broken`]);
      assert.ok(code === 18 || code === 56, `exit code ${code}`);
      assert.equal(errors.splice(0).length, 1);
    });
  });

  test('asks many things at the same time', async () => {
    await realServer(options, async ({ server: { url } }) => {
      const { code, out } = await curl(['-Z', '--parallel-max', '50', `${url}/slow?[1-300]`]);
      assert.deepEqual([code, out], [0, 'slow'.repeat(300)]);
    });
  });

  test('tunnels through', async () => {
    await realServer(options, async ({ server: { port } }) => {
      const { out, log } = await curl(['-v', '-p', '-x', `127.0.0.1:${port}`, 'http://inner:1/x']);
      assert.match(log, /> CONNECT inner:1 HTTP\/1\.1/);
      assert.equal(out, 'GET /x HTTP/1.1');
    });
  });
});

describe('undici', () => {
  test('pipelines', async () => {
    await realServer(options, async ({ server: { url } }) => {
      const client = new Client(url, { pipelining: 10 });
      const paths = Array.from({ length: 100 }, (_, at) => (at % 7 === 0 ? '/slow' : `/${at}`));
      const answers = await Promise.all(
        paths.map(async (path) => {
          const { statusCode, body } = await client.request({ path, method: 'GET' });
          return [statusCode, await body.text()];
        }),
      );
      assert.deepEqual(
        answers,
        paths.map((path) => [200, path === '/slow' ? 'slow' : `GET ${path}`]),
      );
      await client.close();
    });
  });

  test('sends and gets content of every kind, and trailers', async () => {
    await realServer(options, async ({ server: { url } }) => {
      const pool = new Pool(url, { connections: 4 });
      const bodies = ['text', Buffer.from('bytes'), LONG, new Blob(['blob']).stream()];
      const sent = ['text', 'bytes', LONG, 'blob'];
      await Promise.all(
        bodies.map(async (body, at) => {
          const { body: answer, headers } = await pool.request({ path: '/echo', method: 'PUT', body: body as string });
          assert.equal(await answer.text(), sent[at]);
          assert.equal(headers['x-method'], 'PUT');
        }),
      );
      const { body, trailers } = await pool.request({ path: '/pieces', method: 'GET' });
      assert.equal(await body.text(), 'one two three');
      assert.deepEqual({ ...trailers }, { 'x-end': 'yes' });
      for (const method of ['HEAD', 'GET'] as const) {
        assert.equal(await (await pool.request({ path: '/nothing', method })).body.text(), '');
      }
      await pool.close();
    });
  });

  test('upgrades, and tunnels', async () => {
    await realServer(options, async ({ server: { url } }) => {
      const clients = [new Client(url), new Client(url)] as const;
      const { socket: upgraded } = await clients[0].upgrade({ path: '/upgrade', protocol: 'echo' });
      const { socket: connected } = await clients[1].connect({ path: 'a:1' });
      for (const socket of [upgraded, connected]) {
        socket.write('hello');
        const [got] = (await once(socket, 'data')) as [Buffer];
        assert.equal(got.toString(), 'hello');
        socket.destroy();
      }
      for (const client of clients) await client.destroy();
    });
  });

  test('that gives up is a client that goes away', async () => {
    await realServer(options, async ({ server: { url }, server }) => {
      const client = new Client(url);
      const given = new AbortController();
      const asked = client.request({ path: '/slow', method: 'GET', signal: given.signal });
      setImmediate(() => given.abort());
      await assert.rejects(asked, { name: 'AbortError' });
      await client.destroy();
      while (server.connectionCount > 0) await new Promise(setImmediate);
    });
  });

  test('in the form of fetch', async () => {
    await realServer(options, async ({ server: { url } }) => {
      assert.equal(await (await fetch(`${url}/x`)).text(), 'GET /x');
      const sent = await fetch(`${url}/echo`, { method: 'POST', body: LONG });
      assert.equal(await sent.text(), LONG);
      assert.equal((await fetch(`${url}/pieces`, { headers: { connection: 'close' } })).status, 200);
    });
  });
});

describe('node:http', () => {
  const ask = async (to: http.RequestOptions, content?: string | readonly string[]): Promise<http.IncomingMessage> =>
    await new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', ...to }, resolve);
      request.on('error', reject);
      if (typeof content === 'object') for (const piece of content) request.write(piece);
      request.end(typeof content === 'string' ? content : undefined);
    });

  test('keeps its connection, in both directions', async () => {
    await realServer(options, async ({ server }) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const { port } = server;
      for (const path of ['/a', '/pieces', '/long', '/nothing', '/b']) {
        const answer = await ask({ port, agent, path });
        await textOf(answer);
        assert.equal(answer.complete, true);
        if (path === '/pieces') assert.deepEqual({ ...answer.trailers }, { 'x-end': 'yes' });
      }
      assert.equal(await textOf(await ask({ port, agent, path: '/echo', method: 'POST' }, 'sized')), 'sized');
      assert.equal(
        await textOf(await ask({ port, agent, path: '/echo', method: 'POST' }, ['in ', 'chunks'])),
        'in chunks',
      );
      assert.equal(
        (await ask({ port, agent, path: '/long', method: 'HEAD' })).headers['content-length'],
        String(LONG.length),
      );
      assert.equal(server.connectionCount, 1);
      agent.destroy();
    });
  });

  test('is told to go on, before its content is sent', async () => {
    await realServer(options, async ({ server: { port } }) => {
      const request = http.request({
        host: '127.0.0.1',
        port,
        path: '/length',
        method: 'POST',
        headers: { Expect: '100-continue', 'Content-Length': 5 },
      });
      request.flushHeaders();
      await once(request, 'continue');
      request.end('12345');
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
      assert.equal(await textOf(answer), '5');
    });
  });

  test('upgrades and tunnels, with what it sends at once', async () => {
    await realServer(options, async ({ server: { port } }) => {
      for (const to of [
        { path: '/upgrade', headers: { Connection: 'Upgrade', Upgrade: 'echo' } },
        { path: 'a:1', method: 'CONNECT' },
      ]) {
        const request = http.request({ host: '127.0.0.1', port, ...to });
        request.end();
        const [, socket] = (await once(request, to.method === 'CONNECT' ? 'connect' : 'upgrade')) as [unknown, Socket];
        socket.write('hello');
        const [got] = (await once(socket, 'data')) as [Buffer];
        assert.equal(got.toString(), 'hello');
        socket.destroy();
      }
    });
  });

  test('sees that an answer has broken off', async () => {
    await realServer(options, async ({ server: { port }, errors }) => {
      const answer = await ask({ port, path: '/broken' });
      await assert.rejects(textOf(answer), { code: 'ECONNRESET' });
      assert.equal(errors.splice(0).length, 1);
    });
  });
});

test('wrk finds no error under load', { skip: missing('wrk', '-v') }, async () => {
  const handlers = { value: () => 'hello', task: application, promise: async () => 'hello' };
  for (const [name, handler] of Object.entries(handlers)) {
    await realServer({ handler }, async ({ server: { url } }) => {
      const child = startProcess('wrk', ['-t1', '-c50', '-d1s', `${url}/x`], { stdio: ['ignore', 'pipe', 'inherit'] });
      const report = await textOf(child.stdout);
      assert.ok(Number(/(\d+) requests in/.exec(report)?.[1]) > 100, report);
      assert.doesNotMatch(report, /Socket errors|Non-2xx/, name);
    });
  }
});

/** A port that was free a moment ago: nginx cannot be asked which one it was given. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('nginx passes everything on to it and back', { skip: missing('nginx', '-v') }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-nginx-'));
  try {
    await realServer(options, async ({ server }) => {
      const port = await freePort();
      const config = `
        ${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr error;
        events { worker_connections 100; }
        http {
          access_log off; client_max_body_size 10m;
          ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
          upstream pawl { server 127.0.0.1:${server.port}; keepalive 4; }
          server {
            listen 127.0.0.1:${port};
            location / { proxy_pass http://pawl; proxy_http_version 1.1; proxy_set_header Connection ""; }
            location /old/ { proxy_pass http://127.0.0.1:${server.port}/; proxy_http_version 1.0; }
            location /unbuffered/ {
              proxy_pass http://pawl/; proxy_http_version 1.1; proxy_set_header Connection "";
              proxy_request_buffering off; proxy_buffering off;
            }
          }
        }`;
      writeFileSync(join(folder, 'conf'), config);
      const nginx = startProcess('nginx', ['-p', folder, '-e', 'stderr', '-c', join(folder, 'conf')], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const ended = once(nginx, 'exit');
      try {
        const url = `http://127.0.0.1:${port}`;
        for (let tries = 0; ; tries++) {
          assert.equal(nginx.exitCode, null, 'nginx has ended');
          if (
            await fetch(`${url}/ready`).then(
              (answer) => answer.ok,
              () => false,
            )
          )
            break;
          assert.ok(tries < 200, 'nginx does not answer');
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        for (const prefix of ['', '/old', '/unbuffered']) {
          const at = `${url}${prefix}`;
          await Promise.all(
            Array.from({ length: 20 }, async (_, i) => {
              assert.equal(await (await fetch(`${at}/a/${i}`)).text(), `GET /a/${i}`);
              assert.equal(await (await fetch(`${at}/pieces`)).text(), 'one two three');
            }),
          );
          assert.equal(await (await fetch(`${at}/long`)).text(), LONG);
          assert.equal(await (await fetch(`${at}/length`, { method: 'POST', body: LONG })).text(), String(LONG.length));
          const body = new Blob([LONG]).stream();
          const streamed = await fetch(`${at}/echo`, { method: 'PUT', body, duplex: 'half' });
          assert.equal(await streamed.text(), LONG);
          assert.equal(
            (await fetch(`${at}/long`, { method: 'HEAD' })).headers.get('content-length'),
            String(LONG.length),
          );
          assert.equal((await fetch(`${at}/nothing`)).status, 204);
        }
        assert.ok(server.connectionCount <= 8, `${server.connectionCount} connections: nginx keeps four`);
      } finally {
        nginx.kill('SIGTERM');
        await ended;
      }
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
