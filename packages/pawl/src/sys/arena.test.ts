import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Arena, type Piece } from './arena.ts';
import { socketPair, close } from './socket.ts';
import { read, write } from './syscalls/index.ts';

const [left, right] = socketPair();
process.on('exit', () => {
  close(left);
  close(right);
});

describe('the arena', () => {
  it('gives zeroed, aligned pieces', () => {
    const piece = new Arena().take(100);
    assert.equal(piece.address % 64, 0);
    assert.ok(piece.bytes.length >= 100);
    assert.ok(piece.bytes.every((byte) => byte === 0));
  });

  it('an address and its view are the same memory', () => {
    const arena = new Arena();
    const out = arena.take(8);
    const back = arena.take(8);
    out.bytes.set([1, 2, 3, 4]);
    assert.equal(write(left, out.address, 4), 4);
    assert.equal(read(right, back.address + 2, 4), 4);
    assert.deepEqual([...back.bytes.subarray(0, 8)], [0, 0, 1, 2, 3, 4, 0, 0]);
  });

  it('hands a released piece of that size out again, and no other', () => {
    const arena = new Arena();
    const first = arena.take(1000);
    arena.release(first);
    assert.notEqual(arena.take(5000).address, first.address);
    assert.equal(arena.take(990).address, first.address); // the same size after rounding
    assert.notEqual(arena.take(1000).address, first.address);
  });

  it('maps more only when it is full', () => {
    const arena = new Arena();
    assert.equal(arena.mapped, 0);
    arena.take(1);
    const chunk = arena.mapped;
    arena.take(chunk / 2);
    assert.equal(arena.mapped, chunk);
    const large = arena.take(chunk * 3);
    assert.equal(arena.mapped, chunk * 4);
    large.bytes[chunk * 3 - 1] = 1; // the last byte is there
  });

  it('live pieces never overlap, whatever is taken and released', () => {
    const step = fc.record({ size: fc.integer({ min: 1, max: 100_000 }), release: fc.boolean(), pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const arena = new Arena();
        const live: { piece: Piece; mark: number }[] = [];
        for (const [i, { size, release, pick }] of steps.entries()) {
          if (release && live.length > 0) {
            const [gone] = live.splice(pick % live.length, 1);
            if (gone !== undefined) arena.release(gone.piece);
          } else {
            const piece = arena.take(size);
            piece.bytes.fill(i + 1);
            live.push({ piece, mark: i + 1 });
          }
        }
        for (const { piece, mark } of live) assert.ok(piece.bytes.every((byte) => byte === mark));
      }),
      { numRuns: 20 },
    );
  });
});
