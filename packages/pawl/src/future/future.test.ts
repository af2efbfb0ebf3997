import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, HandContext } from '../../test/support/gate.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, Future, join, map, PENDING, race, ready, scope, sleep, timeout, yieldNow } from '../index.ts';

const anything = coroutine(function* () {
  yield* yieldNow();
});

test('a future does nothing before its first poll', () => {
  const log: string[] = [];
  const make = coroutine(function* (name: string) {
    log.push(name);
    yield* yieldNow();
  });
  const gate = new Gate<number>();
  const all = join([make('a'), map(make('b'), () => 0), race([make('c')]), timeout(5, make('d'))]);
  const scoped = scope(function* () {
    log.push('scope');
    yield* gate;
  });
  assert.ok(all instanceof Future && scoped instanceof Future);
  assert.deepEqual(log, []);
  assert.equal(gate.polls, 0);
});

test('a future that is dropped unpolled costs nothing, and reports nothing in production mode', () => {
  const { driver, run, reports } = world();
  run(
    function* () {
      void anything();
      void sleep(10);
      void timeout(5, sleep(10));
      void join([sleep(1), anything()]);
      void scope(anything);
      assert.equal(driver.timerCount, 0);
      yield* yieldNow();
    },
    { mode: 'production' },
  );
  assert.equal(driver.time, 0);
  assert.deepEqual(reports, []);
});

test('a future that is cancelled unpolled is done at once', () => {
  const cx = new HandContext();
  const gate = new Gate<number>();
  for (const future of [anything(), sleep(1), timeout(1, gate), join([gate]), race([gate]), scope(anything)])
    assert.equal(future.cancel(cx), undefined);
  assert.equal(gate.cancels, 0);
});

const kinds: Record<string, () => Future<unknown>> = {
  coroutine: () => anything(),
  ready: () => ready(1),
  yieldNow: () => yieldNow(),
  sleep: () => sleep(1),
  map: () => map(yieldNow(), () => 1),
  join: () => join([yieldNow(), ready(1)]),
  'join of nothing': () => join([]),
  race: () => race([yieldNow(), yieldNow()]),
  'race of nothing': () => race([]),
  timeout: () => timeout(5, yieldNow()),
  scope: () => scope(anything),
  'a failing coroutine': () =>
    coroutine(function* () {
      throw new Error('expected');
    })(),
  'a failing map': () =>
    map(ready(1), () => {
      throw new Error('expected');
    }),
  'a failing scope': () =>
    scope(function* () {
      throw new Error('expected');
    }),
  'a coroutine that returns a future': () =>
    coroutine(function* () {
      return yieldNow();
    })(),
};

for (const [name, make] of Object.entries(kinds)) {
  test(`polling ${name} after its completion throws ALREADY_COMPLETED`, () => {
    play(function* () {
      const future = make();
      try {
        yield* future;
      } catch {
        // Its own failure is not the matter here.
      }
      assert.equal(
        codeOf(() => future.poll(new HandContext())),
        'ALREADY_COMPLETED',
      );
    });
  });
}

test('awaiting one future twice throws ALREADY_COMPLETED the second time', () => {
  const error = failure(function* () {
    const future = anything();
    yield* future;
    yield* future;
  }) as { code: string };
  assert.equal(error.code, 'ALREADY_COMPLETED');
});

test('a poll that gives a value at once allocates no suspension: the value is the result itself', () => {
  const value = {};
  assert.equal(ready(value).poll(new HandContext()), value);
});

test('a hand-written future is awaited like any other', () => {
  class Countdown extends Future<string> {
    left = 3;
    poll(cx: { waker: { wake(): void } }): string | typeof PENDING {
      if (this.left-- === 0) return 'lift-off';
      cx.waker.wake();
      return PENDING;
    }
  }
  assert.equal(
    play(function* () {
      return yield* new Countdown();
    }),
    'lift-off',
  );
});

// ---- iterating a future where no coroutine drives it

const iterations: Record<string, (future: Iterable<unknown>) => unknown> = {
  spread: (future) => [...future],
  'for-of': (future) => {
    for (const item of future) void item;
    return undefined;
  },
  'for-of with a break': (future) => {
    for (const item of future) {
      void item;
      break;
    }
    return undefined;
  },
  'Array.from': (future) => Array.from(future),
  destructuring: (future) => {
    const [first] = future;
    return first;
  },
  'the Set constructor': (future) => new Set(future),
};

for (const [name, iterate] of Object.entries(iterations)) {
  const outside = (make: () => Future<unknown>): unknown => codeOf(() => iterate(make()));

  test(`iterating a future by ${name} outside a poll throws NOT_IN_COROUTINE`, () => {
    assert.equal(
      outside(() => ready(1)),
      'NOT_IN_COROUTINE',
    );
    assert.equal(
      outside(() => new Gate()),
      'NOT_IN_COROUTINE',
    );
  });

  test(`iterating a future by ${name} in a coroutine throws, and leaves the next await alone`, () => {
    const value = play(function* () {
      assert.equal(
        outside(() => ready(1)),
        'NOT_IN_COROUTINE',
      );
      assert.equal(
        outside(() => sleep(1)),
        'NOT_IN_COROUTINE',
      );
      const ready1 = yield* ready(1);
      yield* sleep(1);
      assert.equal(
        outside(() => sleep(1)),
        'NOT_IN_COROUTINE',
      );
      yield* sleep(1);
      return ready1;
    });
    assert.equal(value, 1);
  });
}

test('a helper generator that is driven by hand does not poison the coroutines that follow it', () => {
  function* helper() {
    yield* new Gate();
  }
  play(function* () {
    const broken = coroutine(function* () {
      helper().next();
      throw new Error('left in the middle');
    });
    try {
      yield* broken();
    } catch (error) {
      assert.equal((error as Error).message, 'left in the middle');
    }
    yield* sleep(1);
  });
});
