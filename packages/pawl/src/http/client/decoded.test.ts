/** Compressed content: what it was before, no matter how it comes; and what is none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { nodeServer, type TestServer } from '../../../test/support/http-servers.ts';
import { run } from '../../task/run.ts';
import { Client } from './client.ts';
import type { RequestOptions } from './options.ts';

const TEXT = 'grüner tea, '.repeat(5000);

/** Answers with these bytes, so many at a time. */
const sending = (bytes: Uint8Array, coding: string, size: number): Promise<TestServer> =>
  nodeServer((_, outgoing) => {
    outgoing.writeHead(200, { 'content-encoding': coding });
    let at = 0;
    const next = (): void => {
      if (at >= bytes.length) {
        outgoing.end();
        return;
      }
      outgoing.write(bytes.subarray(at, at + size), () => setImmediate(next));
      at += size;
    };
    next();
  });

const read = async (
  bytes: Uint8Array,
  coding: string,
  size = 1_000_000,
  options: RequestOptions = {},
): Promise<string> => {
  await using server = await sending(bytes, coding, size);
  using client = new Client({ proxy: null });
  return await run(function* () {
    const response = yield* client.get(server.url, options);
    const text = yield* response.text();
    assert.deepEqual(client.connections, { open: 1, idle: 1, waiting: 0 });
    return text;
  });
};

describe('compressed content', () => {
  const codings: readonly [name: string, bytes: Uint8Array][] = [
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['identity', Buffer.from(TEXT)],
    ['gzip', Buffer.concat([gzipSync(TEXT.slice(0, 100)), gzipSync(TEXT.slice(100))])],
  ];
  for (const [index, [name, bytes]] of codings.entries()) {
    test(`is what it was before: ${name} (${index})`, async () => {
      assert.ok((await read(bytes, name)) === TEXT);
      assert.ok((await read(bytes, name, 97)) === TEXT);
    });
  }

  test('stays as it is where nobody knows its coding, or nobody wants it otherwise', async () => {
    assert.equal(await read(Buffer.from('tea'), 'other'), 'tea');
    await using server = await sending(gzipSync('tea'), 'gzip', 1000);
    using client = new Client({ proxy: null });
    const bytes = await run(function* () {
      return yield* (yield* client.get(server.url, { decompress: false })).bytes();
    });
    assert.deepEqual(Buffer.from(bytes), gzipSync('tea'));
  });

  test('lets go of its connection also when its coding ends before it', async () => {
    for (const [coding, bytes] of [
      ['gzip', gzipSync(TEXT)],
      ['deflate', deflateSync(TEXT)],
    ] as const) {
      // Padding.
      await using server = await sending(Buffer.concat([bytes, new Uint8Array(20)]), coding, 1_000_000);
      using client = new Client({ proxy: null });
      await run(function* () {
        assert.ok((yield* (yield* client.get(server.url)).text()) === TEXT);
        assert.equal(client.connections.open, client.connections.idle);
      });
    }
  });

  test('that is nothing is nothing', async () => {
    assert.equal(await read(new Uint8Array(0), 'gzip'), '');
    assert.equal(await read(gzipSync(''), 'gzip'), '');
  });

  test('that is damaged, cut short or coded too often is an error, and its connection is closed', async () => {
    const whole = gzipSync(TEXT);
    const damaged = Buffer.from(whole);
    damaged.fill(7, 20, 60);
    for (const [bytes, coding, code] of [
      [damaged, 'gzip', 'BAD_CONTENT'],
      [whole.subarray(0, -10), 'gzip', 'BAD_CONTENT'],
      [brotliCompressSync(TEXT).subarray(0, -3), 'br', 'BAD_CONTENT'],
      [Buffer.from('tea'), 'gzip', 'BAD_CONTENT'],
      [whole, 'gzip,gzip,gzip,gzip,gzip,gzip', 'LIMIT_EXCEEDED'],
    ] as const) {
      await using server = await sending(bytes, coding, 1_000_000);
      using client = new Client({ proxy: null });
      await run(function* () {
        try {
          yield* (yield* client.get(server.url)).text();
          assert.fail('it was read');
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, code, coding);
        }
      });
    }
  });

  test('that becomes very large takes no more memory than is asked for, and can be limited', async () => {
    // 4 MB that become 4 GB, if anybody wants them.
    const zeros = gzipSync(new Uint8Array(64 * 1024 * 1024), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => zeros));
    await using server = await sending(bomb, 'gzip', 1_000_000);
    using client = new Client({ proxy: null });
    await run(function* () {
      const response = yield* client.get(server.url);
      const before = process.memoryUsage().rss;
      const target = new Uint8Array(1000);
      for (let i = 0; i < 50; i++) assert.ok((yield* response.body.read(target)) > 0);
      assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
      response.discard();
      assert.equal(client.connections.open, 0);
      try {
        yield* (yield* client.get(server.url)).text({ limit: 100_000 });
        assert.fail('it was read');
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'HTTP_BODY_TOO_LARGE');
      }
    });
  });
});
