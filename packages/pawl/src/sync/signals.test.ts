/** The laws of what carries no message: notify, barrier, once cell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HandContext } from '../../test/support/gate.ts';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, type Future, join, PENDING, race, sleep, spawn, yieldNow } from '../index.ts';
import { Barrier, Notify, OnceCell } from './index.ts';

test('notify: one is stored, several that nobody takes count as one', () => {
  const notify = new Notify();
  notify.notifyOne();
  notify.notifyOne();
  play(function* () {
    yield* notify.notified();
    const outcome = yield* race([notify.notified(), late()]);
    assert.equal(outcome, 'late');
  });
});

const late = coroutine(function* () {
  yield* sleep(1);
  return 'late';
});

test('notify: notifyOne wakes the one who has waited longest, notifyAll all who wait and nobody later', () => {
  const notify = new Notify();
  const woken: number[] = [];
  const wait = coroutine(function* (id: number) {
    yield* notify.notified();
    woken.push(id);
  });
  play(function* () {
    for (const id of [1, 2, 3]) spawn(wait(id));
    yield* yieldNow();
    notify.notifyOne();
    yield* yieldNow();
    assert.deepEqual(woken, [1]);
    notify.notifyAll();
    spawn(wait(4), { daemon: true });
    yield* yieldNow();
    yield* yieldNow();
    assert.deepEqual(woken, [1, 2, 3]);
    assert.equal(notify.waiting, 1);
  });
});

test('notify: a notification is passed on by a waiter that is cancelled before its poll', () => {
  const notify = new Notify();
  play(function* () {
    const first = spawn(notify.notified());
    const second = spawn(notify.notified());
    yield* yieldNow();
    notify.notifyOne();
    first.abort();
    yield* second;
    const alone = spawn(notify.notified());
    yield* yieldNow();
    notify.notifyOne();
    alone.abort();
    yield* yieldNow();
    yield* notify.notified();
    const both = spawn(notify.notified());
    yield* yieldNow();
    notify.notifyAll();
    both.abort();
    yield* yieldNow();
    assert.equal(yield* race([notify.notified(), late()]), 'late');
  });
});

test('notify: wherever it is cancelled, no notification is lost', () => {
  cancelEach(() => {
    const notify = new Notify();
    let [sent, received] = [0, 0];
    const wait = coroutine(function* () {
      yield* yieldNow();
      yield* notify.notified();
      received++;
    });
    return {
      tasks: [
        wait(),
        wait(),
        wait(),
        coroutine(function* () {
          // One at a time, until all who are there have been served.
          try {
            for (let i = 0; i < 6; i++) {
              yield* sleep(1);
              if (notify.waiting === 0) continue;
              notify.notifyOne();
              sent++;
            }
          } finally {
            for (; notify.waiting > 0; sent++) notify.notifyOne();
            yield* sleep(1);
            for (; notify.waiting > 0; sent++) notify.notifyOne();
          }
        })(),
      ],
      check: () => {
        assert.equal(received + (notify.stored ? 1 : 0), sent);
        assert.equal(notify.waiting, 0);
      },
    };
  });
});

/** What a notify is to do, in plain data: who waits, who has been told and by what. */
class Model {
  stored = false;
  readonly waiting: number[] = [];
  readonly told = new Map<number, 'one' | 'all'>();
  readonly done = new Set<number>();

  wait(id: number): void {
    if (!this.stored) this.waiting.push(id);
    else {
      this.stored = false;
      this.done.add(id);
    }
  }

  one(): void {
    const id = this.waiting.shift();
    if (id === undefined) this.stored = true;
    else this.told.set(id, 'one');
  }

  all(): void {
    for (const id of this.waiting.splice(0)) this.told.set(id, 'all');
  }

  poll(id: number): void {
    if (this.told.delete(id)) this.done.add(id);
  }

  cancel(id: number): void {
    const by = this.told.get(id);
    this.told.delete(id);
    const at = this.waiting.indexOf(id);
    if (at >= 0) this.waiting.splice(at, 1);
    if (by === 'one') this.one();
  }
}

/** A context that is never out of budget. */
class Funded extends HandContext {
  override readonly runtime = { budget: Infinity };
}

test('notify: no wake-up is lost and none comes twice, whatever is notified, polled and cancelled in whatever order', () => {
  const step = fc.record({ what: fc.constantFrom('wait', 'one', 'all', 'poll', 'cancel'), whom: fc.nat(7) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const notify = new Notify();
      const model = new Model();
      const futures: { readonly future: Future<void>; readonly cx: Funded; over: boolean }[] = [];
      const done = new Set<number>();
      const poll = (id: number): void => {
        const one = futures[id];
        if (one === undefined || one.over || one.future.poll(one.cx) === PENDING) return;
        one.over = true;
        done.add(id);
      };
      for (const { what, whom } of steps) {
        const id = futures.length === 0 ? 0 : whom % futures.length;
        const one = futures[id];
        if (what === 'wait') {
          model.wait(futures.push({ future: notify.notified(), cx: new Funded(), over: false }) - 1);
          poll(futures.length - 1);
        } else if (what === 'one') {
          notify.notifyOne();
          model.one();
        } else if (what === 'all') {
          notify.notifyAll();
          model.all();
        } else if (what === 'poll') {
          poll(id);
          model.poll(id);
        } else if (one !== undefined && !one.over) {
          one.over = true;
          one.future.cancel(one.cx);
          model.cancel(id);
        }
        assert.deepEqual([notify.stored, notify.waiting], [model.stored, model.waiting.length]);
        // Whoever has been told has been woken.
        for (const told of model.told.keys()) assert.ok((futures[told]?.cx.wakes ?? 0) > 0);
      }
      assert.deepEqual(done, model.done);
    }),
  );
});

test('barrier: as many as its size go on together, one of them leads', () => {
  const barrier = new Barrier(3);
  const step = coroutine(function* (ms: number) {
    yield* sleep(ms);
    return yield* barrier.wait();
  });
  assert.deepEqual(play(join([step(1), step(3), step(2)])), [false, true, false]);
  assert.deepEqual(play(join([step(3), step(1), step(2)])), [true, false, false]);
  assert.deepEqual(play(new Barrier(1).wait()), true);
  assert.equal(
    codeOf(() => new Barrier(0)),
    'BAD_ARGUMENT',
  );
});

test('barrier: one that is cancelled has not arrived', () => {
  const barrier = new Barrier(2);
  play(function* () {
    const gone = spawn(barrier.wait());
    yield* yieldNow();
    gone.abort();
    yield* yieldNow();
    assert.equal(barrier.waiting, 0);
    assert.deepEqual(yield* join([barrier.wait(), barrier.wait()]), [false, true]);
  });
});

test('barrier: whole generations with one leader each, in any order of the ready tasks', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), (seed, size, rounds) => {
      const { driver, run } = world();
      driver.pick = dice(seed);
      const barrier = new Barrier(size);
      let leaders = 0;
      const steps = Array.from({ length: size }, () => 0);
      run(
        join(
          steps.map((_, id) =>
            coroutine(function* () {
              for (let round = 0; round < rounds; round++) {
                steps[id] = round;
                if (yield* barrier.wait()) leaders++;
                assert.ok(Math.min(...steps) >= round);
                yield* barrier.wait();
                yield* yieldNow();
              }
            })(),
          ),
        ),
      );
      assert.equal(leaders, rounds);
    }),
  );
});

test('once cell: one initialiser runs, and everybody gets its value', () => {
  const cell = new OnceCell<number>();
  let runs = 0;
  const make = coroutine(function* () {
    runs++;
    yield* sleep(1);
    return 7;
  });
  assert.deepEqual(play(join([cell.getOrInit(make), cell.getOrInit(make), cell.getOrInit(make)])), [7, 7, 7]);
  assert.equal(play(cell.getOrInit(make)), 7);
  assert.equal(runs, 1);
  assert.equal(cell.get(), 7);
});

test('once cell: after one that fails or is cancelled the next who waits tries his own', () => {
  const cell = new OnceCell<string>();
  const wait = coroutine(function* (value: string) {
    yield* sleep(5);
    return value;
  });
  play(function* () {
    const cancelled = spawn(cell.getOrInit(() => wait('first')));
    const failing = spawn(function* () {
      try {
        yield* cell.getOrInit(
          coroutine(function* () {
            yield* sleep(1);
            throw new Error('expected');
          }),
        );
      } catch (error) {
        return (error as Error).message;
      }
      return 'no error';
    });
    const third = spawn(cell.getOrInit(() => wait('third')));
    yield* sleep(1);
    assert.equal(
      codeOf(() => cell.set('meanwhile')),
      'BUSY',
    );
    cancelled.abort();
    assert.equal(yield* failing, 'expected');
    assert.equal(cell.filled, false);
    assert.equal(yield* third, 'third');
  });
});

test('once cell: set fills it once', () => {
  const cell = new OnceCell<number | undefined>({ name: 'port' });
  assert.equal(cell.filled, false);
  cell.set(undefined);
  assert.equal(cell.filled, true);
  assert.throws(() => cell.set(2), { code: 'ALREADY_COMPLETED', message: /cell "port"/ });
  assert.equal(play(cell.getOrInit(() => assert.fail('it has a value'))), undefined);
});

test('once cell: wherever it is cancelled, the next initialiser gets its turn', () => {
  cancelEach(() => {
    const cell = new OnceCell<number>();
    const make = coroutine(function* (n: number) {
      yield* sleep(1);
      yield* yieldNow();
      return n;
    });
    return {
      tasks: [1, 2, 3].map((n) => cell.getOrInit(() => make(n))),
      after: cell.getOrInit(() => make(4)),
      check: (aborted) => {
        assert.ok(cell.filled);
        if (aborted === null) assert.ok((cell.get() ?? 9) <= 3);
      },
    };
  });
});

test('a failing initialiser throws its own error to its own caller only', () => {
  const cell = new OnceCell<number>();
  const error = failure(
    cell.getOrInit(() => {
      throw new Error('expected');
    }),
  );
  assert.equal((error as Error).message, 'expected');
});
