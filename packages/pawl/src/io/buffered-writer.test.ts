import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, nat, property, uint8Array } from 'fast-check';
import { blockOn, coroutine, race, spawn, yieldNow } from 'pawl';
import { bytes, failure, text } from '../../test/support/loopback.ts';
import { Sink } from '../../test/support/pieces.ts';
import { BufferedWriter, duplex } from './index.ts';

const sizes = array(nat({ max: 9 }), { minLength: 1, maxLength: 5 });

describe('a buffered writer', () => {
  it('passes on the same bytes whatever the pieces, its capacity and what is taken at once', () => {
    check(
      property(array(uint8Array({ maxLength: 20 })), nat({ max: 15 }), sizes, (pieces, capacity, sizes) => {
        const sink = new Sink(sizes.map((size) => size + 1));
        const writer = new BufferedWriter(sink, { capacity: capacity + 1 });
        blockOn(function* () {
          for (const piece of pieces) yield* writer.writeAll(piece);
          yield* writer.flush();
        });
        assert.deepEqual(
          sink.taken,
          pieces.flatMap((piece) => [...piece]),
        );
        assert.equal(writer.pending, 0);
        assert.equal(sink.flushes, 1);
      }),
    );
  });

  it('loses and repeats nothing when writes and flushes are cancelled', () => {
    check(
      property(
        array(uint8Array({ minLength: 1, maxLength: 20 })),
        nat({ max: 15 }),
        sizes,
        (pieces, capacity, sizes) => {
          const sink = new Sink(sizes.map((size) => size + 1));
          const writer = new BufferedWriter(sink, { capacity: capacity + 1 });
          const expected: number[] = [];
          const turns = coroutine(function* (count: number) {
            for (let turn = 0; turn < count; turn++) yield* yieldNow();
          });
          blockOn(function* () {
            for (const [i, piece] of pieces.entries()) {
              const write = coroutine(function* () {
                const count = yield* writer.write(piece);
                expected.push(...piece.subarray(0, count));
              });
              yield* race([write(), turns((i % 3) + 1)]);
              yield* race([writer.flush(), turns(((i + 1) % 3) + 1)]);
            }
            yield* writer.shutdown();
          });
          assert.deepEqual(sink.taken, expected);
          assert.equal(sink.ended, true);
        },
      ),
    );
  });

  it('sends nothing before it is full or flushed', () => {
    const sink = new Sink();
    const writer = new BufferedWriter(sink, { capacity: 4 });
    blockOn(function* () {
      yield* writer.writeAll(bytes('abc'));
      assert.equal(writer.pending, 3);
      assert.deepEqual(sink.taken, []);
      yield* writer.writeAll(bytes('de'));
      assert.equal(text(Uint8Array.from(sink.taken)), 'abcd');
      yield* writer.writeAll(bytes('large enough to pass'));
      assert.equal(text(Uint8Array.from(sink.taken)), 'abcdelarge enough to pass');
      assert.equal(writer.pending, 0);
    });
  });

  it('keeps what the writer beneath has not taken when that fails', () => {
    blockOn(function* () {
      const [near, far] = duplex(4);
      const writer = new BufferedWriter(near);
      yield* writer.writeAll(bytes('abcdef'));
      far.close();
      assert.equal((yield* failure(writer.flush())).code, 'EPIPE');
      assert.equal(writer.pending, 6);
    });
  });

  it('serves one task at a time: another gets BUSY and the first is unharmed', () => {
    blockOn(function* () {
      const [near, far] = duplex(2);
      const writer = new BufferedWriter(near);
      yield* writer.writeAll(bytes('abcd'));
      const flushing = spawn(writer.flush());
      yield* yieldNow();
      assert.equal((yield* failure(writer.write(bytes('e')))).code, 'BUSY');
      assert.equal((yield* failure(writer.flush())).code, 'BUSY');
      const target = new Uint8Array(4);
      yield* far.read(target);
      yield* flushing;
      yield* far.read(target.subarray(2));
      assert.equal(text(target), 'abcd');
    });
  });

  it('refuses a capacity that is none', () => {
    for (const capacity of [0, -1, 1.5, NaN]) {
      assert.throws(() => new BufferedWriter(new Sink(), { capacity }), { code: 'BAD_ARGUMENT' });
    }
  });
});
