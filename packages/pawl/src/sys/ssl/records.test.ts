import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, integer, property } from 'fast-check';
import { RecordCounter } from './records.ts';

describe('the counter of records', () => {
  it('counts those that are complete, however they are cut', () => {
    const lengths = array(integer({ min: 0, max: 300 }), { maxLength: 8 });
    check(
      property(lengths, array(integer({ min: 1, max: 200 }), { minLength: 1 }), (records, cuts) => {
        const bytes = Uint8Array.from(
          records.flatMap((length) => [23, 3, 3, length >> 8, length & 255, ...new Uint8Array(length)]),
        );
        const ends: number[] = [];
        for (const length of records) ends.push((ends.at(-1) ?? 0) + 5 + length);
        const counter = new RecordCounter();
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const piece = bytes.subarray(at, at + cuts[i % cuts.length]!);
          counter.take(piece, piece.length);
          at += piece.length;
          assert.equal(counter.complete, ends.filter((end) => end <= at).length);
          assert.equal(counter.empty, false);
        }
        counter.complete = 0;
        assert.equal(counter.empty, true);
      }),
    );
  });
});
