import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, integer, property } from 'fast-check';
import { BUILT_IN, CLIENT, LOSS, TASK } from './kinds.ts';
import { PctStrategy } from './pct.ts';

const [task, client, loss] = [BUILT_IN[TASK]!, BUILT_IN[CLIENT]!, BUILT_IN[LOSS]!];

/** A line of so many tasks; whoever is chosen goes to its end. Gives who was chosen. */
function follow(strategy: PctStrategy, size: number, choices: number): number[] {
  const line = Array.from({ length: size }, (_, id) => ({ id }));
  return Array.from({ length: choices }, () => {
    const place = strategy.pick(line.length, 1, task, { at: (at) => line[at]! });
    const [chosen] = line.splice(place, 1);
    line.push(chosen!);
    return chosen!.id;
  });
}

const turns = (chosen: readonly number[]): number => chosen.filter((id, at) => at > 0 && id !== chosen[at - 1]).length;

test('of depth one the highest has its turn until it has had enough', () => {
  check(
    property(integer(), integer({ min: 2, max: 20 }), (seed, size) => {
      const chosen = follow(new PctStrategy(seed, 1), size, 99);
      assert.equal(turns(chosen), 0);
      assert.equal(turns(follow(new PctStrategy(seed, 1), size, 199)), 1);
    }),
  );
});

test('there are as many changes as the depth says, at most, and seeds differ in where', () => {
  const places = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const chosen = follow(new PctStrategy(seed, 2), 5, 90);
    assert.ok(turns(chosen) <= 1);
    places.add(chosen.findIndex((id) => id !== chosen[0]));
  }
  assert.ok(places.size > 20, `${places.size} places`);
});

test('nobody waits for ever', () => {
  check(
    property(integer(), integer({ min: 2, max: 30 }), (seed, size) => {
      // Everybody is preferred a hundred times, and then the last one, up to three times, falls below all of them just before its turn.
      const chosen = follow(new PctStrategy(seed), size, 4 * 101 * size);
      assert.equal(new Set(chosen).size, size);
    }),
  );
});

test('every answer is a possible one, and the same seed gives it again', () => {
  check(
    property(integer(), array(integer({ min: 2, max: 200 }), { maxLength: 100 }), (seed, sizes) => {
      const ask = (): unknown[] => {
        const things = Array.from({ length: 200 }, () => ({}));
        const strategy = new PctStrategy(seed);
        return sizes.map((n, at) => {
          const among = { at: (place: number) => things[(place + at) % 200]! };
          const answers = [
            strategy.pick(n, 1, task, among),
            strategy.pick(n, 1, client, among),
            strategy.choose(n, loss),
          ];
          for (const answer of answers) assert.ok(answer >= 0 && answer < n);
          return [...answers, strategy.chance(0.5, loss), strategy.pick(n, 0.5, loss, null)];
        });
      };
      assert.deepEqual(ask(), ask());
    }),
  );
});
