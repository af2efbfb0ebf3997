import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, integer, oneof, property, record, constant } from 'fast-check';
import { Ring } from './ring.ts';

const size = integer({ min: 0, max: 700 });
const step = oneof(
  record({ what: constant('write' as const), count: size }),
  record({ what: constant('read' as const), count: size }),
  record({ what: constant('drop' as const), count: size }),
  record({ what: constant('copy' as const), count: size }),
);

test('bytes come out in the order in which they went in, and no more than the bound are held', () => {
  check(
    property(integer({ min: 1, max: 2000 }), array(step, { maxLength: 60 }), (capacity, steps) => {
      const ring = new Ring(capacity);
      let model: number[] = [];
      let next = 0;
      for (const { what, count } of steps) {
        if (what === 'write') {
          const source = Uint8Array.from({ length: count }, () => next++ % 251);
          const written = ring.write(source);
          assert.equal(written, Math.min(count, capacity - model.length));
          model.push(...source.subarray(0, written));
        } else if (what === 'read') {
          const target = new Uint8Array(count);
          const read = ring.read(target, count);
          assert.deepEqual([...target.subarray(0, read)], model.slice(0, count));
          model = model.slice(count);
        } else if (what === 'drop') {
          const dropped = Math.min(count, model.length);
          ring.drop(dropped);
          model = model.slice(dropped);
        } else {
          const from = Math.min(count >> 1, model.length);
          const length = Math.min(count, model.length - from);
          assert.deepEqual([...ring.copy(from, length)], model.slice(from, from + length));
        }
        assert.deepEqual([ring.length, ring.room], [model.length, capacity - model.length]);
      }
    }),
  );
});
