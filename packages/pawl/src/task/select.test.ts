import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { dice } from '../../test/support/cancel-each.ts';
import { Gate } from '../../test/support/gate.ts';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, type Future, ready, select, type SelectOptions, sleep, yieldNow } from '../index.ts';

const after = coroutine(function* <T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
});
const loser = coroutine(function* (log: string[], ms: number) {
  try {
    yield* sleep(1_000_000);
  } finally {
    yield* sleep(ms);
    log.push('cleaned up');
  }
});

test('gives the name and the value of the branch that is ready first', () => {
  assert.deepEqual(play(select({ slow: after(2, 'a'), fast: after(1, 7) })), { name: 'fast', value: 7 });
  assert.deepEqual(play(select({ only: ready(undefined) })), { name: 'only', value: undefined });
});

test('throws what the first outcome throws', () => {
  const failing = coroutine(function* () {
    throw new Error('first');
  });
  assert.equal((failure(select({ a: sleep(1), b: failing() })) as Error).message, 'first');
});

test('has cancelled and cleaned up its losers before it gives the winner', () => {
  const log: string[] = [];
  const gate = new Gate();
  const { driver, run } = world();
  run(function* () {
    const { name } = yield* select({ gate, loser: loser(log, 4), tick: sleep(1) });
    log.push(name);
  });
  assert.deepEqual(log, ['cleaned up', 'tick']);
  assert.deepEqual([gate.polls, gate.cancels], [1, 1]);
  assert.equal(driver.time, 5);
});

test('a branch that is false, null or undefined is disabled', () => {
  const off = false as boolean;
  const branches = { a: off && ready(1), b: null, c: undefined, d: after(1, 'd') };
  assert.deepEqual(play(select(branches)), { name: 'd', value: 'd' });
});

test('all branches disabled is an error at the call, and so is what is no future', () => {
  for (const branches of [{}, { a: false as const, b: null, c: undefined }])
    assert.equal(
      codeOf(() => select(branches)),
      'BAD_ARGUMENT',
    );
  for (const wrong of [0, '', true, Promise.resolve(1), () => ready(1)])
    assert.equal(
      codeOf(() => select({ a: wrong as unknown as Future<unknown> })),
      'NOT_A_FUTURE',
    );
});

/** How often each of three branches, all ready at once, wins. */
function wins(options: SelectOptions | undefined, rolls: number): Record<string, number> {
  const { driver, run } = world();
  let rolled = 0;
  driver.roll = () => (rolled++ % rolls) / rolls;
  const won: Record<string, number> = { a: 0, b: 0, c: 0 };
  run(function* () {
    for (let i = 0; i < 30; i++) {
      const { name } = yield* select({ a: ready(1), b: ready(2), c: ready(3) }, options);
      won[name]!++;
    }
  });
  return won;
}

test('of branches that are ready at once each wins as often, and with biased always the first', () => {
  assert.deepEqual(wins(undefined, 3), { a: 10, b: 10, c: 10 });
  assert.deepEqual(wins({ biased: true }, 3), { a: 30, b: 0, c: 0 });
});

test('of branches that are woken together the first woken wins, and with biased the first in order', () => {
  for (const [options, expected] of [
    [undefined, 'third'],
    [{ biased: true }, 'second'],
  ] as const) {
    const gates = { first: new Gate<number>(), second: new Gate<number>(), third: new Gate<number>() };
    const { driver, run } = world();
    const { name } = run(function* () {
      let polls = 0;
      driver.onTurn = () => {
        if (++polls !== 1) return;
        gates.third.open(3);
        gates.second.open(2);
      };
      return yield* select(gates, options);
    });
    assert.equal(name, expected);
  }
});

test('aborted at every poll it leaves nothing', () => {
  const log: string[] = [];
  const aborted = abortEverywhere(
    () =>
      function* () {
        for (let i = 0; i < 3; i++) yield* select({ loser: loser(log, 2), tick: sleep(1), now: i === 2 && yieldNow() });
      },
  );
  assert.ok(aborted > 3);
});

test('for any branches and any luck, no branch that is ready again and again starves', () => {
  const kind = fc.constantFrom<'ready' | 'late' | 'never'>('ready', 'late', 'never');
  fc.assert(
    fc.property(fc.integer(), fc.array(kind, { minLength: 1, maxLength: 5 }), (seed, kinds) => {
      fc.pre(kinds.includes('ready'));
      const { driver, run } = world();
      const roll = dice(seed);
      driver.roll = () => roll(1_000_000) / 1_000_000;
      const wins = new Map<string, number>();
      run(function* () {
        for (let n = 0; n < 300; n++) {
          const branches = kinds.map((what, at): [string, Future<unknown>] => [
            `${what} ${at}`,
            what === 'ready' ? ready(at) : what === 'late' ? yieldNow() : sleep(Infinity),
          ]);
          const { name } = yield* select(Object.fromEntries(branches));
          wins.set(name, (wins.get(name) ?? 0) + 1);
        }
      });
      for (const [at, what] of kinds.entries()) assert.equal(wins.has(`${what} ${at}`), what === 'ready', what);
    }),
    { numRuns: 50 },
  );
});
