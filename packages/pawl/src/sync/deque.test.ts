import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Deque } from './deque.ts';

test('is an array with push, unshift and shift', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('push' as const) },
    { weight: 1, arbitrary: fc.constant('unshift' as const) },
    { weight: 4, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constant('burst' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const deque = new Deque<number>();
      const model: number[] = [];
      let next = 0;
      for (const what of steps) {
        if (what === 'shift') {
          if (model.length > 0) assert.equal(deque.shift(), model.shift());
        } else {
          for (let left = what === 'burst' ? 40 : 1; left > 0; left--) {
            if (what === 'unshift') {
              deque.unshift(next);
              model.unshift(next++);
            } else {
              deque.push(next);
              model.push(next++);
            }
          }
        }
        assert.equal(deque.length, model.length);
      }
      while (model.length > 0) assert.equal(deque.shift(), model.shift());
    }),
  );
});

test('gives up a ring that a burst has made large, and keeps nothing that was taken', () => {
  const deque = new Deque<object>();
  const ring = (): unknown[] => (deque as unknown as { ring: unknown[] }).ring;
  for (let i = 0; i < 5000; i++) deque.push({});
  for (let i = 0; i < 4999; i++) deque.shift();
  assert.equal(ring().filter((value) => value !== undefined).length, 1);
  deque.shift();
  assert.equal(ring().length, 0);
});
