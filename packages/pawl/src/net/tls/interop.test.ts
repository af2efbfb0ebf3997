import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn as spawnProcess, spawnSync } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, describe, it } from 'node:test';
import * as tls from 'node:tls';
import { coroutine, fromPromise, run, spawn } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { certificate } from '../../../test/support/certificates.ts';
import { bytes } from '../../../test/support/loopback.ts';
import { authority, server, serving, trusting } from '../../../test/support/secure.ts';
import { TlsListener, TlsStream } from '../index.ts';

const big = Buffer.alloc(3_000_000, 'a long text. ');
const client = certificate({ name: 'client', issuer: authority });

/** A directory with the certificates, for programs. */
const directory = mkdtempSync(joinPath(tmpdir(), 'pawl-tls-'));
after(() => rmSync(directory, { recursive: true }));
const file = (name: string, content: string): string => {
  const path = joinPath(directory, name);
  writeFileSync(path, content);
  return path;
};
const files = {
  ca: file('ca.pem', authority.cert),
  cert: file('cert.pem', server.cert),
  key: file('key.pem', server.key),
};

function missing(program: string, version: string): string | false {
  const { error } = spawnSync(program, [version], { stdio: 'ignore' });
  return error === undefined ? false : `${program} cannot be run here: ${error.message}`;
}

const noOpenssl = missing('openssl', 'version');
const noCurl = missing('curl', '--version');

/** A program that does not outlive its test. */
function start(command: string, args: readonly string[]): ChildProcessWithoutNullStreams & Disposable {
  const program = spawnProcess(command, args, { stdio: 'pipe' });
  return Object.assign(program, { [Symbol.dispose]: () => void program.kill() });
}

/** Waits until the program has printed something. */
async function printed(stream: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  let all = '';
  for await (const piece of on(stream, 'data')) {
    all += String(piece);
    const found = pattern.exec(all);
    if (found !== null) return found;
  }
  return assert.fail(`it has printed nothing like ${String(pattern)}`);
}

/** Sends everything back, once the peer has said all. */
const echo = coroutine(function* (listener: TlsListener) {
  using stream = yield* listener.accept();
  const [reading, writing] = stream.split();
  const all = yield* new BufferedReader(reading).readToEnd({ limit: 10_000_000 });
  yield* writing.writeAll(all);
  yield* writing.shutdown();
  yield* reading.read(new Uint8Array(1));
  return stream;
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`node:tls, in ${maxVersion}`, () => {
    it('as the client: bytes both ways, SNI, ALPN, its certificate, its half-close', () =>
      run(function* () {
        using listener = yield* TlsListener.bind(0, {
          ...serving,
          alpn: ['h2', 'x'],
          requestCert: true,
          ca: authority.cert,
        });
        const serving_ = spawn(echo(listener));
        const { port, host } = listener.localAddress;
        const socket = tls.connect({
          port,
          host,
          ca: authority.cert,
          servername: 'localhost',
          ALPNProtocols: ['x'],
          cert: client.cert,
          key: client.key,
          maxVersion,
          allowHalfOpen: true,
        } as tls.ConnectionOptions);
        const received: Buffer[] = [];
        socket.on('data', (data) => received.push(data as Buffer));
        const ended = once(socket, 'end');
        socket.end(big);
        yield* fromPromise(ended);
        socket.destroy();
        assert.ok(Buffer.concat(received).equals(big));
        const stream = yield* serving_;
        assert.deepEqual(
          [stream.alpn, stream.servername, stream.authorized, stream.protocol],
          ['x', 'localhost', true, maxVersion],
        );
      }));

    it('as the server: bytes both ways, SNI, ALPN, our certificate, our half-close', async () => {
      const seen: unknown[] = [];
      const listening = tls.createServer(
        {
          cert: server.cert,
          key: server.key,
          ca: authority.cert,
          requestCert: true,
          ALPNProtocols: ['h2', 'x'],
          maxVersion,
          allowHalfOpen: true,
        },
        (socket) => {
          seen.push(socket.servername, socket.alpnProtocol, socket.authorized, socket.getPeerCertificate().subject?.CN);
          const all: Buffer[] = [];
          socket.on('data', (data) => all.push(data as Buffer));
          socket.on('end', () => socket.end(Buffer.concat(all)));
        },
      );
      listening.listen(0, '127.0.0.1');
      await once(listening, 'listening');
      const { port } = listening.address() as AddressInfo;
      await run(function* () {
        using stream = yield* TlsStream.connect(port, { ...trusting, alpn: ['x'], cert: client.cert, key: client.key });
        const [reading, writing] = stream.split();
        const answer = spawn(new BufferedReader(reading).readToEnd({ limit: 10_000_000 }));
        yield* writing.writeAll(big);
        yield* writing.shutdown();
        assert.ok(Buffer.from(yield* answer).equals(big));
        assert.equal(stream.alpn, 'x');
      });
      listening.close();
      await once(listening, 'close');
      assert.deepEqual(seen, ['localhost', 'x', true, 'client']);
    });

    it('resumes a session by its ticket', () =>
      run(function* () {
        using listener = yield* TlsListener.bind(0, { ...serving, maxVersion });
        const serve = spawn(
          coroutine(function* () {
            for (let i = 0; i < 2; i++) {
              using stream = yield* listener.accept();
              yield* stream.writeAll(bytes('hello'));
              yield* stream.read(new Uint8Array(1));
            }
          })(),
        );
        const { port, host } = listener.localAddress;
        const visit = async (session?: Buffer): Promise<{ session: Buffer; reused: boolean }> => {
          const socket = tls.connect({
            port,
            host,
            ca: authority.cert,
            servername: 'localhost',
            ...(session && { session }),
          });
          const tickets = once(socket, 'session');
          await once(socket, 'data');
          const [ticket] = (await tickets) as [Buffer];
          const reused = socket.isSessionReused();
          socket.end();
          await once(socket, 'close');
          return { session: ticket, reused };
        };
        const first = yield* fromPromise(() => visit());
        assert.equal(first.reused, false);
        // The second visit has no new ticket to wait for in TLS 1.2.
        const socket = tls.connect({ port, host, ca: authority.cert, servername: 'localhost', session: first.session });
        yield* fromPromise(() => once(socket, 'data'));
        assert.equal(socket.isSessionReused(), true);
        socket.end();
        yield* serve;
      }));
  });
}

describe('openssl', { skip: noOpenssl }, () => {
  it('s_client changes its keys, and ours with it, while we only read', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, serving);
      const { port } = listener.localAddress;
      using program = start('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', files.ca, '-tls1_3']);
      using stream = yield* listener.accept();
      const reader = new BufferedReader(stream);
      program.stdin.write('before\n');
      assert.equal(yield* reader.readLine(), 'before');
      // The command for both keys, if it comes in a read of its own.
      const changed = printed(program.stderr, /KEYUPDATE/);
      program.stdin.write('K\n');
      yield* fromPromise(changed);
      program.stdin.write('after\n');
      assert.equal(yield* reader.readLine(), 'after');
      const seen = printed(program.stdout, /under the new key/);
      yield* stream.writeAll(bytes('under the new key\n'));
      yield* fromPromise(seen);
    }));

  it('s_client verifies our server, chain and name', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, { ...serving, alpn: ['x'] });
      const accepting = spawn(
        coroutine(function* () {
          using stream = yield* listener.accept();
          yield* stream.writeAll(bytes('hello from the server\n'));
          yield* stream.shutdown();
          yield* stream.read(new Uint8Array(1));
        })(),
      );
      const { port } = listener.localAddress;
      using program = start('openssl', [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-servername',
        'localhost',
        '-verify_hostname',
        'localhost',
        '-CAfile',
        files.ca,
        '-verify_return_error',
        '-alpn',
        'x',
        '-ign_eof',
      ]);
      let printed = '';
      program.stdout.on('data', (data: Buffer) => (printed += data.toString()));
      const [code] = (yield* fromPromise(() => once(program, 'close'))) as [number];
      assert.equal(code, 0);
      assert.match(printed, /Verify return code: 0 \(ok\)/);
      assert.match(printed, /ALPN protocol: x/);
      assert.match(printed, /hello from the server/);
      yield* accepting;
    }));

  it('s_server answers our client', () =>
    run(function* () {
      using program = start('openssl', [
        's_server',
        '-accept',
        '127.0.0.1:0',
        '-cert',
        files.cert,
        '-key',
        files.key,
        '-rev',
      ]);
      const [, port] = yield* fromPromise(printed(program.stdout, /ACCEPT .*:(\d+)/));
      using stream = yield* TlsStream.connect(Number(port), trusting);
      yield* stream.writeAll(bytes('drawer\n'));
      assert.equal(yield* new BufferedReader(stream).readLine(), 'reward');
    }));
});

describe('curl', { skip: noCurl }, () => {
  it('fetches from our server and takes close_notify for the end', () =>
    run(function* () {
      using listener = yield* TlsListener.bind(0, serving);
      const accepting = spawn(
        coroutine(function* () {
          using stream = yield* listener.accept();
          const reader = new BufferedReader(stream);
          while ((yield* reader.readLine()) !== '');
          // Without a length the body ends with the connection.
          yield* stream.writeAll(bytes('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'));
          yield* stream.writeAll(big);
        })(),
      );
      const { port } = listener.localAddress;
      using program = start('curl', [
        '-sS',
        '--cacert',
        files.ca,
        '--resolve',
        `localhost:${port}:127.0.0.1`,
        `https://localhost:${port}/`,
      ]);
      const pieces: Buffer[] = [];
      program.stdout.on('data', (data: Buffer) => pieces.push(data));
      const [code] = (yield* fromPromise(() => once(program, 'close'))) as [number];
      assert.equal(code, 0);
      assert.ok(Buffer.concat(pieces).equals(big));
      yield* accepting;
    }));
});
