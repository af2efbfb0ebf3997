import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, nat, property, uint8Array } from 'fast-check';
import { blockOn, coroutine, join, race, spawn, yieldNow } from 'pawl';
import { bytes, failure, text } from '../../test/support/loopback.ts';
import { duplex, readExact, reunite, split, writeAll } from './index.ts';

describe('streams in memory', () => {
  it('carry all bytes through a ring of any size', () => {
    check(
      property(
        uint8Array({ maxLength: 60 }),
        nat({ max: 10 }),
        array(nat({ max: 8 }), { minLength: 1 }),
        (stream, size, sizes) => {
          const [a, b] = duplex(size + 1);
          const send = coroutine(function* () {
            yield* writeAll(a, stream);
            yield* a.shutdown();
          });
          const receive = coroutine(function* () {
            const all: number[] = [];
            for (let i = 0; ; i++) {
              const target = new Uint8Array((sizes[i % sizes.length] as number) + 1);
              const count = yield* b.read(target);
              if (count === 0) return all;
              // So that the writer fills the ring behind what is left in it.
              yield* yieldNow();
              all.push(...target.subarray(0, count));
            }
          });
          assert.deepEqual(blockOn(join([receive(), send()]))[0], [...stream]);
        },
      ),
    );
  });

  it('hold no more than their size', () => {
    blockOn(function* () {
      const [a, b] = duplex(4);
      assert.equal(yield* a.write(bytes('abcdef')), 4);
      const waiting = spawn(a.write(bytes('ef')));
      yield* yieldNow();
      assert.equal(waiting.finished, false);
      yield* b.read(new Uint8Array(1));
      assert.equal(yield* waiting, 1);
    });
  });

  it('lose nothing when a read or a write is cancelled', () => {
    blockOn(function* () {
      const [a, b] = duplex(4);
      const target = new Uint8Array(4);
      yield* race<unknown>([b.read(target), yieldNow()]);
      yield* writeAll(a, bytes('abcd'));
      yield* race<unknown>([a.write(bytes('lost')), yieldNow()]);
      assert.equal(yield* b.read(target), 4);
      assert.equal(text(target), 'abcd');
      yield* a.shutdown();
      assert.equal(yield* b.read(target), 0);
    });
  });

  it('tell how far a cancelled transfer came, so that it can be resumed', () => {
    blockOn(function* () {
      const [a, b] = duplex(4);
      const source = bytes('abcdefgh');
      const writing = writeAll(a, source);
      yield* race<unknown>([writing, yieldNow()]);
      assert.equal(writing.written, 4);
      const target = new Uint8Array(8);
      const reading = readExact(b, target);
      yield* race<unknown>([reading, yieldNow()]);
      assert.equal(reading.filled, 4);
      yield* join([writeAll(a, source.subarray(4)), readExact(b, target.subarray(4))]);
      assert.equal(text(target), 'abcdefgh');
    });
  });

  it('end a short readExact with UNEXPECTED_EOF', () => {
    blockOn(function* () {
      const [a, b] = duplex();
      yield* writeAll(a, bytes('abc'));
      a.close();
      const reading = readExact(b, new Uint8Array(4));
      assert.equal((yield* failure(reading)).code, 'UNEXPECTED_EOF');
      assert.equal(reading.filled, 3);
    });
  });

  it('closed at one end: the other reads to the end and then cannot write', () => {
    blockOn(function* () {
      const [a, b] = duplex();
      const waiting = spawn(failure(a.read(new Uint8Array(1))));
      yield* writeAll(a, bytes('last'));
      a.close();
      a.close();
      assert.equal((yield* waiting).code, 'CLOSED');
      assert.equal(yield* b.read(new Uint8Array(8)), 4);
      assert.equal(yield* b.read(new Uint8Array(8)), 0);
      assert.equal((yield* failure(b.write(bytes('x')))).code, 'EPIPE');
      for (const used of [a.read(new Uint8Array(1)), a.write(bytes('x')), a.shutdown()]) {
        assert.equal((yield* failure(used)).code, 'CLOSED');
      }
    });
  });

  it('take one reader and one writer at a time', () => {
    blockOn(function* () {
      const [a, b] = duplex(1);
      const reading = spawn(a.read(new Uint8Array(1)));
      yield* a.write(bytes('x'));
      const writing = spawn(a.write(bytes('y')));
      yield* yieldNow();
      assert.equal((yield* failure(a.read(new Uint8Array(1)))).code, 'BUSY');
      assert.equal((yield* failure(a.write(bytes('z')))).code, 'BUSY');
      assert.equal((yield* failure(a.shutdown())).code, 'BUSY');
      yield* b.write(bytes('r'));
      yield* b.read(new Uint8Array(1));
      assert.deepEqual(yield* join([reading, writing]), [1, 1]);
    });
  });

  it('always ready do not starve other tasks', () => {
    let others = 0;
    blockOn(function* () {
      const [a] = duplex();
      const other = coroutine(function* () {
        for (;;) {
          others++;
          yield* yieldNow();
        }
      });
      const counting = spawn(other(), { daemon: true });
      for (let i = 0; i < 1000; i++) yield* a.write(bytes('x'));
      counting.abort();
    });
    assert.ok(others >= 5, `${others}`);
  });

  it('refuse a size that is none', () => {
    for (const size of [0, -1, 1.5, NaN]) assert.throws(() => duplex(size), { code: 'BAD_ARGUMENT' });
  });
});

describe('the halves of a stream', () => {
  it('work in different tasks and close it when both are closed', () => {
    blockOn(function* () {
      const [a, b] = duplex(2);
      const [reader, writer] = split(a);
      const send = coroutine(function* () {
        yield* writer.writeAll(bytes('request'));
        yield* writer.shutdown();
        writer.close();
      });
      const echo = coroutine(function* () {
        const target = new Uint8Array(7);
        yield* readExact(b, target);
        yield* writeAll(b, target);
      });
      const target = new Uint8Array(7);
      yield* join([readExact(reader, target), send(), echo()]);
      assert.equal(text(target), 'request');
      assert.equal(a.closed, false);
      assert.throws(() => writer.write(bytes('x')), { code: 'CLOSED' });
      reader.close();
      reader.close();
      assert.equal(a.closed, true);
    });
  });

  it('are reunited only with each other, and only once', () => {
    const [a, b] = duplex();
    const [reader, writer] = split(a);
    const [otherReader] = split(b);
    assert.throws(() => reunite(otherReader, writer), { code: 'BAD_ARGUMENT' });
    assert.equal(reunite(reader, writer), a);
    assert.throws(() => reunite(reader, writer), { code: 'BAD_ARGUMENT' });
    assert.throws(() => reader.read(new Uint8Array(1)), { code: 'CLOSED' });
    reader.close();
    writer.close();
    assert.equal(a.closed, false);
  });
});
