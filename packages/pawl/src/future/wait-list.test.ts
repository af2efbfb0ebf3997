import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Link, WaitList } from './wait-list.ts';
import { GRANTED, type Node, wakeAll } from './waiter.ts';

class Entry implements Node {
  before: Link | null = null;
  after: Link | null = null;
  wakes = 0;

  wakeAs(): void {
    this.wakes++;
  }
}

test('a list is an array with push, shift and remove, for nodes that come and go again', () => {
  const step = fc.record({
    node: fc.nat(5),
    what: fc.constantFrom('toggle' as const, 'toggle' as const, 'shift' as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const nodes = Array.from({ length: 6 }, () => new Entry());
      const list = new WaitList<Entry>();
      const model: Entry[] = [];
      for (const { node: index, what } of steps) {
        const node = nodes[index] as Entry;
        if (what === 'shift') assert.equal(list.shift(), model.shift() ?? null);
        else if (model.includes(node)) {
          list.remove(node);
          model.splice(model.indexOf(node), 1);
        } else {
          list.push(node);
          model.push(node);
        }
        const seen: Link[] = [];
        for (let at: Link | null = list.first; at !== null; at = at.after) seen.push(at);
        assert.deepEqual(
          seen.map((entry) => nodes.indexOf(entry as Entry)),
          model.map((entry) => nodes.indexOf(entry)),
        );
        assert.equal(list.size, model.length);
      }
    }),
  );
});

test('wakeAll wakes those who wait now, once each, and not those who come again meanwhile', () => {
  const list = new WaitList<Entry>();
  const nodes = [new Entry(), new Entry(), new Entry()];
  const [first] = nodes as [Entry];
  first.wakeAs = (): void => {
    first.wakes++;
    list.push(first);
  };
  for (const node of nodes) list.push(node);
  wakeAll(list, GRANTED);
  assert.deepEqual(
    nodes.map(({ wakes }) => wakes),
    [1, 1, 1],
  );
  assert.equal(list.first, first);
  assert.equal(list.size, 1);
});
