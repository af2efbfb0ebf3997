import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, asyncProperty, boolean, uint8Array } from 'fast-check';
import { ambientRuntime, coroutine, race, run, scope, yieldNow, type Future } from 'pawl';
import { END } from 'pawl/stream';
import { FedBody } from '../../test/support/fed-body.ts';
import { IncomingBody } from './body.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Runs a reader while pieces are fed one by one, each when the reader waits for it. */
const fedWith = <T>(source: FedBody, pieces: readonly (Uint8Array | string)[], reading: Future<T>) =>
  run(
    coroutine(function* () {
      return yield* scope(function* (tasks) {
        const reader = tasks.spawn(reading);
        for (const piece of pieces) {
          yield* yieldNow();
          source.feed(piece);
        }
        yield* yieldNow();
        source.end();
        return yield* reader;
      });
    })(),
  );

test('a whole body is the same however it was cut, and whether its length was known', async () => {
  await check(
    asyncProperty(
      array(uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 8 }),
      boolean(),
      async (pieces, known) => {
        const whole = Buffer.concat(pieces);
        const source = () => new FedBody(known ? whole.length : -1);
        const asBytes = source();
        const got = await fedWith(asBytes, pieces, new IncomingBody(asBytes).bytes());
        assert.deepEqual([...got], [...whole]);
        assert.equal(got.buffer.byteLength, whole.length, 'its memory is its own, and no more');
        const asText = source();
        assert.equal(await fedWith(asText, pieces, new IncomingBody(asText).text()), new TextDecoder().decode(whole));
      },
    ),
    { numRuns: 60 },
  );
});

test('a body larger than the shared memory, in large pieces and at once', async () => {
  const large = new Uint8Array(300_000).map((_, index) => index * 7);
  for (const length of [-1, large.length]) {
    const source = new FedBody(length).feed(large).end();
    assert.deepEqual(await run(new IncomingBody(source).bytes()), large);
  }
});

test('bytes of two bodies that are read at once do not mix', async () => {
  const [one, two] = [new FedBody(), new FedBody()];
  const first = fedWith(one, ['a', 'b', 'c'], new IncomingBody(one).text());
  const second = fedWith(two, ['1', '2', '3'], new IncomingBody(two).text());
  assert.deepEqual(await Promise.all([first, second]), ['abc', '123']);
});

test('text is decoded as the standard says: a mark is dropped, what is no UTF-8 is replaced', async () => {
  const samples = [
    [0xef, 0xbb, 0xbf, 0x61],
    [0xef, 0xbb],
    [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf],
    [0xf0, 0x9f, 0x98, 0x61, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80],
    [0x00, 0xfe, 0xff],
  ];
  for (const sample of samples) {
    const bytes = Uint8Array.from(sample);
    assert.equal(await run(IncomingBody.of(bytes).text()), new TextDecoder().decode(bytes));
  }
});

test('JSON is parsed, and what is none is a SyntaxError', async () => {
  assert.deepEqual(await run(IncomingBody.of(bytesOf('\ufeff{"a":[1]}')).json()), { a: [1] });
  await assert.rejects(run(IncomingBody.of(bytesOf('{')).json()), SyntaxError);
  await assert.rejects(run(IncomingBody.empty.json()), SyntaxError);
});

test('a body is consumed once, in any one way', async () => {
  const ways: ((body: IncomingBody) => Future<unknown>)[] = [
    (body) => body.bytes(),
    (body) => body.text(),
    (body) => body.json(),
    (body) => body.read(new Uint8Array(4)),
    (body) => body.chunks().toArray(),
  ];
  for (const first of ways) {
    for (const second of ways) {
      const body = IncomingBody.of(bytesOf('"12"'));
      assert.equal(body.used, false);
      await run(first(body));
      assert.equal(body.used, true);
      const reads = first === ways[3] && second === ways[3];
      const again = run(
        coroutine(function* () {
          yield* second(body);
        })(),
      );
      if (reads) await again;
      else await assert.rejects(again, { code: 'BODY_USED' });
    }
  }
});

test('nothing happens before the first poll', async () => {
  const source = new FedBody(3).feed('abc').end();
  const body = new IncomingBody(source);
  const unread = body.text();
  assert.equal(body.used, false);
  assert.equal(source.polls, 0);
  assert.equal(await run(unread), 'abc');
  assert.equal(source.polls, 1, 'with a known length nobody asks for the end');
});

test('an empty body can be read in any way and again', async () => {
  for (let again = 0; again < 2; again++) {
    assert.equal(await run(IncomingBody.empty.text()), '');
    assert.equal(await run(IncomingBody.of(new Uint8Array(0)).read(new Uint8Array(1))), 0);
    assert.deepEqual(await run(IncomingBody.empty.chunks().toArray()), []);
    assert.equal(await new Response(IncomingBody.empty.toWeb()).text(), '');
  }
  IncomingBody.empty.discard();
  assert.equal(IncomingBody.empty.used, false);
});

test('read gives what has come, and 0 at the end', async () => {
  const body = new IncomingBody(new FedBody().feed('abcde').end());
  const target = new Uint8Array(3);
  assert.equal(await run(body.read(target)), 3);
  assert.equal(textOf(target), 'abc');
  assert.equal(await run(body.read(new Uint8Array(0))), 0);
  assert.equal(await run(body.read(target)), 2);
  assert.equal(await run(body.read(target)), 0);
});

test('cancelling a read loses nothing and leaves no waker', async () => {
  const source = new FedBody();
  const body = new IncomingBody(source);
  await run(race([body.read(new Uint8Array(4)), yieldNow()]));
  assert.equal(source.waker, null);
  source.feed('abcd');
  const target = new Uint8Array(4);
  assert.equal(await run(body.read(target)), 4);
  assert.equal(textOf(target), 'abcd');
});

test('cancelling a whole read leaves no waker, and the body used', async () => {
  const source = new FedBody().feed('ab');
  const body = new IncomingBody(source);
  await run(race([body.text(), yieldNow()]));
  assert.equal(source.waker, null);
  await assert.rejects(run(body.text()), { code: 'BODY_USED' });
});

test('two tasks cannot read at once', async () => {
  const source = new FedBody();
  const body = new IncomingBody(source);
  await run(
    scope(function* (tasks) {
      const first = tasks.spawn(body.read(new Uint8Array(1)));
      yield* yieldNow();
      let code = '';
      try {
        yield* body.read(new Uint8Array(1));
      } catch (error) {
        ({ code } = error as { code: string });
      }
      assert.equal(code, 'BUSY');
      source.feed('x');
      assert.equal(yield* first, 1);
    }),
  );
});

test('a body over the limit is refused: at once when its length is known, else when it is over', async () => {
  const announced = new FedBody(1000);
  const tooLarge = { code: 'HTTP_BODY_TOO_LARGE', status: 413 };
  await assert.rejects(run(new IncomingBody(announced).bytes({ limit: 999 })), tooLarge);
  assert.equal(announced.polls, 0);
  assert.equal(announced.discarded, true);
  const unknown = new FedBody().feed('x'.repeat(600)).feed('y'.repeat(600));
  await assert.rejects(run(new IncomingBody(unknown).text({ limit: 1000 })), tooLarge);
  assert.equal(unknown.discarded, true);
  const fits = new FedBody().feed('x'.repeat(1000)).end();
  assert.equal((await run(new IncomingBody(fits).text({ limit: 1000 }))).length, 1000);
  assert.throws(() => IncomingBody.empty.text({ limit: -1 }), { code: 'BAD_ARGUMENT' });
});

test("the connection's failure comes out of every way to read", async () => {
  const failure = new Error('gone');
  for (const way of ['bytes', 'text', 'json'] as const) {
    await assert.rejects(run(new IncomingBody(new FedBody().feed('x').fail(failure))[way]()), failure);
  }
  await assert.rejects(run(new IncomingBody(new FedBody().feed('x').fail(failure)).chunks().toArray()), failure);
  await assert.rejects(new Response(new IncomingBody(new FedBody().fail(failure)).toWeb()).text(), failure);
});

test('chunks come as they came; closing early discards the rest', async () => {
  const source = new FedBody().feed('ab').feed('cd').end();
  assert.deepEqual((await run(new IncomingBody(source).chunks().toArray())).map(textOf), ['ab', 'cd']);
  const unread = new FedBody().feed('ab').feed('cd');
  const chunks = new IncomingBody(unread).chunks();
  await run(
    coroutine(function* () {
      assert.equal(textOf((yield* chunks.next()) as Uint8Array), 'ab');
      yield* chunks.close();
      assert.equal(yield* chunks.next(), END);
    })(),
  );
  assert.equal(unread.discarded, true);
});

test('a web stream reads at its reader’s pace, into its reader’s memory if asked, and discards when it is cancelled', async () => {
  const source = new FedBody().feed('ab').feed('cd').end();
  const web = new IncomingBody(source).toWeb();
  await Promise.resolve();
  assert.equal(source.polls, 0);
  const reader = web.getReader({ mode: 'byob' });
  const { value } = await reader.read(new Uint8Array(1));
  assert.equal(textOf(value as Uint8Array), 'a');
  assert.equal(textOf((await reader.read(new Uint8Array(8))).value as Uint8Array), 'b');
  assert.equal(textOf((await reader.read(new Uint8Array(8))).value as Uint8Array), 'cd');
  const end = await reader.read(new Uint8Array(8));
  assert.deepEqual([end.done, end.value?.length], [true, 0]);

  const unread = new FedBody().feed('ab');
  await new IncomingBody(unread).toWeb().cancel();
  assert.equal(unread.discarded, true);
});

test('cancelling a web stream while somebody waits for its next bytes leaves nothing behind', async () => {
  const source = new FedBody();
  const reader = new IncomingBody(source).toWeb().getReader();
  const next = reader.read();
  while (source.waker === null) await new Promise((done) => setImmediate(done));
  await reader.cancel();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual([source.waker, source.discarded], [null, true]);
  while (ambientRuntime().taskCount > 0) await new Promise((done) => setImmediate(done));
});

test('a body that only announces its length costs no memory, one that has begun little', async () => {
  const source = new FedBody(1 << 30).feed('x');
  const body = new IncomingBody(source);
  const before = process.memoryUsage().arrayBuffers;
  const reading = body.bytes();
  let held = Infinity;
  await run(
    race([
      reading,
      coroutine(function* () {
        yield* yieldNow();
        held = process.memoryUsage().arrayBuffers - before;
      })(),
    ]),
  );
  assert.ok(held < 64 * 1024, `${held} bytes are held for one that came`);
});
