import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, HandContext } from '../../test/support/gate.ts';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  coroutine,
  type Future,
  mapConcurrent,
  type MapConcurrentOptions,
  PENDING,
  race,
  ready,
  sleep,
  spawn,
  yieldNow,
} from '../index.ts';

const after = coroutine(function* <T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
});

/** Items with a record of what happened to their iterator. */
class Source implements Iterable<number> {
  pulled = 0;
  returns = 0;
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
  }

  [Symbol.iterator](): Iterator<number> {
    return {
      next: () => (this.pulled < this.count ? { done: false, value: this.pulled++ } : { done: true, value: undefined }),
      return: () => {
        this.returns++;
        return { done: true, value: undefined };
      },
    };
  }
}

test('gives the results in the order of the items, or of completion', () => {
  const items = [5, 1, 4, 2, 3];
  const run = (options?: MapConcurrentOptions): number[] => play(mapConcurrent(items, 5, (n) => after(n, n), options));
  assert.deepEqual(run(), items);
  assert.deepEqual(run({ ordered: true }), items);
  assert.deepEqual(run({ ordered: false }), [1, 2, 3, 4, 5]);
  assert.deepEqual(play(mapConcurrent([], 3, (n: number) => after(n, n))), []);
});

test('hands each item with its number to a function that makes a future or is a generator', () => {
  assert.deepEqual(play(mapConcurrent('abc', 2, (item, index) => ready(`${item}${index}`))), ['a0', 'b1', 'c2']);
  const generator = mapConcurrent(new Set(['x', 'y']), 1, function* (item, index) {
    yield* sleep(1);
    return `${item}${index}`;
  });
  assert.deepEqual(play(generator), ['x0', 'y1']);
  assert.deepEqual(
    play(
      mapConcurrent(
        [1],
        1,
        coroutine(function* (n: number) {
          return ready(n + 1);
        }),
      ),
    ),
    [2],
  );
});

for (const ordered of [true, false])
  test(`runs as many as the limit at a time and pulls items one by one (ordered: ${ordered})`, () => {
    const source = new Source(20);
    let [alive, most] = [0, 0];
    const { driver, run } = world();
    const results = run(
      mapConcurrent(
        source,
        3,
        function* (n) {
          alive++;
          most = Math.max(most, alive);
          assert.ok(source.pulled <= n + 3, 'pulled ahead of its turn');
          yield* sleep(1 + (n % 4));
          alive--;
          return n;
        },
        { ordered },
      ),
    );
    assert.deepEqual(
      results.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, n) => n),
    );
    assert.deepEqual([most, alive, source.returns], [3, 0, 0]);
    assert.ok(driver.time >= 50 / 3);
  });

test('with Infinity everything starts at once', () => {
  const { driver, run } = world();
  run(mapConcurrent(new Source(1000), Infinity, () => sleep(3)));
  assert.equal(driver.time, 3);
});

test('a failure starts nothing more, cleans up the others, closes the iterator, and is thrown then', () => {
  const source = new Source(100);
  const log: string[] = [];
  const { driver, run } = world();
  assert.throws(
    () =>
      run(
        mapConcurrent(source, 3, function* (n) {
          try {
            yield* sleep(n === 1 ? 2 : 10);
            throw new Error(`item ${n}`);
          } finally {
            if (n !== 1) yield* sleep(5);
            log.push(`${n} after ${driver.time} ms, ${source.returns} returns`);
          }
        }),
      ),
    { message: 'item 1' },
  );
  assert.deepEqual(log, ['1 after 2 ms, 0 returns', '0 after 7 ms, 0 returns', '2 after 7 ms, 0 returns']);
  assert.deepEqual([source.pulled, source.returns], [3, 1]);
});

test('what the function or the iterator throws is thrown, after the others have been cleaned up', () => {
  const gate = new Gate<number>();
  const source = new Source(5);
  const thrown = failure(
    mapConcurrent(source, 5, (n) => {
      if (n === 2) throw new Error('function');
      return gate;
    }),
  );
  assert.equal((thrown as Error).message, 'function');
  assert.deepEqual([source.pulled, source.returns, gate.cancels], [3, 1, 2]);
  function* broken() {
    yield 1;
    throw new Error('iterator');
  }
  const other = new Gate<number>();
  assert.equal((failure(mapConcurrent(broken(), 5, () => other)) as Error).message, 'iterator');
  assert.equal(other.cancels, 1);
  const wrong = failure(mapConcurrent([1], 1, () => 5 as unknown as Future<number>));
  assert.equal((wrong as { code: string }).code, 'NOT_A_FUTURE');
});

test('what closing the iterator throws is suppressed by the failure', () => {
  const items: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: () => {
        throw new Error('close');
      },
    }),
  };
  const error = failure(
    mapConcurrent(items, 2, function* () {
      throw new Error('body');
    }),
  );
  assert.ok(error instanceof SuppressedError);
  assert.deepEqual([(error.error as Error).message, (error.suppressed as Error).message], ['body', 'close']);
});

test('cancelling it cancels what runs and closes the iterator; before its first poll nothing is touched', () => {
  const source = new Source(100);
  const gate = new Gate<number>();
  play(race([mapConcurrent(source, 4, () => gate), sleep(1)]));
  assert.deepEqual([source.pulled, source.returns, gate.cancels], [4, 1, 4]);
  const untouched = new Source(3);
  play(race([ready(1), mapConcurrent(untouched, 1, () => gate)]));
  assert.deepEqual([untouched.pulled, untouched.returns], [0, 0]);
});

test('refuses a limit that is no whole number above zero, and what is no iterable or no function', () => {
  for (const limit of [0, -1, 1.5, NaN, '2', undefined])
    assert.equal(
      codeOf(() => mapConcurrent([1], limit as number, () => ready(1))),
      'BAD_ARGUMENT',
    );
  for (const items of [5, {}, null])
    assert.equal(
      codeOf(() => mapConcurrent(items as unknown as number[], 1, () => ready(1))),
      'BAD_ARGUMENT',
    );
  assert.equal(
    codeOf(() => mapConcurrent([1], 1, ready(1) as unknown as () => Future<number>)),
    'BAD_ARGUMENT',
  );
});

test('items that are ready at once do not keep other tasks from their turn', () => {
  let others = 0;
  const results = play(function* () {
    const other = spawn(
      function* () {
        for (;;) {
          others++;
          yield* yieldNow();
        }
      },
      { daemon: true },
    );
    const made = yield* mapConcurrent(new Source(10_000), 4, (n) => ready(n));
    void other;
    return made.length;
  });
  assert.equal(results, 10_000);
  assert.ok(others >= 30, `${others} turns of another task`);
});

test('polls each item twice, whatever their number: 100,000 items cost a hundred times what 1,000 do', () => {
  const cx = new HandContext();
  const polls = (count: number): number => {
    let total = 0;
    let waiting: Gate<number>[] = [];
    const mapped = mapConcurrent(new Source(count), 10, () => {
      const gate = new Gate<number>();
      waiting.push(gate);
      return gate;
    });
    for (;;) {
      const value = mapped.poll(cx);
      if (value !== PENDING) return total;
      const open = waiting;
      waiting = [];
      assert.ok(open.length <= 10);
      for (const gate of open) gate.open(1);
      total += open.length * 2;
    }
  };
  assert.equal(polls(1000), 2000);
  assert.equal(polls(100_000), 200_000);
});

test('aborted at every poll it leaves nothing, and closes its iterator once', () => {
  let source = new Source(6);
  const aborted = abortEverywhere(
    () =>
      function* () {
        source = new Source(6);
        yield* mapConcurrent(source, 2, function* (n) {
          try {
            yield* sleep(n);
          } finally {
            yield* sleep(1);
          }
        });
      },
    () => assert.equal(source.returns, source.pulled > 0 && source.pulled < 6 ? 1 : source.returns),
  );
  assert.ok(aborted >= 10);
});
