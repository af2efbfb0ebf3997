import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, world } from '../../test/support/world.ts';
import {
  coroutine,
  join,
  type JoinHandle,
  race,
  type Report,
  type Runtime,
  scope,
  sleep,
  spawn,
  spawnDetached,
  taskGroup,
  type TaskGroup,
  timeout,
  yieldNow,
  type Body,
  type Context,
  Future,
  type Poll,
} from '../index.ts';
import { start } from '../future/coroutine.ts';
import { channel, Mutex, OnceCell, RwLock, Semaphore } from './index.ts';

/** The cycles that a program is told of; whether it ends by itself is another matter. */
function cycles(main: Body<[], unknown> | Future<unknown>): Report[] {
  const { run, reports } = world();
  const outcome = codeOf(() => run(main));
  if (outcome !== 'nothing was thrown') assert.ok(outcome === 'DEADLOCK' || outcome === 'TIMEOUT', String(outcome));
  return reports.filter(({ code, cycle }) => code === 'DEADLOCK' && cycle !== undefined);
}

/** The steps of a cycle without the sites. */
function steps(report: Report | undefined): string[] {
  const plain = (text: string): string => text.replaceAll(/ \(spawned at [^)]*\)/g, '');
  return (report?.cycle ?? []).map(
    ({ task, waitsFor, heldBy }) => `${plain(task)} waits for ${waitsFor}, held by ${plain(heldBy)}`,
  );
}

const both = coroutine(function* (first: Mutex, second: Mutex) {
  using _first = yield* first.lock();
  yield* yieldNow();
  using _second = yield* second.lock();
});

test('two tasks that take two locks in opposite orders are reported at once, with who waits, for what, held by whom, spawned where', () => {
  const [a, b] = [new Mutex({ name: 'a' }), new Mutex({ name: 'b' })];
  const { run, reports } = world();
  let seen = 0;
  assert.equal(
    codeOf(() =>
      run(function* () {
        spawn(both(a, b), { name: 'one' });
        spawn(both(b, a), { name: 'two' });
        for (let i = 0; i < 4; i++) yield* yieldNow();
        seen = reports.length;
      }),
    ),
    'DEADLOCK',
  );
  assert.equal(seen, 1);
  const [report] = reports;
  assert.deepEqual(steps(report), [
    '"two" waits for lock of mutex "a", held by "one"',
    '"one" waits for lock of mutex "b", held by "two"',
  ]);
  assert.match(
    report?.message ?? '',
    /2 wait for each other:\n {2}"two" \(spawned at .*deadlock\.test\.ts:\d+:\d+\) waits/,
  );
  assert.match(report?.task ?? '', /^two \(spawned at/);
});

test('a task that asks again for the lock that it holds waits for itself', () => {
  const mutex = new Mutex();
  const reports = cycles(function* () {
    using _guard = yield* mutex.lock();
    using _again = yield* mutex.lock();
  });
  assert.deepEqual(steps(reports[0]), ['"coroutine" waits for lock of a mutex, held by "coroutine"']);
});

test('a circle of many is found when it closes', () => {
  const locks = Array.from({ length: 10 }, (_, i) => new Mutex({ name: String(i) }));
  const reports = cycles(join(locks.map((lock, i) => both(lock, locks[(i + 1) % 10] as Mutex))));
  assert.equal(reports.length, 1);
  assert.equal(reports[0]?.cycle?.length, 10);
});

test('a wait for a task that needs what the waiting task holds is part of the cycle', () => {
  const mutex = new Mutex({ name: 'm' });
  const reports = cycles(function* () {
    using _guard = yield* mutex.lock();
    yield* spawn(mutex.lock(), { name: 'child' });
  });
  assert.deepEqual(steps(reports[0]), [
    '"child" waits for lock of mutex "m", held by "coroutine"',
    '"coroutine" waits for the end of task "child", held by "child"',
  ]);
});

test('a scope that waits for such a child is, too', () => {
  const mutex = new Mutex({ name: 'm' });
  const reports = cycles(function* () {
    using _guard = yield* mutex.lock();
    yield* scope(() => {
      spawn(
        function* () {
          yield* sleep(5);
          using _mine = yield* mutex.lock();
        },
        { name: 'child' },
      );
      return sleep(0);
    });
  });
  assert.deepEqual(steps(reports[0]), [
    '"child" waits for lock of mutex "m", held by "coroutine"',
    '"coroutine" waits for the end of its child, held by "child"',
  ]);
});

test('so is a task group whose next result, or next slot, such a child is to bring', () => {
  for (const [what, wait] of [
    ['next result of a task group (1 running)', (group: TaskGroup<void>) => group.next()],
    ['slot of a task group of 1', (group: TaskGroup<void>) => group.spawn(sleep(1))],
  ] as const) {
    const mutex = new Mutex({ name: 'm' });
    const child = coroutine(function* () {
      yield* sleep(5);
      using _mine = yield* mutex.lock();
    });
    const reports = cycles(
      taskGroup(
        function* (group: TaskGroup<void>) {
          using _guard = yield* mutex.lock();
          yield* group.spawn(child(), { name: 'child' });
          yield* wait(group);
        },
        { limit: 1 },
      ),
    );
    assert.deepEqual(steps(reports[0]), [
      '"child" waits for lock of mutex "m", held by "scope"',
      `"scope" waits for ${what}, held by "child"`,
    ]);
  }
});

test('a cycle is found as well when the wait for a task closes it', () => {
  let mutex = new Mutex();
  const child = coroutine(function* () {
    using _mine = yield* mutex.lock();
  });
  const waits: Record<string, Body<[], unknown>> = {
    'the end of task "child"': function* () {
      const handle = spawn(child(), { name: 'child' });
      yield* sleep(1);
      yield* handle;
    },
    'the end of its child': () =>
      scope(function* (s) {
        s.spawn(child(), { name: 'child' });
        yield* sleep(1);
      }),
    'next result of a task group (1 running)': () =>
      taskGroup(function* (group: TaskGroup<void>) {
        yield* group.spawn(child(), { name: 'child' });
        yield* sleep(1);
        yield* group.next();
      }),
  };
  for (const [what, wait] of Object.entries(waits)) {
    mutex = new Mutex({ name: 'm' });
    const reports = cycles(function* () {
      using _guard = yield* mutex.lock();
      yield* start(wait);
    });
    assert.deepEqual(
      reports.map((report) => steps(report)),
      [[`"coroutine" waits for ${what}, held by "child"`, '"child" waits for lock of mutex "m", held by "coroutine"']],
    );
  }
});

test('tasks that wait for each other’s end need no lock to be a cycle', () => {
  const handles: { parent?: JoinHandle<unknown>; other?: JoinHandle<unknown> } = {};
  const each = coroutine(function* (which: 'parent' | 'other') {
    yield* yieldNow();
    yield* handles[which] as JoinHandle<unknown>;
  });
  const reports = cycles(function* () {
    handles.parent = spawn(each('other'), { name: 'a' });
    handles.other = spawn(each('parent'), { name: 'b' });
    yield* handles.parent;
  });
  assert.deepEqual(steps(reports[0]), [
    '"b" waits for the end of task "a", held by "a"',
    '"a" waits for the end of task "b", held by "b"',
  ]);
  const within = cycles(function* () {
    handles.parent = spawn(
      function* () {
        spawn(each('parent'), { name: 'child' });
        yield* sleep(5);
      },
      { name: 'parent' },
    );
    yield* handles.parent;
  });
  assert.deepEqual(steps(within[0]), [
    '"parent" waits for the end of its child, held by "child"',
    '"child" waits for the end of task "parent", held by "parent"',
  ]);
});

test('a task that waits for the slot that it has itself is a cycle', () => {
  const reports = cycles(
    taskGroup(
      function* (group: TaskGroup<unknown>) {
        yield* group.spawn(
          function* () {
            yield* group.spawn(sleep(1));
          },
          { name: 'outer' },
        );
        yield* group.next();
      },
      { limit: 1 },
    ),
  );
  assert.deepEqual(steps(reports[0]), ['"outer" waits for slot of a task group of 1, held by "outer"']);
});

test('a timeout around a wait hides nothing, and breaks the cycle; it is not reported again when it forms again', () => {
  const [a, b] = [new Mutex(), new Mutex()];
  const tryBoth = coroutine(function* (first: Mutex, second: Mutex, patience: number) {
    for (let i = 0; i < 3; i++) {
      using _first = yield* first.lock();
      yield* sleep(1);
      try {
        using _second = yield* timeout(patience, second.lock());
        return;
      } catch {
        // Once more.
      }
    }
  });
  const reports = cycles(join([tryBoth(a, b, 10), tryBoth(b, a, 10)]));
  assert.ok(reports.length >= 1 && reports.length <= 2);
});

test('a task that is in one cycle and then in another is reported for both', () => {
  const [a, b] = [new Mutex({ name: 'a' }), new Mutex({ name: 'b' })];
  const brief = coroutine(function* (first: Mutex, second: Mutex) {
    using _first = yield* first.lock();
    yield* yieldNow();
    try {
      using _second = yield* timeout(5, second.lock());
    } catch {
      // As meant: it lets go.
    }
  });
  const reports = cycles(function* () {
    const stays = spawn(
      function* () {
        using _first = yield* a.lock();
        for (let n = 0; n < 2; n++) {
          yield* sleep(2);
          using _second = yield* b.lock();
        }
      },
      { name: 'stays' },
    );
    for (const name of ['one', 'two']) {
      yield* spawn(brief(b, a), { name });
    }
    yield* stays;
  });
  assert.deepEqual(
    reports.map((report) => steps(report).length),
    [2, 2],
  );
});

test('branches of one task are told apart: one that waits for another’s lock is no cycle, both for each other’s are', () => {
  const [a, b] = [new Mutex({ name: 'a' }), new Mutex({ name: 'b' })];
  const hold = coroutine(function* () {
    using _guard = yield* a.lock();
    yield* sleep(5);
  });
  assert.deepEqual(cycles(join([hold(), both(a, b)])), []);
  assert.equal(cycles(join([both(a, b), both(b, a)])).length, 1);
});

test('what a branch has taken belongs to the task once the branch has ended', () => {
  const mutex = new Mutex();
  const reports = cycles(function* () {
    using _guard = yield* timeout(10, mutex.lock());
    using _again = yield* timeout(10, mutex.lock());
  });
  assert.equal(reports.length, 1);
});

test('a holder that can go on is no deadlock: it sleeps, waits for a message, or has another branch', () => {
  const [a, b] = [new Mutex(), new Mutex()];
  const [sender, receiver] = channel<number>(1);
  const holdWhile = (what: () => Future<unknown>): Future<void> =>
    coroutine(function* () {
      using _guard = yield* a.lock();
      yield* what();
    })();
  const reports = cycles(function* () {
    for (const what of [
      () => sleep(5),
      () => receiver.recv(),
      () => race([b.lock(), receiver.recv()]),
      () => join([receiver.recv(), sleep(1)]),
    ]) {
      spawn(function* () {
        using _guard = yield* b.lock();
        yield* yieldNow();
        yield* timeout(1000, a.lock());
      });
      const holder = spawn(holdWhile(what));
      yield* sleep(10);
      yield* sender.send(1);
      yield* holder;
      yield* sleep(1);
      assert.equal(a.waiting, 0);
    }
  });
  assert.deepEqual(reports, []);
});

test('who waits for a deadlock without being part of it is not reported', () => {
  const [a, b] = [new Mutex(), new Mutex()];
  const reports = cycles(function* () {
    spawn(both(a, b));
    spawn(both(b, a));
    yield* sleep(1);
    spawn(a.lock());
    yield* sleep(1);
  });
  assert.equal(reports.length, 1);
});

test('a reader that asks again behind a waiting writer waits for itself; two readers who both want to write wait for each other', () => {
  const lock = new RwLock({ name: 'l' });
  const again = cycles(function* () {
    using _guard = yield* lock.read();
    spawn(lock.write(), { name: 'writer' });
    yield* yieldNow();
    using _second = yield* lock.read();
  });
  assert.equal(again.length, 1);
  const other = new RwLock({ name: 'l' });
  const upgrade = coroutine(function* () {
    using _read = yield* other.read();
    yield* yieldNow();
    using _write = yield* other.write();
  });
  assert.ok(cycles(join([upgrade(), upgrade()])).length >= 1);
});

test('semaphores as locks are seen; permits that may have been handed to a spawned task are not', () => {
  const [a, b] = [new Semaphore(1, { name: 'a' }), new Semaphore(1, { name: 'b' })];
  const take = coroutine(function* (first: Semaphore, second: Semaphore) {
    using _first = yield* first.acquire();
    yield* yieldNow();
    using _second = yield* second.acquire();
  });
  const reports = cycles(function* () {
    spawn(take(a, b), { name: 'one' });
    spawn(take(b, a), { name: 'two' });
    yield* sleep(1);
  });
  assert.deepEqual(steps(reports[0]), [
    '"two" waits for 1 permit of semaphore "a", held by "one"',
    '"one" waits for 1 permit of semaphore "b", held by "two"',
  ]);
  const limit = new Semaphore(2);
  for (const start of [spawn, spawnDetached]) {
    const accepting = cycles(function* () {
      for (let i = 0; i < 5; i++) {
        const permit = yield* limit.acquire();
        start(function* () {
          using _permit = permit;
          yield* sleep(1);
        });
      }
      yield* sleep(5);
    });
    assert.deepEqual(accepting, []);
  }
});

test('a circle through a permit that was handed to a child is no deadlock', () => {
  for (const start of [spawn, spawnDetached]) {
    const [a, b] = [new Semaphore(1), new Mutex()];
    const giver = coroutine(function* () {
      const permit = yield* a.acquire();
      start(function* () {
        using _permit = permit;
        yield* sleep(5);
      });
      yield* sleep(1);
      using _guard = yield* b.lock();
    });
    const other = coroutine(function* () {
      using _guard = yield* b.lock();
      using _permit = yield* a.acquire();
    });
    const reports = cycles(function* () {
      spawn(giver());
      yield* yieldNow();
      spawn(other());
      yield* sleep(20);
    });
    assert.deepEqual(reports, []);
  }
});

test('permits that another branch of the task gives back are no deadlock', () => {
  const limit = new Semaphore(1);
  const permits: Disposable[] = [];
  const take = coroutine(function* () {
    for (let i = 0; i < 3; i++) permits.push(yield* limit.acquire());
  });
  const giveBack = coroutine(function* () {
    for (let i = 0; i < 3; i++) {
      yield* sleep(1);
      permits.pop()?.[Symbol.dispose]();
    }
  });
  assert.deepEqual(cycles(join([take(), giveBack()])), []);
  assert.equal(limit.available, 1);
});

test('an initialiser that asks its own cell waits for itself', () => {
  const cell = new OnceCell<number>({ name: 'config' });
  const reports = cycles(
    cell.getOrInit(
      coroutine(function* () {
        return yield* cell.getOrInit(() => sleep(1) as Future<unknown> as Future<number>);
      }),
    ),
  );
  assert.match(steps(reports[0])[0] ?? '', /lock of mutex "cell \\"config\\""/);
});

test('a lock that a future has been granted and that nobody polls any more is named in the dump, with its holder', () => {
  const mutex = new Mutex({ name: 'users' });
  const { run } = world();
  let dump = '';
  run(function* () {
    const guard = yield* mutex.lock();
    let runtime: Runtime | undefined;
    const sleeper = spawn(
      function* () {
        // Polled once by hand and forgotten: the lock is handed over to it.
        const forgotten = mutex.lock();
        yield* new PollOnce(forgotten, (found) => (runtime = found));
        yield* sleep(100);
        forgotten.cancel(undefined as never);
      },
      { name: 'sleeper' },
    );
    yield* yieldNow();
    yield* yieldNow();
    guard.release();
    const waiter = spawn(mutex.lock(), { name: 'waiter' });
    yield* yieldNow();
    dump = runtime?.dump() ?? '';
    yield* sleeper;
    (yield* waiter).release();
  });
  assert.match(dump, /waits for lock of mutex "users", held by #\d+ sleeper/);
});

/** Polls a future once by hand, as careless code does. */
class PollOnce extends Future<void> {
  private readonly future: Future<unknown>;
  private readonly found: (runtime: Runtime) => void;

  constructor(future: Future<unknown>, found: (runtime: Runtime) => void) {
    super();
    this.future = future;
    this.found = found;
  }

  override poll(cx: Context): Poll<void> {
    this.found(cx.runtime as Runtime);
    void this.future.poll(cx);
    return undefined;
  }
}

test('a task that ends while it holds a lock is reported, one that gives the guard as its value is not', () => {
  const [kept, given] = [new Mutex({ name: 'kept' }), new Mutex({ name: 'given' })];
  const lock = new RwLock({ name: 'shared' });
  const { run, reports } = world();
  run(
    function* () {
      yield* spawn(
        function* () {
          yield* kept.lock();
          yield* lock.read();
          using _released = yield* given.lock();
        },
        { name: 'careless' },
      );
      using _guard = yield* spawn(given.lock());
    },
    { mode: 'development' },
  );
  const held = reports
    .filter(({ code }) => code === 'HELD_AT_END')
    .map(({ message }) => message.replace(/ \(.*?\)/, ''));
  assert.deepEqual(held, [
    'task "careless" ended while it held mutex "kept": nobody else can have it',
    'task "careless" ended while it held read lock "shared": nobody else can have it',
  ]);
});
