import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, HandContext } from '../../test/support/gate.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  type Context,
  coroutine,
  type Future,
  join,
  PENDING,
  type Poll,
  race,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from '../index.ts';

const after = coroutine(function* <T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
});
const failing = coroutine(function* (ms: number, message: string) {
  if (ms > 0) yield* sleep(ms);
  throw new Error(message);
});
/** Sleeps until it is cancelled, then cleans up for `ms`. */
const loser = coroutine(function* (log: string[], name: string, ms: number) {
  try {
    yield* sleep(1_000_000);
  } finally {
    log.push(`${name} begins`);
    yield* sleep(ms);
    log.push(`${name} ends`);
  }
});
const badCleanup = coroutine(function* (message: string) {
  try {
    yield* sleep(1_000_000);
  } finally {
    yield* failing(1, message);
  }
});
const all: Record<string, (futures: Iterable<Future<unknown>>) => Future<unknown>> = {
  join: (futures) => join(futures),
  race: (futures) => race(futures),
};

for (const [name, combine] of Object.entries(all)) {
  test(`${name} of something that is no future throws NOT_A_FUTURE at the call`, () => {
    for (const wrong of [1, null, undefined, Promise.resolve(1), () => ready(1)])
      assert.equal(
        codeOf(() => combine([ready(1), wrong as unknown as Future<unknown>])),
        'NOT_A_FUTURE',
      );
  });

  test(`${name} takes any iterable and takes it once, at the call`, () => {
    function* futures() {
      yield ready(1);
      yield ready(1);
    }
    assert.deepEqual(play(combine(futures())), name === 'join' ? [1, 1] : 1);
    const list: Future<unknown>[] = [ready(2)];
    const future = combine(list);
    list.length = 0;
    assert.deepEqual(play(future), name === 'join' ? [2] : 2);
  });

  test(`cancelling ${name} cancels all it has polled, and is done when their cleanup is`, () => {
    const log: string[] = [];
    const gate = new Gate();
    const { driver, run } = world();
    run(function* () {
      yield* race([combine([loser(log, 'a', 3), loser(log, 'b', 7), gate]), sleep(1)]);
      log.push('done');
      assert.equal(driver.now(), 8);
    });
    assert.deepEqual(log, ['a begins', 'b begins', 'a ends', 'b ends', 'done']);
    assert.deepEqual([gate.polls, gate.cancels], [1, 1]);
  });
}

test('join gives the values in the order of its futures, whatever order they end in', () => {
  assert.deepEqual(play(join([after(3, 'a'), ready('b'), after(1, 'c'), after(2, 'd')])), ['a', 'b', 'c', 'd']);
  assert.deepEqual(play(join([])), []);
  assert.deepEqual(play(join([ready(undefined), ready(null)])), [undefined, null]);
});

test('join throws the first failure after it has cancelled and cleaned up the others', () => {
  const log: string[] = [];
  const error = failure(function* () {
    try {
      yield* join([loser(log, 'a', 5), failing(2, 'first'), failing(3, 'second'), after(1, 'early')]);
    } finally {
      log.push('thrown');
    }
  });
  assert.equal((error as Error).message, 'first');
  assert.deepEqual(log, ['a begins', 'a ends', 'thrown']);
});

test('a future behind one that fails at once is never polled', () => {
  const gate = new Gate();
  const error = failure(join([failing(0, 'at once'), gate]));
  assert.equal((error as Error).message, 'at once');
  assert.deepEqual([gate.polls, gate.cancels], [0, 0]);
});

test('race gives the first outcome; ready futures win in their order', () => {
  const gate = new Gate();
  assert.equal(play(race([after(2, 'slow'), after(1, 'fast')])), 'fast');
  assert.equal(play(race([ready('a'), ready('b')])), 'a');
  assert.equal(play(race([new Gate(), ready('b'), gate])), 'b');
  assert.equal(gate.polls, 0);
  assert.equal((failure(race([after(2, 'slow'), failing(1, 'fast')])) as Error).message, 'fast');
});

test('of two that become ready together, race takes the one that was woken first', () => {
  const [first, second] = [new Gate<string>(), new Gate<string>()];
  const cx = new HandContext();
  const raced = race([first, second]);
  assert.equal(raced.poll(cx), PENDING);
  second.open('second');
  first.open('first');
  assert.equal(raced.poll(cx), 'second');
  assert.deepEqual([first.cancels, second.cancels], [1, 0]);
});

test('race of nothing throws BAD_ARGUMENT', () => {
  assert.equal((failure(race([])) as { code: string }).code, 'BAD_ARGUMENT');
});

test('a race has finished cancelling its losers before it gives its value', () => {
  const log: string[] = [];
  play(function* () {
    log.push(yield* race([loser(log, 'a', 5) as Future<never>, loser(log, 'b', 2) as Future<never>, after(1, 'won')]));
  });
  assert.deepEqual(log, ['a begins', 'b begins', 'b ends', 'a ends', 'won']);
});

test("a loser's failing cleanup is never lost: it is suppressed by the outcome's error", () => {
  const error = failure(race([badCleanup('cleanup'), failing(1, 'outcome')])) as SuppressedError;
  assert.ok(error instanceof SuppressedError);
  assert.equal((error.error as Error).message, 'outcome');
  assert.equal((error.suppressed as Error).message, 'cleanup');
});

test("a loser's failing cleanup takes the place of a value", () => {
  const error = failure(race([badCleanup('one'), badCleanup('two'), after(1, 'value')])) as SuppressedError;
  assert.ok(error instanceof SuppressedError);
  assert.equal((error as unknown as { code: string }).code, 'CANCELLED');
  const inner = error.suppressed as SuppressedError;
  assert.deepEqual([(inner.error as Error).message, (inner.suppressed as Error).message], ['one', 'two']);
});

test('timeout stops the work, and has finished its cleanup, before it throws TIMEOUT', () => {
  const log: string[] = [];
  const { driver, run } = world();
  run(function* () {
    try {
      yield* timeout(10, loser(log, 'work', 5));
      assert.fail('it ended in time');
    } catch (error) {
      assert.equal((error as { code: string }).code, 'TIMEOUT');
      assert.match((error as Error).message, /10 ms/);
    }
  });
  assert.deepEqual(log, ['work begins', 'work ends']);
  assert.equal(driver.now(), 15);
});

test('timeout gives what the future gives, polls it first, and leaves no timer', () => {
  assert.equal(play(timeout(5, after(4, 'in time'))), 'in time');
  assert.equal(play(timeout(0, ready('at once'))), 'at once');
  assert.equal((failure(timeout(5, failing(1, 'its own'))) as Error).message, 'its own');
  assert.equal(play(timeout(Infinity, after(1, 'no limit'))), 'no limit');
});

test('timeout and sleep refuse what is no time', () => {
  for (const wrong of [-1, NaN, '5', undefined, null]) {
    assert.equal(
      codeOf(() => sleep(wrong as number)),
      'BAD_ARGUMENT',
    );
    assert.equal(
      codeOf(() => timeout(wrong as number, ready(1))),
      'BAD_ARGUMENT',
    );
  }
  assert.equal(
    codeOf(() => timeout(1, 5 as unknown as Future<unknown>)),
    'NOT_A_FUTURE',
  );
});

/** Polls of each of `n` gates in a join, when they are opened one by one. */
function pollsOfJoin(n: number): { polls: number; wakes: number } {
  const gates = Array.from({ length: n }, () => new Gate<number>());
  const cx = new HandContext();
  const joined = join(gates);
  assert.equal(joined.poll(cx), PENDING);
  for (const [at, gate] of gates.entries()) {
    gate.open(at);
    assert.equal(joined.poll(cx) === PENDING, at < n - 1);
  }
  return { polls: gates.reduce((sum, gate) => sum + gate.polls, 0), wakes: cx.wakes };
}

test('join polls only what was woken: 30,000 woken one by one are polled twice each', () => {
  assert.deepEqual(pollsOfJoin(30), { polls: 60, wakes: 30 });
  assert.deepEqual(pollsOfJoin(30_000), { polls: 60_000, wakes: 30_000 });
});

test('a spurious wake of one branch polls that branch alone; a wake while queued counts once', () => {
  const [a, b] = [new Gate<number>(), new Gate<number>()];
  const cx = new HandContext();
  const joined = join([a, b]);
  void joined.poll(cx);
  a.spurious();
  a.spurious();
  a.spurious();
  assert.equal(cx.wakes, 1);
  assert.equal(joined.poll(cx), PENDING);
  assert.deepEqual([a.polls, b.polls], [2, 1]);
  assert.equal(joined.poll(cx), PENDING);
  assert.deepEqual([a.polls, b.polls], [2, 1]);
});

test('a branch that wakes itself for ever does not keep its combinator from returning', () => {
  const cx = new HandContext();
  const busy = coroutine(function* () {
    for (;;) yield* yieldNow();
  });
  const joined = join([busy(), busy()]);
  for (let poll = 0; poll < 5; poll++) assert.equal(joined.poll(cx), PENDING);
  void joined.cancel(cx);
});

test('a combinator that is moved to another context wakes that one', () => {
  const gate = new Gate<string>();
  const [before, now] = [new HandContext(), new HandContext()];
  const raced = race([gate, new Gate<string>()]);
  void raced.poll(before);
  void raced.poll(now);
  gate.open('moved');
  assert.deepEqual([before.wakes, now.wakes], [0, 1]);
  assert.equal(raced.poll(now), 'moved');
});

test('a waker of a branch that is woken after the end does nothing', () => {
  const gates = [new Gate<string>(), new Gate<string>()] as const;
  const cx = new HandContext();
  const raced = race(gates);
  void raced.poll(cx);
  const late = gates[1].waker;
  gates[0].open('won');
  assert.equal(raced.poll(cx), 'won');
  late?.wake();
  assert.equal(gates[1].polls, 1);
});

/** Lets go only after `left` more polls. */
class Reluctant extends Gate<string> {
  left: number;

  constructor(left: number) {
    super();
    this.left = left;
  }

  override cancel(cx?: Context): Poll<void> {
    this.cancels++;
    if (this.left-- <= 0) return undefined;
    this.waker = cx!.waker;
    return PENDING;
  }
}

test('while losers are being cancelled, only those that were woken are polled', () => {
  const winner = new Gate<string>();
  const losers = [new Reluctant(1), new Reluctant(2)] as const;
  const cx = new HandContext();
  const raced = race([winner, ...losers]);
  void raced.poll(cx);
  winner.open('won');
  const step = (): unknown => [raced.poll(cx), losers.map((loser) => loser.cancels)];
  assert.deepEqual(step(), [PENDING, [1, 1]]);
  assert.deepEqual(step(), [PENDING, [1, 1]]);
  losers[0].spurious();
  assert.deepEqual(step(), [PENDING, [2, 1]]);
  losers[1].spurious();
  assert.deepEqual(step(), [PENDING, [2, 2]]);
  losers[1].spurious();
  assert.deepEqual(step(), ['won', [2, 3]]);
  assert.equal(cx.armed, 0);
});

test('in development mode a future that is there twice is refused, and a handle is not', () => {
  play(function* () {
    const same = sleep(1);
    for (const make of [
      () => join([same, sleep(1), same]),
      () => race([same, same]),
      () => select({ a: same, b: same }),
    ])
      assert.throws(make, { code: 'BAD_ARGUMENT', message: /same future/ });
    yield* same;
    const handle = spawn(ready(7));
    assert.deepEqual(yield* join([handle, handle]), [7, 7]);
  });
});
