import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, nat, property, uint8Array } from 'fast-check';
import { blockOn, coroutine, join, race, spawn, yieldNow } from 'pawl';
import { bytes, failure, text } from '../../test/support/loopback.ts';
import { cut, Pieces, Sink } from '../../test/support/pieces.ts';
import { BufferedReader, BufferedWriter, copy, copyBidirectional, duplex, readExact, writeAll } from './index.ts';

const streams = uint8Array({ maxLength: 60 });
const cuts = array(nat({ max: 60 }), { maxLength: 20 });
const sizes = array(nat({ max: 9 }), { minLength: 1, maxLength: 5 });

describe('copy', () => {
  it('preserves bytes and counts them, whatever is read and taken at once', () => {
    check(
      property(streams, cuts, sizes, (stream, places, sizes) => {
        const sink = new Sink(sizes.map((size) => size + 1));
        assert.equal(blockOn(copy(new Pieces(cut(stream, places)), sink)), stream.length);
        assert.deepEqual(sink.taken, [...stream]);
        assert.equal(sink.ended, false);
      }),
    );
  });

  it('cancelled anywhere, leaves in a buffered reader what the writer has not taken', () => {
    check(
      property(streams, cuts, sizes, nat({ max: 30 }), (stream, places, sizes, limit) => {
        const sink = new Sink(sizes.map((size) => size + 1));
        const reader = new BufferedReader(new Pieces(cut(stream, places)), { capacity: 8 });
        const turns = coroutine(function* () {
          for (let turn = 0; turn < limit; turn++) yield* yieldNow();
        });
        const rest = blockOn(function* () {
          const copying = copy(reader, sink);
          yield* race<unknown>([copying, turns()]);
          assert.equal(copying.copied, sink.taken.length);
          return yield* reader.readToEnd();
        });
        assert.deepEqual([...sink.taken, ...rest], [...stream]);
      }),
    );
  });

  it('flushes a buffered writer whenever the reader has nothing more for now', () => {
    blockOn(function* () {
      const [asker, a] = duplex();
      const [b, answerer] = duplex();
      const proxy = spawn(copy(a, new BufferedWriter(b)));
      yield* writeAll(asker, bytes('question'));
      const target = new Uint8Array(8);
      yield* readExact(answerer, target); // would wait for ever without the flush
      assert.equal(text(target), 'question');
      yield* asker.shutdown();
      assert.equal(yield* proxy, 8);
    });
  });

  it('flushes at the end, also when everything was there from the start', () => {
    const sink = new Sink();
    blockOn(function* () {
      const [feeder, a] = duplex();
      yield* writeAll(feeder, bytes('all'));
      yield* feeder.shutdown();
      yield* copy(a, new BufferedWriter(sink));
    });
    assert.equal(text(Uint8Array.from(sink.taken)), 'all');
  });

  it('that fails on one side leaves the other side free', () => {
    blockOn(function* () {
      const [feeder, a] = duplex();
      const [b, gone] = duplex();
      const reader = new BufferedReader(a);
      gone.close();
      yield* writeAll(feeder, bytes('kept'));
      assert.equal((yield* failure(copy(reader, b))).code, 'EPIPE');
      assert.equal(text(yield* reader.readExact(4)), 'kept');
    });
  });
});

describe('copy into a writer that fails while the reader waits', () => {
  it('lets the reader go', () => {
    blockOn(function* () {
      const [feeder, a] = duplex();
      const [b, gone] = duplex(2);
      const reader = new BufferedReader(a);
      yield* writeAll(feeder, bytes('more than fits'));
      const copying = spawn(failure(copy(reader, new BufferedWriter(b))));
      yield* yieldNow();
      gone.close(); // the flush fails, and the copy waits in its read
      assert.equal((yield* copying).code, 'EPIPE');
      yield* writeAll(feeder, bytes('line\n'));
      assert.equal(yield* reader.readLine(), 'line');
    });
  });
});

describe('copyBidirectional', () => {
  it('passes each end on and lets the other direction go on', () => {
    blockOn(function* () {
      const [client, a] = duplex(4);
      const [b, server] = duplex(4);
      const proxy = spawn(copyBidirectional(a, b));
      yield* client.shutdown();
      const target = new Uint8Array(16);
      assert.equal(yield* server.read(target), 0);
      const [, answer] = yield* join([writeAndEnd(server, 'a long answer'), new BufferedReader(client).readToEnd()]);
      assert.equal(text(answer), 'a long answer');
      assert.deepEqual(yield* proxy, { aToB: 0, bToA: 13 });
    });
  });

  it('fails as its first side does', () => {
    blockOn(function* () {
      const [client, a] = duplex();
      const [b, server] = duplex();
      server.close();
      yield* writeAll(client, bytes('for nobody'));
      assert.equal((yield* failure(copyBidirectional(a, b))).code, 'EPIPE');
    });
  });
});

const writeAndEnd = coroutine(function* (to: ReturnType<typeof duplex>[0], what: string) {
  yield* writeAll(to, bytes(what));
  yield* to.shutdown();
});
