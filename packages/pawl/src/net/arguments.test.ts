/** What programs hand over: options that are no numbers, and memory that goes away under an operation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockOn, coroutine, type Future, PawlError, race, run, sleep, spawn, yieldNow } from 'pawl';
import { duplex, type Reader, readExact, writeAll } from 'pawl/io';
import { bytes, failure, pair } from '../../test/support/loopback.ts';
import { TcpListener, TcpStream } from './index.ts';

const NONSENSE = [NaN, -1, '5', {}, null] as unknown as number[];

function refused(call: () => unknown): void {
  assert.throws(call, { code: 'BAD_ARGUMENT' });
}

/** Takes the memory of a view away. */
function detach(view: Uint8Array<ArrayBuffer>): void {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  assert.equal(view.length, 0);
}

/** Reads whatever comes, until the end. */
const drain = coroutine(function* (reader: Reader) {
  const target = new Uint8Array(1024 * 1024);
  while ((yield* reader.read(target)) > 0);
  return 'the end';
});

test('options that are no proper numbers are refused before there is a socket, whatever level of system calls is in use', () => {
  for (const wrong of [...NONSENSE, 1.5, 2 ** 31]) refused(() => TcpListener.bind(0, { backlog: wrong }));
  for (const keepAlive of NONSENSE.flatMap((wrong) => [{ delay: wrong }, { interval: wrong }, { probes: wrong }])) {
    refused(() => TcpListener.bind(0, { keepAlive }));
    refused(() => TcpStream.connect(1, { keepAlive }));
  }
  for (const probes of [0, 1.5, 128]) refused(() => TcpStream.connect(1, { keepAlive: { probes } }));
  blockOn(function* () {
    using both = yield* pair();
    for (const wrong of [...NONSENSE, 1.5]) {
      refused(() => both.client.setLinger(wrong));
      refused(() => both.client.setKeepAlive({ delay: wrong === 1.5 ? NaN : wrong }));
    }
    // What was refused has changed nothing: the close is no reset.
    both.client.close();
    assert.equal(yield* both.server.read(new Uint8Array(1)), 0);
  });
});

test('a buffer that has been transferred is refused, and never looks like the end of a stream', async () => {
  await run(function* () {
    using both = yield* pair();
    const { client, server } = both;
    const [near, far] = duplex();
    const gone = new Uint8Array(8);
    detach(gone);
    for (const stream of [client, near]) {
      refused(() => stream.read(gone));
      refused(() => stream.write(gone));
      refused(() => writeAll(stream, gone));
    }
    refused(() => client.writeAll(gone));
    refused(() => client.writeVectored([gone]));
    for (const [reader, writer] of [
      [client, server],
      [near, far],
    ] as const) {
      const target = new Uint8Array(8);
      const reading = spawn(function* () {
        const error = yield* failure(reader.read(target));
        return error instanceof PawlError ? error.code : error;
      });
      yield* sleep(0);
      detach(target);
      yield* writeAll(writer, bytes('kept'));
      assert.equal(yield* reading, 'BAD_ARGUMENT');
      const whole = new Uint8Array(4);
      yield* readExact(reader, whole);
      assert.deepEqual(whole, bytes('kept'));
    }
  });
});

test('a write of all fails when its source is transferred or shrinks under it, and does not spin', async () => {
  const size = 32 * 1024 * 1024;
  for (const shrink of [
    detach,
    (view: Uint8Array<ArrayBuffer>) => view.buffer.resize(1024 * 1024),
    (view: Uint8Array<ArrayBuffer>) => view.buffer.resize(0),
  ]) {
    await run(function* () {
      using both = yield* pair();
      const { client, server } = both;
      const [near, far] = duplex(16);
      const writes: readonly [(source: Uint8Array) => Future<void>, typeof server | typeof far][] = [
        [(source) => client.writeAll(source), server],
        [(source) => writeAll(near, source), far],
      ];
      for (const [write, reader] of writes) {
        const source = new Uint8Array(new ArrayBuffer(size, { maxByteLength: size }));
        const writing = spawn(function* () {
          const error = yield* failure(write(source));
          return error instanceof PawlError ? error.code : error;
        });
        yield* sleep(1);
        shrink(source);
        assert.equal(yield* race([writing, drain(reader)]), 'BAD_ARGUMENT');
      }
    });
  }
});

test('a task whose connects fail at once, again and again, gives the others their turn', () => {
  blockOn(function* () {
    let attempts = 0;
    const stopper = spawn(function* () {
      yield* yieldNow();
    });
    while (!stopper.finished && attempts < 2000) {
      attempts++;
      // An address for documentation (RFC 5737), which no machine has.
      yield* failure(TcpStream.connect(1, { local: '192.0.2.1:0' }));
    }
    assert.ok(attempts < 2000, `${attempts} attempts within one poll`);
  });
});
