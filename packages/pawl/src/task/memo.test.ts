import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { abortEverywhere, codeOf, failure, play, world } from '../../test/support/world.ts';
import {
  coroutine,
  join,
  joinSettled,
  memo,
  race,
  ready,
  Runtime,
  scope,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from '../index.ts';
import { Notify } from '../sync/index.ts';

const ever = 1_000_000;

/** A memo of a run of `ms`, with a record of its runs. */
function counted(ms: number, options: Parameters<typeof memo<[key: string], string>>[1] = {}) {
  const log: string[] = [];
  const load = memo(function* load(key: string) {
    let ended = false;
    log.push(`${key} begins`);
    try {
      yield* sleep(ms);
      ended = true;
      return `${key} value`;
    } finally {
      if (!ended) {
        yield* sleep(5);
        log.push(`${key} cleaned up`);
      }
    }
  }, options);
  return { log, load };
}

test('concurrent calls with one key share a run, and later ones its value', () => {
  const { log, load } = counted(10);
  const { driver, run } = world();
  run(function* () {
    assert.deepEqual(yield* join([load('a'), load('b'), load('a')]), ['a value', 'b value', 'a value']);
    assert.equal(yield* load('a'), 'a value');
    assert.equal(load.size, 2);
  });
  assert.equal(driver.time, 10);
  assert.deepEqual(log, ['a begins', 'b begins']);
});

test('nothing runs before the first poll, and a call is lazy like any future', () => {
  const { log, load } = counted(10);
  play(function* () {
    void load('a');
    yield* sleep(1);
  });
  assert.deepEqual(log, []);
});

test('without arguments there is one key; a key can be made of the arguments', () => {
  let runs = 0;
  const config = memo(() => ready(++runs));
  play(function* () {
    assert.deepEqual(yield* join([config(), config()]), [1, 1]);
  });
  const sum = memo((a: number, b: number) => ready([a + b, ++runs]), { key: (a, b) => a + b });
  play(function* () {
    assert.deepEqual(yield* sum(1, 4), [5, 2]);
    assert.deepEqual(yield* sum(2, 3), [5, 2]);
    assert.deepEqual(yield* sum(2, 4), [6, 3]);
  });
});

test('delete and clear forget values; a run under way goes on for those who wait', () => {
  const { log, load } = counted(10);
  play(function* () {
    const waiting = spawn(() => load('a'));
    yield* sleep(1);
    load.delete('a');
    assert.equal(yield* load('a'), 'a value');
    assert.equal(yield* waiting, 'a value');
    assert.equal(log.length, 2);
    load.clear();
    assert.equal(load.size, 0);
    yield* load('a');
    assert.equal(log.length, 3);
  });
});

test('with keep: false only concurrent calls share a run', () => {
  const { log, load } = counted(10, { keep: false });
  play(function* () {
    assert.deepEqual(yield* join([load('a'), load('a')]), ['a value', 'a value']);
    assert.equal(load.size, 0);
    yield* load('a');
  });
  assert.deepEqual(log, ['a begins', 'a begins']);
});

test('a failure goes to all who wait, fails nothing else, and is not kept', () => {
  let runs = 0;
  const flaky = memo(function* () {
    yield* sleep(1);
    if (++runs === 1) throw new Error('first');
    return runs;
  });
  play(function* () {
    const results = yield* joinSettled([flaky(), flaky()]);
    assert.deepEqual(
      results.map((result) => result.status === 'rejected' && (result.reason as Error).message),
      ['first', 'first'],
    );
    assert.equal(flaky.size, 0);
    assert.equal(yield* flaky(), 2);
  });
  const broken = memo((): never => {
    throw new Error('no future');
  });
  assert.equal((failure(broken()) as Error).message, 'no future');
  assert.equal(broken.size, 0);
});

test('a call after a failure starts anew, also before those who waited have been told', () => {
  let runs = 0;
  const failed = new Notify();
  const flaky = memo(function* () {
    yield* sleep(1);
    if (++runs > 1) return runs;
    failed.notifyOne();
    throw new Error('first');
  });
  const later = coroutine(function* () {
    yield* failed.notified();
    return yield* flaky();
  });
  const [first, second] = play(joinSettled([flaky(), later()]));
  assert.deepEqual([first.status, second], ['rejected', { status: 'fulfilled', value: 2 }]);
  assert.equal(flaky.size, 1);
});

test('one caller that leaves stops nothing for the others', () => {
  const { log, load } = counted(10);
  const { driver, run } = world();
  run(function* () {
    const other = spawn(() => load('a'));
    yield* race([load('a'), sleep(2)]);
    assert.equal(driver.time, 2);
    assert.equal(yield* other, 'a value');
  });
  assert.deepEqual(log, ['a begins']);
});

test('the run is cancelled when the last caller leaves, which waits for its cleanup; a call meanwhile starts anew', () => {
  const { log, load } = counted(10);
  const { driver, run } = world();
  run(function* () {
    const leaving = spawn(function* () {
      yield* race([join([load('a'), load('a')]), sleep(2)]);
      log.push(`left at ${driver.time}`);
    });
    yield* sleep(4);
    assert.equal(yield* load('a'), 'a value');
    yield* leaving;
  });
  assert.deepEqual(log, ['a begins', 'a begins', 'a cleaned up', 'left at 7']);
  assert.equal(driver.time, 14);
});

test("a caller's scope and its deadline are not the run's", () => {
  const { log, load } = counted(10);
  const { run } = world();
  run(function* () {
    const patient = spawn(function* () {
      yield* yieldNow();
      return yield* load('a');
    });
    try {
      yield* scope(() => load('a'), { timeout: 3 });
      assert.fail('in time');
    } catch (error) {
      assert.equal((error as { code: string }).code, 'TIMEOUT');
    }
    assert.equal(yield* patient, 'a value');
  });
  assert.deepEqual(log, ['a begins']);
});

test("what a cleanup throws after the last caller has left belongs to that caller's cancellation", () => {
  const broken = coroutine(function* () {
    yield* sleep(1);
    throw new Error('cleanup');
  });
  const load = memo(function* () {
    try {
      yield* sleep(ever);
    } finally {
      yield* broken();
    }
  });
  const error = failure(timeout(2, load()));
  assert.ok(error instanceof SuppressedError);
  assert.match(JSON.stringify(chain(error)), /cleanup/);
});

function chain(error: unknown): string[] {
  return error instanceof SuppressedError
    ? [...chain(error.error), ...chain(error.suppressed)]
    : [(error as Error).message];
}

test('a run that ends with the runtime of another call is started anew by a call that still wants it', () => {
  const { log, load } = counted(10);
  const driver = new ManualDriver();
  const [first, second] = [new Runtime(driver), new Runtime(driver)];
  const gone = first.spawn(load('a'));
  driver.advance(1);
  const wanted = second.spawn(load('a'));
  driver.advance(1);
  first.root.abortAll('the end');
  driver.advance(100);
  assert.deepEqual([gone.state, wanted.state], ['cancelled', 'done']);
  assert.deepEqual(log, ['a begins', 'a cleaned up', 'a begins']);
  assert.deepEqual([driver.timerCount, driver.attached.size], [0, 0]);
});

test('takes functions only', () => {
  assert.equal(
    codeOf(() => memo(5 as unknown as () => never)),
    'BAD_ARGUMENT',
  );
});

test('aborted at every poll it leaves no run', () => {
  const aborted = abortEverywhere(() => {
    const { load } = counted(2);
    const other = coroutine(function* () {
      yield* sleep(1);
      return yield* load('a');
    });
    return function* () {
      spawn(() => load('a'));
      spawn(other());
      yield* load('b');
      yield* load('a');
    };
  });
  assert.ok(aborted >= 5);
});
