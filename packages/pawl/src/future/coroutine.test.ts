import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, HandContext } from '../../test/support/gate.ts';
import { codeOf, failure, play } from '../../test/support/world.ts';
import {
  coroutine,
  fromPromise,
  Future,
  map,
  PENDING,
  ready,
  run,
  sleep,
  spawn,
  type Steps,
  yieldNow,
} from '../index.ts';

const untyped = coroutine as unknown as (fn: unknown) => (...args: unknown[]) => Future<unknown>;

test('a call of a coroutine runs nothing, hands on its arguments and its this, and keeps the name', () => {
  const log: unknown[] = [];
  const greet = coroutine(function* greet(this: unknown, ...words: string[]) {
    log.push(this, ...words);
    yield* yieldNow();
    return words.length;
  });
  const owner = { greet };
  const future = owner.greet('a', 'b');
  assert.deepEqual(log, []);
  assert.equal(play(future), 2);
  assert.deepEqual(log, [owner, 'a', 'b']);
  assert.equal(greet.name, 'greet');
});

test('an async function that was not compiled throws NOT_COMPILED at its first call, not before', () => {
  const made = coroutine(async (n: number) => n);
  assert.throws(() => made(1), { code: 'NOT_COMPILED', message: /ES modules \(not CommonJS\)/ });
});

test('an async generator that was not compiled throws NOT_COMPILED at its first call, and says what to write instead', () => {
  const made = untyped(async function* numbers() {});
  assert.throws(made, {
    code: 'NOT_COMPILED',
    message: /coroutine\(async function\* …\) "numbers" .* stream\(function\* \(emit\) …\)/,
  });
});

for (const [name, wrong] of Object.entries({
  'an ordinary function': () => 1,
  undefined: undefined,
  'a number': 7,
  'an object': {},
  'a generator object': (function* () {})(),
}))
  test(`coroutine of ${name} throws BAD_ARGUMENT`, () => {
    assert.equal(
      codeOf(() => untyped(wrong)),
      'BAD_ARGUMENT',
    );
  });

const yields: Record<string, unknown> = {
  'a future': ready(1),
  'a promise': Promise.resolve(),
  nothing: undefined,
  5: 5,
};
for (const [name, wrong] of Object.entries(yields))
  test(`yielding ${name} without a star throws NOT_A_FUTURE at the yield, and the coroutine may go on`, () => {
    const value = play(
      untyped(function* () {
        let caught: unknown;
        try {
          yield wrong;
        } catch (error) {
          caught = error;
        }
        yield* sleep(1);
        return caught;
      })(),
    ) as Error & { code: string };
    assert.equal(value.code, 'NOT_A_FUTURE');
    assert.match(value.message, wrong instanceof Future ? /write `yield\* future`/ : /by `yield\*`/);
  });

test('yielding what is no future also throws in a cleanup, and the cleanup goes on', () => {
  const cx = new HandContext();
  const log: unknown[] = [];
  const future = untyped(function* () {
    try {
      yield* new Gate();
    } finally {
      try {
        yield 5;
      } catch (error) {
        log.push((error as { code: string }).code);
      }
      log.push('end');
    }
  })();
  assert.equal(future.poll(cx), PENDING);
  assert.equal(future.cancel(cx), undefined);
  assert.deepEqual(log, ['NOT_A_FUTURE', 'end']);
});

test('awaiting a promise by yield* fails at the await with a TypeError, which can be caught', () => {
  const value = play(
    untyped(function* () {
      try {
        yield* Promise.resolve(1) as unknown as Iterable<never>;
      } catch (error) {
        return error;
      }
      return undefined;
    })(),
  );
  assert.ok(value instanceof TypeError);
});

// ---- flattening

const after = coroutine(function* <T>(turns: number, value: T) {
  for (let turn = 0; turn < turns; turn++) yield* yieldNow();
  return value;
});

for (const turns of [0, 1, 3])
  test(`a returned future is awaited in the coroutine's stead, however deep, after ${turns} suspensions`, () => {
    const nested = coroutine(function* (depth: number): Steps<unknown> {
      yield* after(turns, null);
      return depth === 0 ? after(turns, 'bottom') : nested(depth - 1);
    });
    assert.equal(play(nested(4)), 'bottom');
  });

test('a returned future that fails fails the coroutine, past its own catch, after its finally', () => {
  const log: string[] = [];
  const error = failure(function* () {
    try {
      return coroutine(function* () {
        log.push('tail');
        yield* yieldNow();
        throw new Error('in the tail');
      })();
    } catch {
      log.push('caught');
    } finally {
      log.push('finally');
    }
    return null;
  });
  assert.equal((error as Error).message, 'in the tail');
  assert.deepEqual(log, ['finally', 'tail']);
});

test('a coroutine that is cancelled in its tail cancels the returned future', () => {
  const cx = new HandContext();
  const gate = new Gate();
  const log: string[] = [];
  const future = coroutine(function* () {
    yield* ready(1);
    return coroutine(function* () {
      try {
        return gate;
      } finally {
        log.push('not in the tail any more');
      }
    })();
  })();
  assert.equal(future.poll(cx), PENDING);
  assert.equal(future.poll(cx), PENDING);
  assert.equal(future.cancel(cx), undefined);
  assert.equal(gate.cancels, 1);
  assert.deepEqual(log, ['not in the tail any more']);
  assert.deepEqual(cx.errors, []);
});

test('a coroutine that returns itself fails instead of hanging', () => {
  const self: Future<unknown> = coroutine(function* () {
    yield* yieldNow();
    return self;
  })();
  assert.equal((failure(self) as { code: string }).code, 'ALREADY_COMPLETED');
});

test('a coroutine that awaits itself is told so at the await, and may go on', () => {
  for (const turns of [0, 1, 2]) {
    const self: Future<unknown> = coroutine(function* (): Steps<unknown> {
      yield* after(turns, null);
      let caught: unknown;
      try {
        yield* self;
      } catch (error) {
        caught = (error as { code: string }).code;
      }
      yield* sleep(1);
      return caught;
    })();
    assert.equal(play(self), 'DEADLOCK');
  }
});

test('a loop of 20,000 tail calls ends, and is cancelled, without exhausting the stack', () => {
  const cx = new HandContext();
  const last = new Gate<string>();
  const loop = coroutine(function* (left: number): Steps<unknown> {
    yield* yieldNow();
    return left === 0 ? last : loop(left - 1);
  });
  const [ended, cancelled] = [loop(20_000), loop(20_000)];
  for (const future of [ended, cancelled])
    for (let poll = 0; poll < 20_005; poll++) assert.equal(future.poll(cx), PENDING);
  assert.equal(cancelled.cancel(cx), undefined);
  assert.deepEqual([last.cancels, cx.errors], [1, []]);
  last.open('end');
  assert.equal(ended.poll(cx), 'end');
});

// ---- helpers

function* helper(turns: number, value: string) {
  for (let turn = 0; turn < turns; turn++) yield* yieldNow();
  if (value === '') throw new Error('helper');
  return value;
}

test('a plain generator delegates: its value comes back, its error is thrown at the delegation', () => {
  const value = play(function* () {
    const parts = [yield* helper(0, 'a'), yield* helper(2, 'b')];
    try {
      yield* helper(1, '');
    } catch (error) {
      parts.push((error as Error).message);
    }
    return parts;
  });
  assert.deepEqual(value, ['a', 'b', 'helper']);
});

function* guarded(gate: Gate<string>, log: string[], fails: boolean) {
  try {
    return yield* gate;
  } finally {
    log.push('inner 1');
    yield* yieldNow();
    log.push('inner 2');
    yield* yieldNow();
    log.push('inner 3');
    // oxlint-disable-next-line no-unsafe-finally -- that is what is tested
    if (fails) throw new Error('in the cleanup');
  }
}

for (const fails of [false, true])
  test(`a cancelled coroutine runs the awaiting cleanup of its helpers${fails ? ', also a failing one,' : ''} and is not un-cancelled`, () => {
    const cx = new HandContext();
    const log: string[] = [];
    const gate = new Gate<string>();
    const future = coroutine(function* () {
      try {
        yield* (function* () {
          yield* guarded(gate, log, fails);
          log.push('the middle went on');
        })();
        log.push('the outer went on');
      } catch {
        log.push('caught');
      } finally {
        yield* yieldNow();
        log.push('outer');
      }
    })();
    assert.equal(future.poll(cx), PENDING);
    let polls = 0;
    while (future.cancel(cx) === PENDING) polls++;
    assert.equal(polls, 3);
    assert.equal(gate.cancels, 1);
    assert.deepEqual(log, ['inner 1', 'inner 2', 'inner 3', 'outer']);
    assert.deepEqual(
      cx.errors.map((error) => (error as Error).message),
      fails ? ['in the cleanup'] : [],
    );
  });

test('unwinding helpers leaves the language untouched', () => {
  const prototype = Object.getPrototypeOf(function* () {}.prototype) as { return: unknown };
  const native = prototype.return;
  const cx = new HandContext();
  const seen: unknown[] = [];
  const future = coroutine(function* () {
    try {
      yield* guarded(new Gate<string>(), [], false);
    } finally {
      seen.push(prototype.return);
    }
  })();
  void future.poll(cx);
  while (future.cancel(cx) === PENDING) seen.push(prototype.return);
  seen.push(prototype.return);
  assert.ok(seen.length >= 4 && seen.every((method) => method === native));
});

// ---- disposal

test('using runs at the end, in reverse order, also when the coroutine is cancelled', () => {
  const log: string[] = [];
  const resource = (name: string): Disposable => ({ [Symbol.dispose]: () => void log.push(name) });
  const body = coroutine(function* (gate: Future<unknown>) {
    using a = resource('a');
    using b = resource('b');
    void [a, b];
    yield* gate;
    log.push('body');
  });
  play(body(yieldNow()));
  assert.deepEqual(log, ['body', 'b', 'a']);
  const cx = new HandContext();
  const future = body(new Gate());
  void future.poll(cx);
  void future.cancel(cx);
  assert.deepEqual(log, ['body', 'b', 'a', 'b', 'a']);
});

// ---- as a promise

const deep = coroutine(function* (depth: number): Steps<number> {
  if (depth > 0) return (yield* deep(depth - 1)) + 1;
  for (let turn = 0; turn < 3; turn++) yield* sleep(1);
  return 0;
});

test('a chain of coroutines is awaited by ordinary async code', async () => {
  assert.equal(await deep(4), 4);
  await assert.rejects(
    async () => {
      await map(deep(1), () => {
        throw new Error('expected');
      });
    },
    { message: 'expected' },
  );
});

test('every then of a future shares one task, and polling it afterwards throws FUTURE_CONSUMED', async () => {
  let started = 0;
  const future = coroutine(function* () {
    started++;
    yield* sleep(1);
    return {};
  })();
  const first = future.then((value) => value);
  const second = future.then((value) => value);
  assert.equal(
    codeOf(() => future.poll(new HandContext())),
    'FUTURE_CONSUMED',
  );
  assert.equal(await first, await second);
  assert.equal(await future, await first);
  assert.equal(started, 1);
  await assert.rejects(
    run(function* () {
      yield* future;
    }),
    { code: 'FUTURE_CONSUMED' },
  );
});

test('a handle is awaited by ordinary async code as often as it likes, and by tasks besides', async () => {
  const values = await run(function* () {
    const task = spawn(deep(2));
    const [first, second] = [task.then((value) => value), task.then((value) => value)];
    const here = yield* task;
    return [here, yield* task, yield* fromPromise(first), yield* fromPromise(second)];
  });
  assert.deepEqual(values, [2, 2, 2, 2]);
});
