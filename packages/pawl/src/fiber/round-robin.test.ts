import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { codeOf } from '../../test/support/world.ts';
import { arena } from '../sys/arena.ts';
import { callNow, HandmadeStack, library, RoundRobin } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'pawl-fiber-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** What is written to a descriptor meanwhile. */
function written(write: (descriptor: number) => void): string {
  const path = join(folder, String(files++));
  const descriptor = openSync(path, 'w');
  try {
    write(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return readFileSync(path, 'utf8');
}

const steps = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}\n`);

/** Turn by turn, as long as each list lasts. */
function interleaved(lists: readonly (readonly string[])[]): string {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.map((list) => list[i] ?? '').join('')).join('');
}

describe('a ring of fibers', () => {
  it('two of 10 and 15 steps interleave, and both finish', () => {
    const lists = [steps('one', 10), steps('two', 15)];
    const scheduler = new RoundRobin();
    const text = written((descriptor) => {
      for (const list of lists) scheduler.spawnLines(list, descriptor);
      assert.equal(scheduler.size, 2);
      scheduler.run();
    });
    assert.equal(text, interleaved(lists));
    assert.equal(scheduler.size, 0);
  });

  it('any number of any lengths take turns, ring after ring', () => {
    const scheduler = new RoundRobin();
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 12 }), (lengths) => {
        const lists = lengths.map((length, i) => steps(`fiber ${i}`, length));
        const text = written((descriptor) => {
          for (const list of lists) scheduler.spawnLines(list, descriptor);
          scheduler.run();
        });
        assert.equal(text, interleaved(lists));
      }),
      { numRuns: 50 },
    );
  });

  it('a thousand fibers of a hundred steps', () => {
    const scheduler = new RoundRobin();
    for (let i = 0; i < 1000; i++) scheduler.spawnCounter(100);
    scheduler.run();
    assert.equal(scheduler.size, 0);
    // The thread's own stack and the cell are as they were.
    const { abs } = library(null, { abs: { arguments: ['int32'], returns: 'int32' } });
    assert.equal(callNow(abs, -1), 1);
  });

  it('refuses bad arguments', () => {
    const scheduler = new RoundRobin();
    assert.equal(
      codeOf(() => scheduler.spawnCounter(0)),
      'BAD_ARGUMENT',
    );
    assert.equal(
      codeOf(() => scheduler.spawnLines([], -1)),
      'BAD_ARGUMENT',
    );
    scheduler.run();
  });
});

describe('a stack made by hand', () => {
  it('of 48 bytes: waking up on it, as often as one likes', () => {
    const text = written((descriptor) => {
      const stack = new HandmadeStack('I love waking up on a new stack\n', descriptor);
      stack.wake();
      stack.wake();
    });
    assert.equal(text, 'I love waking up on a new stack\n'.repeat(2));
  });

  it('can be looked at, from its highest word down', () => {
    const dump = new HandmadeStack('tea', 7).dump();
    assert.equal(dump.length, 6);
    assert.deepEqual(
      dump.map(({ address }) => address - dump[5]!.address),
      [40, 32, 24, 16, 8, 0],
    );
    assert.equal(dump[5]!.address % 16, 0);
    assert.deepEqual([dump[0]!.value, dump[1]!.value, dump[4]!.value, dump[5]!.value], [7n, 3n, 0n, 0n]);
    assert.equal(dump[3]!.meaning, 'where to go on');
  });
});

it('memory of stacks and schedulers that nobody has any more is used again', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const before = arena.mapped;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 5; i++) {
      new HandmadeStack('tea\n').dump();
      new RoundRobin().spawnLines(['x'.repeat(50_000)]); // and never run
    }
    collect();
    await turn();
  }
  const all = 50 * 5 * (64 + 50) * 1024;
  const grown = arena.mapped - before;
  assert.ok(grown < all / 4, `${grown} bytes of ${all}`);
});
