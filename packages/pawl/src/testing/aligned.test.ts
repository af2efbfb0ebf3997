import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, boolean, integer, property, tuple } from 'fast-check';
import { Decisions, RandomStrategy } from '../driver/sim/index.ts';
import { LOSS, SHORT_READ, TASK } from '../driver/sim/kinds.ts';
import { Aligned } from './aligned.ts';

const KINDS = [TASK, LOSS, SHORT_READ];
const questions = array(tuple(integer({ min: 0, max: 2 }), integer({ min: 2, max: 9 }), boolean()), { maxLength: 100 });

function ask(decisions: Decisions, asked: readonly (readonly [kind: number, n: number, chance: boolean])[]): number[] {
  return asked.map(([kind, n, chance]) =>
    chance ? Number(decisions.chance(0.5, KINDS[kind]!)) : decisions.pick(n, 0.5, KINDS[kind]!),
  );
}

const kindsOf = (decisions: Decisions): string[] =>
  Array.from({ length: decisions.count }, (_, at) => decisions.at(at).kind.name);

test('what is unchanged repeats its run', () => {
  check(
    property(integer(), questions, (seed, asked) => {
      const first = new Decisions(new RandomStrategy(seed));
      const answers = ask(first, asked);
      const again = new Decisions(new Aligned(first.record(), kindsOf(first)));
      assert.deepEqual(ask(again, asked), answers);
      assert.equal(again.digest.toString(), first.digest.toString());
    }),
  );
});

test('a question that is not asked any more takes no answer from another kind', () => {
  check(
    property(integer(), questions, (seed, asked) => {
      const first = new Decisions(new RandomStrategy(seed));
      const answers = ask(first, asked);
      const again = new Decisions(new Aligned(first.record(), kindsOf(first)));
      const others = asked.filter(([kind]) => kind !== 1);
      assert.deepEqual(
        ask(again, others),
        answers.filter((_, at) => asked[at]![0] !== 1),
      );
    }),
  );
});
