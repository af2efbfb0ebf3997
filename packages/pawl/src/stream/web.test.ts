import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { codeOf } from '../../test/support/world.ts';
import { PawlError } from '../error/index.ts';
import '../task/ambient.ts';
import { blockOn, run } from '../task/run.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { END } from './source.ts';
import { Stream, stream } from './stream.ts';
import { fromReadableStream, toReadableStream, writeTo } from './web.ts';

/** Numbers for ever, with a log of what happens to them. */
function numbers(log: string[], most = Infinity): Stream<number> {
  return stream(function* (emit) {
    try {
      for (let n = 0; n < most; n++) {
        yield* sleep(1);
        yield* emit(n);
      }
    } finally {
      yield* sleep(1);
      log.push('closed');
    }
  });
}

function webNumbers(log: string[], most = Infinity): ReadableStream<number> {
  let n = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (n === most) controller.close();
        else controller.enqueue(n++);
      },
      cancel(reason) {
        log.push(`cancelled: ${String(reason)}`);
      },
    },
    { highWaterMark: 0 },
  );
}

test('a stream in ordinary async code: leaving the loop, also by an error, closes it', async () => {
  const log: string[] = [];
  const seen: number[] = [];
  for await (const n of numbers(log).take(3)) seen.push(n);
  assert.deepEqual([seen, log], [[0, 1, 2], ['closed']]);
  for await (const n of numbers(log)) if (n === 1) break;
  assert.equal(log.length, 2);
  await assert.rejects(async () => {
    for await (const n of numbers(log)) if (n === 1) throw new RangeError('left');
  }, RangeError);
  assert.equal(log.length, 3);
  await assert.rejects(async () => {
    const broken = numbers(log).map((n) => {
      if (n === 1) throw new RangeError('broken');
    });
    for await (const _ of broken);
  }, RangeError);
  assert.equal(log.length, 4);
});

test('steps of an iterator that are asked for together come one after the other', async () => {
  const log: string[] = [];
  const iterator = numbers(log)[Symbol.asyncIterator]();
  const [a, b, c, d] = await Promise.all([iterator.next(), iterator.next(), iterator.return(), iterator.next()]);
  assert.deepEqual(
    [a, b, c, d].map(({ done, value }) => [done, value]),
    [
      [false, 0],
      [false, 1],
      [true, undefined],
      [true, undefined],
    ],
  );
  assert.deepEqual(log, ['closed']);
  {
    await using other = numbers(log)[Symbol.asyncIterator]();
    await other.next();
  }
  assert.equal(log.length, 2);
});

test('a ReadableStream is read to its end and unlocked, or cancelled when the stream is left', async () => {
  const log: string[] = [];
  const whole = webNumbers(log, 4);
  assert.deepEqual(await run(fromReadableStream(whole).toArray()), [0, 1, 2, 3]);
  assert.deepEqual([whole.locked, log], [false, []]);
  const part = webNumbers(log);
  assert.deepEqual(await run(fromReadableStream(part).take(2).toArray()), [0, 1]);
  assert.deepEqual([part.locked, log], [false, ['cancelled: the stream was closed']]);
});

test('a read that is cancelled loses no chunk', async () => {
  let give: ((n: number) => void) | undefined;
  const readable = new ReadableStream<number>({
    start(controller) {
      give = (n) => controller.enqueue(n);
    },
  });
  const seen = await run(function* () {
    const values = fromReadableStream(readable);
    for (let n = 0; n < 3; n++) {
      try {
        yield* timeout(1, values.next());
      } catch {
        // As meant.
      }
    }
    give?.(7);
    const first = yield* values.next();
    yield* values.close();
    return [first, yield* values.next()];
  });
  assert.deepEqual(seen, [7, END]);
});

test('what a ReadableStream fails with comes out, and so does what an async iterable throws', async () => {
  const broken = new ReadableStream<number>({ pull: (controller) => controller.error(new RangeError('broken')) });
  await assert.rejects(run(fromReadableStream(broken).toArray()), RangeError);
  assert.equal(broken.locked, false);
  const throws = async function* (): AsyncGenerator<number> {
    yield 1;
    throw new RangeError('broken');
  };
  await assert.rejects(run(Stream.from(throws()).toArray()), RangeError);
});

test('to close a stream whose ReadableStream has failed is no failure; to close one that cannot be cancelled is', async () => {
  let broken!: ReadableStreamDefaultController<number>;
  const web = new ReadableStream<number>({ start: (controller) => void (broken = controller) });
  await run(function* () {
    const source = fromReadableStream(web);
    broken.error(new RangeError('broken'));
    yield* source.close();
  });
  assert.equal(web.locked, false);
  const stubborn = new ReadableStream<number>({ cancel: () => Promise.reject(new RangeError('stuck')) });
  await assert.rejects(run(fromReadableStream(stubborn).close()), /stuck/);
  assert.equal(stubborn.locked, false);
});

test('an async iterable is returned from when the stream is left, not when it has ended', async () => {
  const log: string[] = [];
  const values = async function* (): AsyncGenerator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      await new Promise((resolve) => setImmediate(resolve));
      log.push('closed');
    }
  };
  assert.deepEqual(await run(Stream.from(values()).take(1).toArray()), [1]);
  assert.deepEqual(log, ['closed']);
  assert.deepEqual(await run(Stream.from(values()).toArray()), [1, 2]);
  assert.equal(log.length, 2);
});

test('an async iterable inside blockOn fails instead of hanging, and can be read elsewhere afterwards', async () => {
  const values = Stream.from(
    (async function* (): AsyncGenerator<number> {
      yield 1;
    })(),
  );
  assert.equal(
    codeOf(() => blockOn(values.next())),
    'BLOCKING_NODE',
  );
  assert.equal(await run(values.next()), 1);
});

test('a stream as a ReadableStream: it is asked when it is read, and closed when it is cancelled', async () => {
  const log: string[] = [];
  const text = toReadableStream(numbers(log, 3).map((n) => new TextEncoder().encode(`${n} `)));
  assert.equal(await new Response(text).text(), '0 1 2 ');
  assert.deepEqual(log, ['closed']);
  const reader = toReadableStream(numbers(log)).getReader();
  assert.deepEqual(await reader.read(), { done: false, value: 0 });
  await reader.cancel('enough');
  assert.equal(log.length, 2);
  const broken = toReadableStream(
    numbers(log).map(() => {
      throw new RangeError('broken');
    }),
  );
  await assert.rejects(broken.getReader().read(), RangeError);
  assert.equal(log.length, 3);
});

/** A stream that gives 0 and then nothing for an hour, with a log. */
function silent(log: string[]): Stream<number> {
  return stream(function* (emit) {
    try {
      yield* emit(0);
      yield* sleep(3_600_000);
    } finally {
      yield* sleep(0);
      log.push('closed');
    }
  });
}

test('a ReadableStream of a stream that is cancelled while a value is awaited closes the stream', async () => {
  const log: string[] = [];
  const reader = toReadableStream(silent(log)).getReader();
  assert.deepEqual(await reader.read(), { done: false, value: 0 });
  const pending = reader.read();
  await new Promise((resolve) => setImmediate(resolve));
  await reader.cancel('enough');
  assert.deepEqual([await pending, log], [{ done: true, value: undefined }, ['closed']]);
});

test('a WritableStream that fails while there is nothing to write ends the writing', async () => {
  const log: string[] = [];
  let controller: WritableStreamDefaultController | undefined;
  const writable = new WritableStream<number>({
    start: (made) => void (controller = made),
    write: () => void setImmediate(() => controller?.error(new RangeError('the peer has gone'))),
  });
  await assert.rejects(run(writeTo(silent(log), writable)), RangeError);
  assert.deepEqual([log, writable.locked], [['closed'], false]);
});

/** A WritableStream that takes its time, with a log. */
function target(log: string[], fails = Infinity): WritableStream<number> {
  return new WritableStream({
    async write(n) {
      await new Promise((resolve) => setImmediate(resolve));
      if (n === fails) throw new RangeError('full');
      log.push(`wrote ${n}`);
    },
    close() {
      log.push('ended');
    },
    abort(reason: Error) {
      log.push(`aborted: ${reason.message}`);
    },
  });
}

test('values are written at the pace of a WritableStream, which is closed at the end', async () => {
  const log: string[] = [];
  const writable = target(log);
  await run(writeTo(numbers(log, 2), writable));
  assert.deepEqual(
    log.filter((line) => line !== 'closed'),
    ['wrote 0', 'wrote 1', 'ended'],
  );
  assert.ok(log.includes('closed'));
  assert.equal(writable.locked, false);
});

test('a WritableStream is aborted when the stream fails or the writing is cancelled; its own failure closes the stream', async () => {
  for (const [how, end, message] of [
    ['fails', 'aborted: broken', /broken/],
    ['cancelled', 'aborted: the writing was cancelled', /timed out/],
    ['full', 'wrote 1', /full/],
  ] as const) {
    const log: string[] = [];
    const writable = target(log, how === 'full' ? 2 : Infinity);
    const values = numbers(log).map((n) => {
      if (how === 'fails' && n === 2) throw new Error('broken');
      return n;
    });
    const writing = writeTo(values, writable);
    await assert.rejects(run(how === 'cancelled' ? timeout(20, writing) : writing), message);
    assert.ok(log.includes(end), `${how}: ${log.join(', ')}`);
    assert.ok(log.includes('closed'));
    assert.equal(writable.locked, false);
  }
});

test('a program of web streams that is cancelled wherever it waits cancels and unlocks them all', async () => {
  let open: ReadableStream<number>[] = [];
  const suspensions = await cancelEverywhere(
    function* () {
      const log: string[] = [];
      const readable = webNumbers(log);
      open = [readable];
      yield* writeTo(fromReadableStream(readable).take(4), target(log));
    },
    {
      afterEach: () =>
        assert.deepEqual(
          open.map(({ locked }) => locked),
          [false],
        ),
    },
  );
  assert.ok(suspensions > 5);
});

test('a locked stream is refused', async () => {
  const readable = webNumbers([]);
  readable.getReader();
  assert.throws(() => fromReadableStream(readable), TypeError);
  const log: string[] = [];
  const writable = target(log);
  writable.getWriter();
  const source = numbers(log);
  await assert.rejects(run(writeTo(source, writable)), (error) => !(error instanceof PawlError));
  assert.equal(await run(source.next()), END);
});
