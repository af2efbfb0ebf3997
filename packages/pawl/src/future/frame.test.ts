import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, HandContext } from '../../test/support/gate.ts';
import { codeOf, play } from '../../test/support/world.ts';
import { coroutine, Future, map, PENDING, type Context, type Poll, type Steps, yieldNow } from '../index.ts';

/** Needs `left` polls. */
class Countdown extends Future<string> {
  left: number;
  cancels = 0;

  constructor(left: number) {
    super();
    this.left = left;
  }

  override poll(_cx: Context): Poll<string> {
    return this.left-- > 0 ? PENDING : 'done';
  }

  override cancel(): Poll<void> {
    this.cancels++;
    return undefined;
  }
}

/** Counts the polls of a future, under its own name. */
function counted<F extends Future<unknown>>(future: F, counts: number[], at: number): F {
  const poll: (cx: Context, inner?: boolean) => Poll<unknown> = future.poll.bind(future);
  counts[at] = 0;
  return Object.assign(future, {
    poll: (cx: Context, inner?: boolean) => {
      counts[at]!++;
      return poll(cx, inner);
    },
  });
}

/** A chain of `depth` coroutines, some of them maps, over a leaf. */
function chain(depth: number, leaf: Future<string>, counts: number[], log: string[]): Future<string> {
  const level = coroutine(function* (at: number): Steps<string> {
    try {
      return yield* at === 0 ? leaf : counted(next(at - 1), counts, at - 1);
    } finally {
      log.push(`left ${at}`);
    }
  });
  const next = (at: number): Future<string> => (at % 5 === 4 ? map(level(at), (value) => `${value}!`) : level(at));
  return level(depth);
}

for (const depth of [0, 1, 2, 7, 20])
  test(`a wake-up resumes the leaf directly: at depth ${depth} no frame above it is polled again until it has a value`, () => {
    const counts: number[] = [];
    const root = chain(depth, new Countdown(1000), counts, []);
    const cx = new HandContext();
    // The first poll nests, the second links.
    assert.equal(root.poll(cx), PENDING);
    assert.equal(root.poll(cx), PENDING);
    const before = [...counts];
    for (let wake = 0; wake < 900; wake++) assert.equal(root.poll(cx), PENDING);
    assert.deepEqual(counts.slice(1), before.slice(1), 'only the innermost coroutine is polled');
    let value: Poll<string> = PENDING;
    while (value === PENDING) value = root.poll(cx);
    assert.equal(value, `done${'!'.repeat(Math.floor(depth / 5))}`);
    // Polled by hand, outside a task, a frame is entered twice: the first time sets the current context.
    for (const [at, count] of counts.entries()) if (at > 0) assert.ok(count <= before[at]! + 2);
  });

for (const polls of [1, 2, 3])
  test(`cancelling a chain that was polled ${polls} times cancels the leaf once and leaves the frames from the inside out`, () => {
    for (const depth of [0, 1, 2, 9]) {
      const log: string[] = [];
      const leaf = new Countdown(1000);
      const root = chain(depth, leaf, [], log);
      const cx = new HandContext();
      for (let poll = 0; poll < polls; poll++) assert.equal(root.poll(cx), PENDING);
      assert.equal(root.cancel(cx), undefined);
      assert.equal(leaf.cancels, 1);
      assert.deepEqual(
        log,
        Array.from({ length: depth + 1 }, (_, at) => `left ${at}`),
      );
    }
  });

test('a frame that was resumed at its leaf completes once, like any other', () => {
  play(function* () {
    const inner = coroutine(function* () {
      for (let turn = 0; turn < 3; turn++) yield* yieldNow();
      return 1;
    })();
    const middle = coroutine(function* () {
      return yield* inner;
    })();
    yield* middle;
    for (const future of [inner, middle])
      assert.equal(
        codeOf(() => future.poll(new HandContext())),
        'ALREADY_COMPLETED',
      );
  });
});

test('a linked chain that is moved under another parent and another context goes on there', () => {
  const gate = new Gate<string>();
  const inner = coroutine(function* () {
    return yield* coroutine(function* () {
      yield* new Countdown(3);
      return yield* gate;
    })();
  })();
  const first = new HandContext();
  for (let poll = 0; poll < 3; poll++) assert.equal(inner.poll(first), PENDING);
  const outer = coroutine(function* () {
    return `moved ${yield* inner}`;
  })();
  const second = new HandContext();
  for (let poll = 0; poll < 4; poll++) assert.equal(outer.poll(second), PENDING);
  gate.open('gate');
  assert.deepEqual([first.wakes, second.wakes], [0, 1]);
  assert.equal(outer.poll(second), 'moved gate');
});

test('a frame under a future of a user resumes its own segment', () => {
  class Through extends Future<string> {
    polls = 0;
    readonly inner: Future<string>;

    constructor(inner: Future<string>) {
      super();
      this.inner = inner;
    }

    override poll(cx: Context): Poll<string> {
      this.polls++;
      return this.inner.poll(cx);
    }
  }
  const through = new Through(chain(5, new Countdown(10), [], []));
  const root = chain(5, through, [], []);
  const cx = new HandContext();
  let value: Poll<string> = PENDING;
  while (value === PENDING) value = root.poll(cx);
  assert.equal(value, 'done!!');
  assert.equal(through.polls, 11);
});
