import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEverywhere, type Watch } from '../../test/support/cancel-everywhere.ts';
import { Gate } from '../../test/support/gate.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import type { PawlError } from '../error/index.ts';
import { coroutine, start, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { ready, yieldNow } from '../future/ready.ts';
import { broadcast, channel, Lagged, type Receiver, watch } from '../sync/index.ts';
import { scope } from '../task/scopes.ts';
import { spawn } from '../task/spawn.ts';
import { sleep } from '../time/sleep.ts';
import { timeout } from '../time/timeout.ts';
import { END, type End, type Source } from './source.ts';
import { Stream, stream } from './stream.ts';

/** Numbers from 0 to `count`, each some ms after it was asked for, with a count of what was asked and whether it was closed. */
class Counting implements Source<number> {
  asked = 0;
  closed = 0;
  given = 0;
  private readonly count: number;
  private readonly ms: (n: number) => number;

  constructor(count: number, ms: (n: number) => number = () => 0) {
    this.count = count;
    this.ms = ms;
  }

  next(): Future<number | End> {
    this.asked++;
    return this.step();
  }

  private readonly step = coroutine(function* (this: Counting): Steps<number | End> {
    if (this.closed > 0 || this.given >= this.count) return END;
    const ms = this.ms(this.given);
    if (ms > 0) yield* sleep(ms);
    return this.given++;
  }).bind(this);

  close(): Future<void> {
    this.closed++;
    return ready(undefined);
  }
}

const slow = coroutine(function* (n: number) {
  yield* sleep(n % 3);
  return n * 10;
});

test('a stream gives its values one by one, then END for ever', () => {
  const seen = play(function* () {
    const values = Stream.of(1, 2);
    return [yield* values.next(), yield* values.next(), yield* values.next(), yield* values.next()];
  });
  assert.deepEqual(seen, [1, 2, END, END]);
});

/** An operation on streams, and the same on arrays. */
interface Law {
  readonly name: string;
  readonly onStream: (stream: Stream<number>) => Stream<number>;
  readonly onArray: (array: readonly number[]) => number[];
}

const laws: fc.Arbitrary<Law> = fc.oneof(
  fc.integer({ min: 0, max: 8 }).map((n) => ({
    name: `take ${n}`,
    onStream: (s: Stream<number>) => s.take(n),
    onArray: (a: readonly number[]) => a.slice(0, n),
  })),
  fc.integer({ min: 0, max: 8 }).map((n) => ({
    name: `drop ${n}`,
    onStream: (s: Stream<number>) => s.drop(n),
    onArray: (a: readonly number[]) => a.slice(n),
  })),
  fc.integer({ min: 1, max: 5 }).map((n) => ({
    name: `chunk ${n}`,
    onStream: (s: Stream<number>) => s.chunk(n).map((part) => part.length * 100 + (part[0] ?? 0)),
    onArray: (a: readonly number[]) =>
      Array.from({ length: Math.ceil(a.length / n) }, (_, i) => a.slice(i * n, i * n + n)).map(
        (part) => part.length * 100 + (part[0] ?? 0),
      ),
  })),
  fc.record({ limit: fc.integer({ min: 1, max: 4 }) }).map(({ limit }) => ({
    name: `mapConcurrent ${limit}`,
    onStream: (s: Stream<number>) => s.mapConcurrent(limit, slow),
    onArray: (a: readonly number[]) => a.map((n) => n * 10),
  })),
  fc.integer({ min: 1, max: 4 }).map((n) => ({
    name: `buffer ${n}`,
    onStream: (s: Stream<number>) => s.buffer(n),
    onArray: (a: readonly number[]) => [...a],
  })),
  fc.constantFrom<Law>(
    { name: 'map', onStream: (s) => s.map((n, i) => n + i), onArray: (a) => a.map((n, i) => n + i) },
    {
      name: 'filter',
      onStream: (s) => s.filter((n, i) => (n + i) % 3 !== 0),
      onArray: (a) => a.filter((n, i) => (n + i) % 3 !== 0),
    },
    {
      name: 'scan',
      onStream: (s) => s.scan(5, (sum, n) => sum + n),
      onArray: (a) => a.map((_, i) => a.slice(0, i + 1).reduce((sum, n) => sum + n, 5)),
    },
    {
      name: 'flatMap',
      onStream: (s) => s.flatMap((n) => Array.from({ length: Math.abs(n % 4) }, (_, i) => n + i)),
      onArray: (a) => a.flatMap((n) => Array.from({ length: Math.abs(n % 4) }, (_, i) => n + i)),
    },
    { name: 'throttle', onStream: (s) => s.throttle(2), onArray: (a) => [...a] },
    { name: 'merge with nothing', onStream: (s) => Stream.merge(s, Stream.of()), onArray: (a) => [...a] },
    {
      name: 'concat',
      onStream: (s) => Stream.concat([7, 8], s, [9]),
      onArray: (a) => [7, 8, ...a, 9],
    },
    {
      name: 'emit',
      onStream: (s) =>
        stream<number>(function* (emit) {
          yield* s.forEach((n) => emit(n));
        }),
      onArray: (a) => [...a],
    },
  ),
);

test('what streams make of values is what arrays make of them, whatever is behind what', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 }),
      fc.array(laws, { maxLength: 4 }),
      fc.integer({ min: 0, max: 2 }),
      (values, ops, pace) => {
        const source = new Counting(values.length, (n) => ((n * 7) % 3) * pace);
        const base = new Stream(source).map((n) => values[n] as number);
        let made = base;
        let expected: readonly number[] = values;
        for (const op of ops) {
          made = op.onStream(made);
          expected = op.onArray(expected);
        }
        assert.deepEqual(play(made.toArray()), expected);
        // What never began to take from it has nothing to close.
        assert.ok(source.closed > 0 || source.asked === 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('nothing is asked of the source before it is wanted, and only as much as is wanted', () => {
  const source = new Counting(100);
  const some = new Stream(source)
    .map((n) => n)
    .filter((n) => n % 2 === 1)
    .chunk(2);
  assert.equal(source.asked, 0);
  const seen = play(function* () {
    const first = yield* some.next();
    return [first, source.asked];
  });
  assert.deepEqual(seen, [[1, 3], 4]);
});

test('take closes its source when it has enough, also when it wants nothing', () => {
  for (const count of [0, 2]) {
    const source = new Counting(100);
    play(function* () {
      const some = new Stream(source).take(count);
      for (let n = 0; n < count; n++) yield* some.next();
      assert.equal(source.closed, 0);
      assert.equal(yield* some.next(), END);
    });
    assert.deepEqual([source.closed > 0, source.asked], [true, count]);
  }
});

test('however a stream is left, its source is closed', () => {
  const failing = (): never => {
    throw new Error('as meant');
  };
  const ends: [string, (s: Stream<number>) => Future<unknown>][] = [
    ['the end', (s) => s.toArray()],
    ['false', (s) => s.forEach((n) => n < 3)],
    ['an error of the body', (s) => s.forEach(failing)],
    ['an error of a map', (s) => s.map(failing).toArray()],
    ['an error of a test', (s) => s.filter(failing).toArray()],
    ['an error of a flatMap', (s) => s.flatMap(failing).toArray()],
    ['an error of a fold', (s) => s.fold(0, failing)],
    ['an error in a mapConcurrent', (s) => s.mapConcurrent(3, failing).toArray()],
    ['an error behind a buffer', (s) => s.map(failing).buffer(2).toArray()],
    ['an error behind a merge', (s) => Stream.merge(s.map(failing), Stream.of(1)).toArray()],
    ['an error behind a debounce', (s) => s.map(failing).debounce(1).toArray()],
    ['an error in a concat', (s) => Stream.concat(Stream.of(1).map(failing), s).toArray()],
    [
      'a cancellation',
      (s) =>
        timeout(
          3,
          s.forEach(() => sleep(2)),
        ),
    ],
  ];
  for (const [name, run] of ends) {
    const source = new Counting(100);
    const error = world().run(function* () {
      try {
        yield* run(new Stream(source));
        return 'none';
      } catch (thrown) {
        return (thrown as Error).message;
      }
    });
    assert.ok(source.closed > 0, `${name}: ${error}`);
  }
});

test('what closing throws after a failure is suppressed by it, and of several closings nothing is lost', () => {
  const bad = (name: string): Stream<number> =>
    stream(function* (emit) {
      try {
        for (;;) yield* emit(1);
      } finally {
        yield* failing(`${name} closed`);
      }
    });
  const failing = coroutine(function* (message: string) {
    yield* yieldNow();
    throw new Error(message);
  });
  const said = (error: unknown): string[] =>
    error instanceof SuppressedError ? [...said(error.error), ...said(error.suppressed)] : [(error as Error).message];
  const body = (): never => {
    throw new Error('body');
  };
  assert.deepEqual(said(failure(bad('a').forEach(body))), ['body', 'a closed']);
  assert.deepEqual(said(failure(bad('a').fold(0, body))), ['body', 'a closed']);
  assert.deepEqual(said(failure(bad('a').take(1).toArray())), ['a closed']);
  const merged = Stream.merge(bad('a'), bad('b'), bad('c'));
  assert.deepEqual(said(failure(merged.take(1).toArray())), ['a closed', 'b closed', 'c closed']);
});

test('an error of the source comes out once, in its place', () => {
  const broken = (): Stream<number> =>
    stream<number>(function* (emit) {
      yield* emit(1);
      yield* emit(2);
      throw new RangeError('broken');
    });
  const variants: ((s: Stream<number>) => Stream<number>)[] = [
    (s) => s,
    (s) => s.map((n) => n),
    (s) => s.buffer(5),
    (s) => s.mapConcurrent(5, (n) => ready(n)),
    (s) => Stream.merge(s),
    (s) => s.flatMap((n) => [n]),
    (s) => s.throttle(1),
  ];
  for (const variant of variants) {
    const seen: number[] = [];
    const error = failure(variant(broken()).forEach((n) => void seen.push(n)));
    assert.ok(error instanceof RangeError);
    assert.deepEqual(seen, [1, 2]);
  }
});

test('merge takes values as they come, one ahead of each source', () => {
  const { driver, run } = world();
  const fast = new Counting(100, () => 2);
  const rare = new Counting(3, () => 5);
  const seen = run(function* () {
    const log: string[] = [];
    const both = Stream.merge(
      new Stream(fast).map((n) => `fast ${n}`),
      new Stream(rare).map((n) => `rare ${n}`),
    );
    for (let n = 0; n < 7; n++) log.push(`${String(yield* both.next())} at ${driver.time}`);
    yield* sleep(50);
    assert.ok(fast.asked <= 6);
    yield* both.close();
    return log;
  });
  assert.deepEqual(seen, [
    'fast 0 at 2',
    'fast 1 at 4',
    'rare 0 at 5',
    'fast 2 at 6',
    'fast 3 at 8',
    'rare 1 at 10',
    'fast 4 at 10',
  ]);
  assert.deepEqual([fast.closed, rare.closed], [1, 1]);
});

test('mapConcurrent runs so many at a time and no more, and keeps the order or does not', () => {
  const { run } = world();
  let running = 0;
  let most = 0;
  const work = coroutine(function* (ms: number) {
    most = Math.max(most, ++running);
    yield* sleep(ms);
    running--;
    return ms;
  });
  const values = [9, 1, 5, 1, 1, 3];
  assert.deepEqual(run(Stream.from(values).mapConcurrent(3, work).toArray()), values);
  assert.equal(most, 3);
  const free = run(Stream.from(values).mapConcurrent(3, work, { ordered: false }).toArray());
  assert.deepEqual(
    free,
    [1, 1, 1, 5, 3, 9].sort((a, b) => free.indexOf(a) - free.indexOf(b)),
  );
  assert.deepEqual([free[0], free.at(-1)], [1, 9]);
  assert.equal(running, 0);
});

test('however slow the consumer is, a pipeline holds no more than its parts say', () => {
  const part = fc.record({
    kind: fc.constantFrom('map', 'filter', 'merge', 'flatMap', 'throttle', 'chunk', 'buffer', 'mapConcurrent'),
    size: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 5 }),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }),
      (parts, paces) => {
        const source = new Counting(Infinity);
        let values: Stream<unknown> = new Stream(source);
        // Values of the source: in one value at this point, and held so far.
        let unit = 1;
        let held = 0;
        for (const { kind, size } of parts) {
          if (kind === 'map') values = values.map((n) => n);
          else if (kind === 'filter') values = values.filter(() => true);
          else if (kind === 'flatMap') values = values.flatMap((n) => [n]);
          else if (kind === 'throttle') values = values.throttle(size);
          else if (kind === 'merge') {
            values = Stream.merge(values);
            held += unit;
          } else if (kind === 'chunk') {
            values = values.chunk(size);
            held += unit * size;
            unit *= size;
          } else {
            held += unit * size;
            values = kind === 'buffer' ? values.buffer(size) : values.mapConcurrent(size, (n) => ready(n));
          }
        }
        let consumed = 0;
        const look = (): void => assert.ok(source.given <= consumed * unit + held + unit, `${source.given} were taken`);
        play(
          values.take(20).forEach(function* (_, index) {
            look();
            yield* sleep(paces[index % paces.length] as number);
            look();
            consumed++;
          }),
        );
      },
    ),
  );
});

test('mapConcurrent holds no more than its limit while its consumer is slow', () => {
  const source = new Counting(100);
  const { run } = world();
  run(function* () {
    const slowly = new Stream(source).mapConcurrent(4, (n) => ready(n));
    yield* slowly.next();
    yield* sleep(10);
    assert.ok(source.given <= 5);
    yield* slowly.close();
  });
});

test('buffer reads ahead while its consumer is busy, and no further than it may', () => {
  const { driver, run } = world();
  const source = new Counting(20, () => 3);
  const times = run(function* () {
    const seen: number[] = [];
    yield* new Stream(source)
      .buffer(4)
      .take(5)
      .forEach(function* () {
        seen.push(driver.time);
        if (seen.length === 1) {
          yield* sleep(100);
          assert.equal(source.given, 5);
        }
      });
    return seen;
  });
  assert.deepEqual(times, [3, 103, 103, 103, 103]);
  assert.ok(source.closed > 0);
});

test('a buffer that was read in a scope that has ended goes on in the next one', () => {
  const source = new Counting(6, () => 1);
  const seen = play(function* () {
    const buffered = new Stream(source).buffer(2);
    const all: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      yield* scope(function* () {
        all.push(yield* buffered.next());
        yield* sleep(10);
        all.push(yield* buffered.next());
      });
    }
    all.push(yield* buffered.next());
    return all;
  });
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, END]);
});

test('a next of a buffer that waits when the scope of the reading ends goes on', () => {
  const got: unknown[] = [];
  play(function* () {
    const values = new Stream(new Counting(5, () => 10)).buffer(1);
    const first = coroutine(function* () {
      got.push(yield* values.next());
      yield* sleep(5);
    });
    const second = coroutine(function* () {
      yield* sleep(12);
      got.push(yield* values.next());
    });
    // The reading is a daemon of the first one's task, which ends while the second one waits.
    yield* scope(function* (s) {
      s.spawn(first());
      s.spawn(second());
    });
    yield* values.close();
  });
  assert.deepEqual(got, [0, 1]);
});

test('throttle asks the source later, debounce gives the last of a burst', () => {
  const { driver, run } = world();
  const at = (s: Stream<number>): string[] =>
    run(function* () {
      const start = driver.time;
      const log: string[] = [];
      yield* s.forEach((n) => void log.push(`${n} at ${driver.time - start}`));
      return log;
    });
  assert.deepEqual(at(Stream.of(1, 2, 3).throttle(10)), ['1 at 0', '2 at 10', '3 at 20']);
  const bursts = stream<number>(function* (emit) {
    for (const [n, pause] of [1, 1, 20, 1, 30, 1].entries()) {
      yield* emit(n);
      yield* sleep(pause);
    }
  });
  assert.deepEqual(at(bursts.debounce(10)), ['2 at 12', '4 at 33', '5 at 54']);
});

test('an emit waits until its value was taken and the next is asked for, and closing runs the cleanup', () => {
  const log: string[] = [];
  play(function* () {
    const values = stream<number>(function* (emit) {
      try {
        for (let n = 0; ; n++) {
          log.push(`give ${n}`);
          yield* emit(n);
        }
      } finally {
        yield* sleep(5);
        log.push('cleaned up');
      }
    });
    yield* yieldNow();
    log.push('ask');
    log.push(`got ${String(yield* values.next())}`);
    yield* yieldNow();
    log.push('ask');
    log.push(`got ${String(yield* values.next())}`);
    yield* values.close();
    log.push(`then ${String(yield* values.next())}`);
  });
  assert.deepEqual(log, ['ask', 'give 0', 'got 0', 'ask', 'give 1', 'got 1', 'cleaned up', 'then Symbol(pawl.END)']);
});

test('what a cleanup emits after the stream was closed is dropped, and the cleanup goes on', () => {
  const log: string[] = [];
  const { driver, reports, run } = world();
  run(function* () {
    const values = stream<string>(function* (emit) {
      try {
        yield* emit('one');
      } finally {
        yield* emit('nobody takes this');
        yield* sleep(5);
        log.push('cleaned up');
      }
    });
    log.push(String(yield* values.next()));
    yield* values.close();
    log.push('closed');
  });
  assert.deepEqual(log, ['one', 'cleaned up', 'closed']);
  assert.deepEqual([reports, driver.time], [[], 5]);
});

test('a cleanup that emits for ever is ended by the deadline of cleanups', () => {
  const { driver, reports, run } = world();
  run(
    function* () {
      const values = stream<number>(function* (emit) {
        try {
          yield* emit(1);
        } finally {
          for (;;) yield* emit(2);
        }
      });
      yield* values.next();
      yield* values.close();
    },
    { cleanupTimeout: 70 },
  );
  assert.deepEqual(
    reports.map(({ code }) => code),
    ['CLEANUP_TIMEOUT'],
  );
  assert.equal(driver.time, 70);
});

test('two emits at once, two nexts at once and bad arguments are refused', () => {
  const twice = stream<number>(function* (emit) {
    yield* join([emit(1), emit(2)]);
  });
  assert.equal((failure(twice.toArray()) as { code?: string }).code, 'BUSY');
  const gate = new Gate<number>();
  const waits = new Stream<number>({ next: () => gate, close: () => ready(undefined) });
  const code = play(function* () {
    const first = spawn(waits.next());
    yield* yieldNow();
    try {
      yield* waits.next();
      return 'none';
    } catch (error) {
      gate.open(1);
      assert.equal(yield* first, 1);
      return (error as { code?: string }).code;
    }
  });
  assert.equal(code, 'BUSY');
  const s = Stream.of(1);
  for (const make of [
    () => s.take(-1),
    () => s.take(0.5),
    () => s.chunk(0),
    () => s.buffer(0),
    () => s.mapConcurrent(0, slow),
    () => s.throttle(-1),
    () => s.debounce(NaN),
    () => Stream.from(7 as never),
    () => Stream.from(sleep(1) as never),
  ]) {
    assert.equal(codeOf(make), 'BAD_ARGUMENT');
  }
});

test('a stream that was taken over is refused to the second, and one that is refused is not taken', () => {
  const values = Stream.of(1, 2, 3);
  assert.equal(
    codeOf(() => values.take(-1)),
    'BAD_ARGUMENT',
  );
  const doubled = values.map((n) => n * 2);
  for (const second of [
    () => values.filter(() => true),
    () => values.toArray(),
    () => values.forEach(() => {}),
    () => values[Symbol.asyncIterator](),
    () => Stream.merge(values),
  ])
    assert.equal(codeOf(second), 'BUSY');
  assert.deepEqual(play(doubled.toArray()), [2, 4, 6]);
});

test('a stream that is closed by another task while a next waits gives END to it', () => {
  const silent = (): Stream<number> =>
    stream(function* () {
      yield* sleep(3_600_000);
    });
  const [, receiver] = channel<number>(1);
  const kinds: Record<string, Stream<unknown>> = {
    'of a coroutine': silent(),
    'of a receiver': Stream.from(receiver),
    map: silent().map((n) => n),
    merge: Stream.merge(silent(), silent()),
    concat: Stream.concat(silent()),
    mapConcurrent: Stream.of(1).mapConcurrent(1, () => sleep(3_600_000)),
    buffer: silent().buffer(1),
    debounce: silent().debounce(1),
    throttle: silent().throttle(1),
  };
  for (const [kind, values] of Object.entries(kinds)) {
    const seen = play(function* () {
      const next = spawn(values.next());
      yield* sleep(1);
      yield* values.close();
      return [yield* next, yield* values.next()];
    });
    assert.deepEqual(seen, [END, END], kind);
  }
  // Whoever runs it ends as at its end.
  play(function* () {
    const values = silent();
    const all = spawn(values.toArray());
    yield* sleep(1);
    yield* values.close();
    assert.deepEqual(yield* all, []);
  });
});

test('a loop refuses a body that gives a promise, and takes null for nothing', () => {
  const receiver = (): Receiver<number> => {
    const [sender, made] = channel<number>(1);
    sender.trySend(1);
    sender.close();
    return made;
  };
  for (const values of [() => Stream.of(1), receiver]) {
    const wrong = failure(values().forEach((async () => {}) as never)) as PawlError;
    assert.deepEqual([wrong.code, /a promise/.test(wrong.message)], ['NOT_A_FUTURE', true]);
    assert.equal(
      codeOf(() => play(values().forEach((() => [1, 2]) as never))),
      'NOT_A_FUTURE',
    );
    assert.equal(play(values().forEach((() => null) as never)), undefined);
  }
});

test('several tasks that close a stream at once are all done when it has let go', () => {
  let cleaned = false;
  play(function* () {
    const slow = stream<number>(function* (emit) {
      try {
        yield* emit(1);
      } finally {
        yield* sleep(5);
        cleaned = true;
      }
    });
    yield* slow.next();
    const closings = [1, 2, 3].map(() =>
      spawn(function* () {
        yield* slow.close();
        assert.equal(cleaned, true);
      }),
    );
    for (const closing of closings) yield* closing;
  });
});

test('an iterator is closed when the stream is left early, not when it has ended', () => {
  const log: string[] = [];
  const numbers = function* (): Generator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      log.push('closed');
    }
  };
  assert.deepEqual(play(Stream.from(numbers()).take(1).toArray()), [1]);
  assert.deepEqual(log, ['closed']);
  assert.deepEqual(play(Stream.from(numbers()).toArray()), [1, 2]);
  assert.equal(log.length, 2);
});

test('a stream of a receiver ends with its channel, and leaves the receiver open', () => {
  const [sender, receiver] = channel<number>(4);
  for (const n of [1, 2, 3]) sender.trySend(n);
  assert.deepEqual(play(Stream.from(receiver).take(2).toArray()), [1, 2]);
  sender.close();
  assert.deepEqual(play(Stream.from(receiver).toArray()), [3]);
});

test('receivers of a broadcast and of a watch are received from directly, also inside blockOn', () => {
  const [sender, receiver] = broadcast<number>(2);
  for (const n of [1, 2, 3]) sender.send(n);
  sender.close();
  assert.deepEqual(play(Stream.from<number | Lagged>(receiver).toArray()), [new Lagged(1), 2, 3]);
  const [changer, watcher] = watch(0);
  changer.send(1);
  changer.send(2);
  changer.close();
  assert.deepEqual(play(Stream.from(watcher).toArray()), [2]);
});

test('a stream whose values are always ready gives others their turn', () => {
  let turns = 0;
  play(function* () {
    const other = spawn(
      function* () {
        for (;;) {
          turns++;
          yield* yieldNow();
        }
      },
      { daemon: true },
    );
    yield* Stream.from(Array.from({ length: 2000 }, (_, n) => n))
      .filter((n) => n < 0)
      .toArray();
    other.abort();
  });
  assert.ok(turns >= 10);
});

/** Every kind of stream in one program. */
function* everything(log: string[], watch: Watch): Steps<void> {
  const numbers = stream<number>(function* (emit) {
    try {
      for (let n = 0; ; n++) {
        yield* watch(sleep(1));
        yield* watch(emit(n));
      }
    } finally {
      yield* sleep(0);
      log.push('emitter');
    }
  });
  const asked = new Counting(50, () => 1);
  const closing: Source<number> = {
    next: () => asked.next(),
    close: coroutine(function* (): Steps<void> {
      yield* watch(sleep(0));
      log.push('counting');
    }),
  };
  yield* Stream.merge(numbers, new Stream(closing).debounce(0))
    .buffer(2)
    .mapConcurrent(3, (n) => watch(slow(n)))
    .flatMap((n) => [n, n])
    .throttle(1)
    .chunk(2)
    .take(3)
    .forEach(function* () {
      yield* sleep(1);
    });
  log.push('done');
}

test('a program of streams that is cancelled wherever it waits closes all of them, and leaves nothing', async () => {
  const log: string[] = [];
  const suspensions = await cancelEverywhere(
    function* (watch) {
      yield* start(everything, log, watch);
    },
    {
      most: 2000,
      afterEach: (at) => {
        const run = new Set(log.splice(0));
        const begun = run.has('emitter');
        assert.ok(run.has('counting'), `the counting stream was left open at ${at}`);
        assert.ok(begun || at <= 2, `the emitter was left open at ${at}`);
      },
    },
  );
  assert.ok(suspensions > 20);
});

test('a next that is cancelled wherever it waits loses no value', () => {
  const variants: [string, (s: Stream<number>) => Stream<unknown>][] = [
    ['map', (s) => s.map((n) => n)],
    ['chunk', (s) => s.chunk(1).map(([n]) => n)],
    ['filter', (s) => s.filter(() => true)],
    ['merge', (s) => Stream.merge(s)],
    [
      'mapConcurrent',
      (s) =>
        s.mapConcurrent(3, (n) =>
          coroutine(function* () {
            yield* sleep(2);
            return n;
          })(),
        ),
    ],
    ['buffer', (s) => s.buffer(2)],
    ['flatMap', (s) => s.flatMap((n) => Stream.of(n).map((m) => m))],
    ['throttle', (s) => s.throttle(2)],
    [
      'emit',
      (s) =>
        stream(function* (emit) {
          yield* s.forEach((n) => emit(n));
        }),
    ],
  ];
  for (const [name, variant] of variants) {
    for (const patience of [0, 1, 2, 3]) {
      const seen = play(function* () {
        const values = variant(
          stream<number>(function* (emit) {
            for (let n = 0; n < 6; n++) {
              yield* sleep(1);
              yield* emit(n);
            }
          }),
        );
        const all: unknown[] = [];
        for (let impatient = patience; ; impatient = (impatient + 1) % 4) {
          try {
            const value = yield* timeout(impatient, values.next());
            if (value === END) return all;
            all.push(value);
          } catch (error) {
            if ((error as { code?: string }).code !== 'TIMEOUT') throw error;
          }
        }
      });
      assert.deepEqual(seen, [0, 1, 2, 3, 4, 5], `${name}, patience ${patience}`);
    }
  }
});
