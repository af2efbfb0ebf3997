import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coroutine, join, race, scope, sleep, spawn, timeout } from 'pawl';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { BufferedReader, copyBidirectional } from 'pawl/io';
import { TcpListener, TcpStream } from './index.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a program that is cancelled at any suspension', () => {
  it('leaks nothing of a socket, a timer and a child', async () => {
    let finished = 0;
    const suspensions = await cancelEverywhere(function* (watch) {
      using listener = yield* TcpListener.bind(0);
      const serve = coroutine(function* () {
        using stream = yield* listener.accept();
        const reader = new BufferedReader(stream);
        for (;;) {
          const line = yield* reader.readLine();
          if (line === null) return;
          yield* sleep(1);
          yield* stream.writeAll(encode(`${line}!\n`));
        }
      });
      const child = spawn(watch(serve()), { name: 'server' });
      using client = yield* TcpStream.connect(listener.localAddress, { timeout: 1000 });
      const reader = new BufferedReader(client);
      for (const word of ['one', 'two']) {
        yield* client.writeAll(encode(`${word}\n`));
        assert.equal(yield* timeout(1000, reader.readLine()), `${word}!`);
      }
      yield* client.shutdown();
      yield* child;
      finished++;
    });
    assert.ok(suspensions >= 6, `${suspensions} suspensions`);
    assert.ok(finished >= 2);
  });

  it('leaks nothing of a cleanup that itself uses the socket', async () => {
    let begun = 0;
    let completed = 0;
    let cleaned = 0;
    await cancelEverywhere(function* (watch) {
      using listener = yield* TcpListener.bind(0);
      const peer = coroutine(function* () {
        using stream = yield* listener.accept();
        const target = new Uint8Array(16);
        while ((yield* stream.read(target)) > 0);
      });
      const polite = coroutine(function* () {
        using client = yield* TcpStream.connect(listener.localAddress);
        let done = false;
        begun++;
        try {
          yield* sleep(2);
          done = true;
          completed++;
        } finally {
          if (!done) {
            yield* client.writeAll(encode('bye'));
            yield* sleep(1);
            yield* client.shutdown();
            cleaned++;
          }
        }
      });
      yield* scope(function* (tasks) {
        tasks.spawn(watch(peer()));
        tasks.spawn(watch(polite()));
      });
    });
    assert.equal(cleaned + completed, begun);
    assert.ok(cleaned > 0);
  });

  it('leaks nothing of a proxy between two connections', async () => {
    await cancelEverywhere(function* (watch) {
      using outer = yield* TcpListener.bind(0);
      using inner = yield* TcpListener.bind(0);
      const proxy = coroutine(function* () {
        using near = yield* outer.accept();
        using far = yield* TcpStream.connect(inner.localAddress);
        return yield* copyBidirectional(near, far);
      });
      const answer = coroutine(function* () {
        using stream = yield* inner.accept();
        const line = yield* new BufferedReader(stream).readLine();
        yield* stream.writeAll(encode(`${line} answered\n`));
      });
      const ask = coroutine(function* () {
        using stream = yield* TcpStream.connect(outer.localAddress);
        yield* stream.writeAll(encode('asked\n'));
        return yield* new BufferedReader(stream).readToEnd();
      });
      const all = join([watch(proxy()), watch(answer()), watch(ask())]);
      const [copied] = yield* race([all, neverInTime()]);
      assert.deepEqual(copied, { aToB: 6, bToA: 15 });
    });
  });
});

const neverInTime = coroutine(function* () {
  yield* sleep(60_000);
  throw new Error('never');
});
