/** What cannot follow is refused within the source's world, by its name, and works outside of it. */
import assert from 'node:assert/strict';
import { exec } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns';
import { resolve4 } from 'node:dns/promises';
import fs, { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { MessageChannel, Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import { HandSource } from '../../../test/support/hand-source.ts';
import { runScript } from '../../../test/support/script.ts';
import { installPlatform } from './install.ts';

const REFUSED: readonly [call: string, make: () => unknown][] = [
  ['fs.readFileSync', () => readFileSync('/etc/hostname')],
  ['fs.realpathSync', () => fs.realpathSync('/')],
  ['fs.promises.readFile', () => readFile('/etc/hostname')],
  ['fs.createReadStream', () => fs.createReadStream('/etc/hostname')],
  ['net.connect', () => connect(1)],
  ['net.Socket.connect', () => new Socket().connect(1)],
  ['http.get', () => get('http://127.0.0.1:1/')],
  ['dgram.createSocket', () => createSocket('udp4')],
  ['dns.lookup', () => lookup('localhost', () => {})],
  ['dns.promises.resolve4', () => resolve4('localhost')],
  ['child_process.exec', () => exec('true')],
  ['worker_threads.Worker', () => new Worker('', { eval: true })],
  ['worker_threads.MessageChannel', () => new MessageChannel()],
  ['MessageChannel', () => new globalThis.MessageChannel()],
  ['fetch', () => fetch('http://127.0.0.1:1/')],
  ['crypto.subtle.digest', () => crypto.subtle.digest('SHA-256', new Uint8Array(1))],
  ['zlib: a stream._transform', () => gzip('text', () => {})],
  ['Atomics.waitAsync', () => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
  ['process.memoryUsage', () => process.memoryUsage()],
  ['process.exit', () => process.exit(0)],
  ['process.kill', () => process.kill(process.pid, 0)],
  ['process.stdin', () => process.stdin],
];

for (const [call, make] of REFUSED) {
  test(`${call} is refused`, async () => {
    const source = new HandSource();
    using _ = installPlatform(source);
    await assert.rejects(async () => make(), { message: `refused: ${call}` });
    assert.deepEqual(source.refused, [call]);
  });
}

test('TLS is refused by the name of what it stands on', async () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  await assert.rejects(async () => connectTls(1), /refused: net\./);
});

test('a source without `refuse` refuses nothing', () => {
  const source = new HandSource();
  Object.assign(source, { refuse: undefined });
  using _ = installPlatform(source);
  assert.ok(fs.readFileSync(import.meta.filename).length > 0);
});

test('statics of what may be refused are still there', () => {
  const { native } = fs.realpathSync;
  using _ = installPlatform(new HandSource());
  assert.equal(fs.realpathSync.native, native);
});

test('a module is loaded, a failure is explained and a line is printed as ever', async () => {
  const { code, stderr, stdout } = await runScript(`
    import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    import { HandSource } from ${JSON.stringify(new URL('../../../test/support/hand-source.ts', import.meta.url).href)};
    import { installPlatform } from ${JSON.stringify(new URL('./install.ts', import.meta.url).href)};
    const require = createRequire(${JSON.stringify(import.meta.url)});
    const source = new HandSource();
    const two = 2;
    using _ = installPlatform(source);
    console.log('printed', typeof require('hono').Hono);
    try { assert.ok(two === 3) } catch (error) { console.log(error.code, error.stack.length > 0) }
    try { assert.deepEqual({ a: 1 }, { a: 2 }) } catch (error) { console.log(error.code) }
    console.error('said');
    console.log(source.refused.join());
  `);
  assert.equal(stderr, 'said\n');
  assert.equal(stdout, 'printed function\nERR_ASSERTION true\nERR_ASSERTION\n\n');
  assert.equal(code, 0);
});

test('a program that requires a file of its own within the world gets it', () => {
  const source = new HandSource();
  const require = createRequire(import.meta.url);
  using _ = installPlatform(source);
  assert.equal((require('../../../package.json') as { name: string }).name, 'pawl');
});
