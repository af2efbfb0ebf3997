import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { once as nodeOnce } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { codeOf } from '../../test/support/world.ts';
import { join } from '../future/join.ts';
import '../task/ambient.ts';
import { END, Stream, stream } from '../stream/index.ts';
import { blockOn, run } from '../task/run.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { fromReadable, toReadable, writeTo } from './readable.ts';

function listeners(emitter: Readable | Writable): number {
  return ['readable', 'end', 'error', 'close', 'drain', 'finish'].reduce(
    (sum, name) => sum + emitter.listenerCount(name),
    0,
  );
}

test('a Readable is read to its end, and destroyed when the stream is left', async () => {
  const whole = Readable.from([1, 2, 3]);
  assert.deepEqual(await run(fromReadable<number>(whole).toArray()), [1, 2, 3]);
  const part = Readable.from([1, 2, 3]);
  const before = listeners(part);
  assert.deepEqual(await run(fromReadable<number>(part).take(1).toArray()), [1]);
  assert.deepEqual([part.destroyed, listeners(part)], [true, before]);
});

test('a next that is cancelled loses nothing, and leaves no listener for it', async () => {
  const pipe = new PassThrough({ objectMode: true });
  const before = listeners(pipe);
  const counts: number[] = [];
  const seen = await run(function* () {
    const values = fromReadable<number>(pipe);
    for (let n = 0; n < 3; n++) {
      try {
        yield* timeout(1, values.next());
      } catch {
        counts.push(listeners(pipe) - before);
      }
    }
    pipe.write(1);
    pipe.end(2);
    return [yield* values.next(), yield* values.next(), yield* values.next()];
  });
  assert.deepEqual(seen, [1, 2, END]);
  // An error that comes between two nexts must not end the process.
  assert.deepEqual(counts, [2, 2, 2]);
  if (!pipe.closed) await nodeOnce(pipe, 'close');
  assert.equal(listeners(pipe), before);
});

test('what a Readable fails with comes out, and one that is destroyed before its end has not ended', async () => {
  const broken = new Readable({
    read() {
      this.destroy(new RangeError('broken'));
    },
  });
  await assert.rejects(run(fromReadable(broken).toArray()), RangeError);
  const gone = new PassThrough();
  setImmediate(() => gone.destroy());
  await assert.rejects(run(fromReadable(gone).toArray()), { code: 'UNEXPECTED_EOF' });
  assert.equal(
    codeOf(() => blockOn(fromReadable(new PassThrough()).next())),
    'BLOCKING_NODE',
  );
});

/** Numbers for ever, with a log. */
function numbers(log: string[], most = Infinity): Stream<number> {
  return stream(function* (emit) {
    try {
      for (let n = 0; n < most; n++) {
        yield* sleep(0);
        yield* emit(n);
      }
    } finally {
      yield* sleep(0);
      log.push('closed');
    }
  });
}

test('a stream as a Readable: read to its end, or destroyed, it closes the stream', async () => {
  const log: string[] = [];
  assert.equal(await text(toReadable(numbers(log, 3).map(String))), '012');
  assert.deepEqual(log, ['closed']);
  for await (const n of toReadable(numbers(log))) if (n === 2) break;
  while (log.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const failing = toReadable(
    numbers(log).map((n) => {
      if (n === 1) throw new RangeError('broken');
      return String(n);
    }),
  );
  await assert.rejects(text(failing), RangeError);
  while (log.length < 3) await new Promise((resolve) => setImmediate(resolve));
});

/** A stream that gives a word and then nothing for an hour, with a log. */
function silent(log: string[]): Stream<string> {
  return stream(function* (emit) {
    try {
      yield* emit('word');
      yield* sleep(3_600_000);
    } finally {
      yield* sleep(0);
      log.push('closed');
    }
  });
}

test('a Readable of a stream that is destroyed while a value is awaited closes the stream', async () => {
  const log: string[] = [];
  const readable = toReadable(silent(log));
  await nodeOnce(readable, 'data');
  await new Promise((resolve) => setImmediate(resolve));
  readable.destroy();
  await nodeOnce(readable, 'close');
  assert.deepEqual(log, ['closed']);
});

test('a Writable that goes while there is nothing to write ends the writing', async () => {
  for (const error of [new RangeError('reset by peer'), undefined]) {
    const log: string[] = [];
    const writable = new PassThrough();
    writable.once('data', () => setImmediate(() => writable.destroy(error)));
    await assert.rejects(run(writeTo(silent(log), writable)), error ?? { code: 'CLOSED' });
    assert.deepEqual([log, listeners(writable)], [['closed'], 0]);
  }
});

test('a Writable whose stream fails at once does not end the process', async () => {
  const error = new RangeError('broken');
  const failing = Stream.of('a').map((): never => {
    throw error;
  });
  for (const [values, code] of [
    [failing, undefined],
    [Stream.of(null), 'ERR_STREAM_NULL_VALUES'],
  ] as const) {
    const writable = new PassThrough({ objectMode: true });
    await assert.rejects(run(writeTo(values, writable)), code === undefined ? error : { code });
    assert.deepEqual([writable.destroyed, listeners(writable)], [true, 0]);
  }
  await new Promise((resolve) => setImmediate(resolve));
});

test('a Writable that somebody has ended or destroyed takes nothing, and that is said', async () => {
  for (const how of ['end', 'destroy'] as const) {
    const writable = new PassThrough().resume();
    writable[how]();
    await nodeOnce(writable, 'close');
    await assert.rejects(run(writeTo(Stream.of('lost'), writable)), { code: 'CLOSED' });
  }
});

/** A Writable that takes its time, with a log. */
function target(log: unknown[], fails = Infinity): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark: 2,
    write(n, _encoding, done) {
      setImmediate(() => {
        log.push(n);
        done(n === fails ? new RangeError('full') : null);
      });
    },
  });
}

test('a stream is written at the pace of a Writable, which is ended', async () => {
  const log: unknown[] = [];
  const writable = target(log);
  await run(writeTo(Stream.from([1, 2, 3, 4, 5]), writable));
  assert.deepEqual([log, writable.writableFinished], [[1, 2, 3, 4, 5], true]);
  assert.equal(listeners(writable), 0);
});

test('a Writable is destroyed when the stream fails or the writing is cancelled; its own failure closes the stream', async () => {
  for (const [how, message] of [
    ['fails', /broken/],
    ['cancelled', /timed out/],
    ['full', /full/],
  ] as const) {
    const log: string[] = [];
    const writable = target([], how === 'full' ? 2 : Infinity);
    const values = numbers(log).map((n) => {
      if (how === 'fails' && n === 2) throw new Error('broken');
      return n;
    });
    const writing = writeTo(values, writable);
    await assert.rejects(run(how === 'cancelled' ? timeout(20, writing) : writing), message);
    assert.deepEqual([how, log, writable.destroyed, listeners(writable)], [how, ['closed'], true, 0]);
  }
});

test('a connection of node:net is read and written, and cut off when its task is cancelled', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(data.toString().toUpperCase()));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await nodeOnce(server, 'listening');
  const { port } = server.address() as { port: number };
  const { connect } = await import('node:net');
  let socket: Socket | undefined;
  const seen = await run(function* () {
    socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write('hello');
    const answers = fromReadable<string>(socket);
    const first = yield* answers.next();
    yield* answers.close();
    return first;
  });
  assert.deepEqual([seen, socket?.destroyed], ['HELLO', true]);
});

test('a program of Node streams that is cancelled wherever it waits destroys them all', async () => {
  let open: (Readable | Writable)[] = [];
  const suspensions = await cancelEverywhere(
    function* () {
      const log: string[] = [];
      const pipe = new PassThrough({ objectMode: true, highWaterMark: 1 });
      const out = target([]);
      open = [pipe, out];
      yield* join([
        writeTo(numbers(log, 5), pipe),
        writeTo(
          fromReadable<number>(pipe).map((n) => n + 1),
          out,
        ),
      ]);
    },
    {
      afterEach: () => {
        for (const one of open) assert.ok(one.destroyed || one.closed);
      },
    },
  );
  assert.ok(suspensions > 5);
});
