import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, constantFrom, nat, property, uint8Array } from 'fast-check';
import { blockOn, coroutine, type Future, race, spawn, yieldNow } from 'pawl';
import { bytes, failure, text } from '../../test/support/loopback.ts';
import { cut, Pieces } from '../../test/support/pieces.ts';
import { BufferedReader, duplex, type Lease, type LimitOptions, writeAll } from './index.ts';

/** Few different bytes, so that delimiters and their beginnings are frequent. */
const streams = uint8Array({ min: 9, max: 13, maxLength: 60 });
const cuts = array(nat({ max: 60 }), { maxLength: 20 });
const smallCapacities = constantFrom(1, 2, 3, 5, 8, 64);

/** What a whole stream is, split after each delimiter; the last item has none. */
function itemsOf(stream: Uint8Array, delimiter: Uint8Array): Uint8Array[] {
  const whole = Buffer.from(stream);
  const items: Uint8Array[] = [];
  for (let from = 0; ;) {
    const at = whole.indexOf(delimiter, from);
    if (at < 0) return [...items, stream.slice(from)];
    items.push(stream.slice(from, at + delimiter.length));
    from = at + delimiter.length;
  }
}

const allItems = coroutine(function* (reader: BufferedReader, delimiter: Uint8Array) {
  const items: Uint8Array[] = [];
  try {
    for (;;) {
      const item = yield* reader.readUntil(delimiter);
      if (item === null) break;
      items.push(item);
    }
  } catch {
    // The stream ended within an item, which is still there.
  }
  return [...items, yield* reader.readToEnd()];
});

const lines = coroutine(function* (reader: BufferedReader, options?: LimitOptions) {
  const all: string[] = [];
  for (;;) {
    const line = yield* reader.readLine(options);
    if (line === null) return all;
    all.push(line);
  }
});

const over = (stream: string, capacity = 8): BufferedReader =>
  new BufferedReader(new Pieces([bytes(stream)]), { capacity });

describe('a buffered reader', () => {
  it('finds the same items however the stream is cut', () => {
    const delimiters = uint8Array({ min: 9, max: 13, minLength: 1, maxLength: 3 });
    check(
      property(streams, cuts, smallCapacities, delimiters, (stream, places, capacity, delimiter) => {
        const reader = new BufferedReader(new Pieces(cut(stream, places)), { capacity });
        assert.deepEqual(blockOn(allItems(reader, delimiter)), itemsOf(stream, delimiter));
      }),
    );
  });

  it('finds the same lines however the stream is cut', () => {
    check(
      property(streams, cuts, smallCapacities, (stream, places, capacity) => {
        const reader = new BufferedReader(new Pieces(cut(stream, places)), { capacity });
        const expected = text(stream).split(/\r?\n/);
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(blockOn(lines(reader)), expected);
      }),
    );
  });

  it('loses nothing when its operations are cancelled, wherever that happens', () => {
    const picks = array(nat({ max: 3 }), { maxLength: 12 });
    check(
      property(streams, cuts, smallCapacities, picks, (stream, places, capacity, picks) => {
        const reader = new BufferedReader(new Pieces(cut(stream, places)), { capacity });
        const taken: number[] = [];
        const operate = coroutine(function* (pick: number) {
          const target = new Uint8Array(3);
          try {
            if (pick === 0) taken.push(...(yield* reader.readExact(7)));
            else if (pick === 1) taken.push(...((yield* reader.readUntil(11)) ?? []));
            else if (pick === 2) yield* reader.fill();
            else taken.push(...target.subarray(0, yield* reader.read(target)));
          } catch {
            // A short end: nothing was taken.
          }
        });
        const turns = coroutine(function* (count: number) {
          for (let turn = 0; turn < count; turn++) yield* yieldNow();
        });
        blockOn(function* () {
          for (const [i, pick] of picks.entries()) yield* race([operate(pick), turns((i % 4) + 1)]);
          taken.push(...(yield* reader.readToEnd()));
        });
        assert.deepEqual(taken, [...stream]);
      }),
    );
  });

  it('reads the same bytes through any targets', () => {
    check(
      property(
        streams,
        cuts,
        smallCapacities,
        array(nat({ max: 9 }), { minLength: 1 }),
        (stream, places, capacity, sizes) => {
          const reader = new BufferedReader(new Pieces(cut(stream, places)), { capacity });
          const read = blockOn(function* () {
            const all: number[] = [];
            for (let i = 0; ; i++) {
              const target = new Uint8Array((sizes[i % sizes.length] as number) + 1);
              const count = yield* reader.read(target);
              if (count === 0) return all;
              all.push(...target.subarray(0, count));
            }
          });
          assert.deepEqual(read, [...stream]);
        },
      ),
    );
  });

  it('reads exactly what is asked for, also more than its capacity', () => {
    blockOn(function* () {
      const reader = over('abcdefghijklmnop', 4);
      assert.equal(text(yield* reader.readExact(11)), 'abcdefghijk');
      assert.equal(text(yield* reader.readExact(0)), '');
      assert.equal(text(yield* reader.readExact(5)), 'lmnop');
    });
  });

  it('fails with UNEXPECTED_EOF at a short end and keeps what has come', () => {
    blockOn(function* () {
      const reader = over('abc');
      assert.equal((yield* failure(reader.readExact(4))).code, 'UNEXPECTED_EOF');
      assert.equal((yield* failure(reader.readUntil(10))).code, 'UNEXPECTED_EOF');
      assert.equal(text(reader.buffered), 'abc');
      assert.equal(text(yield* reader.readExact(3)), 'abc');
      assert.equal(yield* reader.readUntil(10), null);
      assert.equal(yield* reader.readLine(), null);
      assert.equal((yield* failure(reader.readExact(1))).code, 'UNEXPECTED_EOF');
    });
  });

  it('allows an item as long as its limit and no longer', () => {
    for (const capacity of [1, 4, 64]) {
      blockOn(function* () {
        assert.deepEqual(yield* lines(over('12345\n12345', capacity), { limit: 5 }), ['12345', '12345']);
        for (const stream of ['12345\n', '12345', '12345678901234567890']) {
          const reader = over(stream, capacity);
          assert.equal((yield* failure(reader.readLine({ limit: 4 }))).code, 'LIMIT_EXCEEDED', stream);
          assert.equal(text(yield* reader.readToEnd()), stream);
        }
        const pair = over('12345\r\n', capacity);
        assert.equal(text((yield* pair.readUntil(bytes('\r\n'), { limit: 5 })) ?? bytes('none')), '12345\r\n');
        assert.equal((yield* failure(over('12345', capacity).readToEnd({ limit: 4 }))).code, 'LIMIT_EXCEEDED');
        assert.equal(text(yield* over('12345', capacity).readToEnd({ limit: 5 })), '12345');
      });
    }
  });

  it('takes no more from an endless item than its limit needs', () => {
    const pieces = new Pieces(Array.from({ length: 1000 }, () => bytes('x'.repeat(16))));
    const reader = new BufferedReader(pieces, { capacity: 16 });
    assert.equal(blockOn(failure(reader.readLine({ limit: 100 }))).code, 'LIMIT_EXCEEDED');
    assert.ok(pieces.reads <= 8, `${pieces.reads} reads`);
  });

  it('shows what is buffered, and drops what was consumed', () => {
    blockOn(function* () {
      const reader = over('abcdef');
      assert.equal(reader.buffered.length, 0);
      assert.equal(yield* reader.fill(), 6);
      assert.equal(text(reader.buffered), 'abcdef');
      reader.consume(4);
      assert.equal(text(reader.buffered), 'ef');
      assert.throws(() => reader.consume(3), { code: 'BAD_ARGUMENT' });
      assert.equal(yield* reader.fill(), 0);
      assert.equal(text(yield* reader.readToEnd()), 'ef');
    });
  });

  it('serves one task at a time: another gets BUSY and the first is unharmed', () => {
    blockOn(function* () {
      const [far, near] = duplex();
      const reader = new BufferedReader(near);
      const first = spawn(reader.readLine());
      yield* yieldNow();
      assert.equal((yield* failure(reader.readLine())).code, 'BUSY');
      assert.throws(() => reader.consume(0), { code: 'BUSY' });
      yield* writeAll(far, bytes('line\nrest'));
      assert.equal(yield* first, 'line');
      assert.equal(text(yield* reader.readExact(4)), 'rest');
    });
  });

  it('holds no memory while it waits with nothing buffered, over a stream that can do without', () => {
    const held: number[] = [];
    class Idle extends Pieces {
      readLeased(lease: Lease): Future<number> {
        return this.readWhenReady(lease);
      }

      private readonly readWhenReady = coroutine(function* (this: Idle, lease: Lease) {
        lease.take();
        lease.giveBack();
        held.push(memoryOf(reader));
        return yield* this.read(lease.take());
      });
    }
    const reader = new BufferedReader(new Idle([bytes('one\ntw'), bytes('o\n')]));
    blockOn(function* () {
      assert.equal(yield* reader.readLine(), 'one');
      assert.equal(yield* reader.readLine(), 'two');
      assert.equal(yield* reader.readLine(), null);
    });
    // At first and at last nothing is buffered; between the two there is half a line.
    assert.deepEqual(
      held.map((size) => size > 0),
      [false, true, false],
    );
  });

  it('refuses what it cannot mean', () => {
    const reader = over('');
    for (const bad of [-1, 1.5, NaN, 256]) assert.throws(() => reader.readUntil(bad), { code: 'BAD_ARGUMENT' });
    assert.throws(() => reader.readUntil(new Uint8Array(0)), { code: 'BAD_ARGUMENT' });
    assert.throws(() => reader.readExact(-1), { code: 'BAD_ARGUMENT' });
    assert.throws(() => reader.readLine({ limit: -1 }), { code: 'BAD_ARGUMENT' });
    assert.throws(() => over('', 0), { code: 'BAD_ARGUMENT' });
    assert.throws(() => reader.read('text' as never), { code: 'BAD_ARGUMENT' });
  });
});

/** Bytes that its buffer occupies. */
function memoryOf(reader: BufferedReader): number {
  return (reader as unknown as { state: { bytes: Uint8Array | null } }).state.bytes?.length ?? 0;
}
