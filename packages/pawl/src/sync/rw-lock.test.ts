import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { play, world } from '../../test/support/world.ts';
import { coroutine, join, sleep, spawn, timeout, yieldNow, type JoinHandle } from '../index.ts';
import { RwLock } from './index.ts';

/** Watches who is inside. */
class Room {
  readonly lock: RwLock = new RwLock();
  readers = 0;
  writers = 0;
  mostReaders = 0;

  readonly read = coroutine(function* (this: Room, ms: number) {
    using _guard = yield* this.lock.read();
    this.readers++;
    this.mostReaders = Math.max(this.mostReaders, this.readers);
    try {
      assert.equal(this.writers, 0);
      yield* sleep(ms);
      assert.equal(this.writers, 0);
    } finally {
      this.readers--;
    }
  });

  readonly write = coroutine(function* (this: Room, ms: number) {
    using _guard = yield* this.lock.write();
    this.writers++;
    try {
      assert.equal(this.writers + this.readers, 1);
      yield* sleep(ms);
      assert.equal(this.writers + this.readers, 1);
    } finally {
      this.writers--;
    }
  });

  readonly checkEmpty = (): void => {
    const { readers, writing, waiting } = this.lock;
    assert.deepEqual({ readers, writing, waiting }, { readers: 0, writing: false, waiting: 0 });
  };
}

test('readers share, a writer is alone', () => {
  const room = new Room();
  play(join([room.read(2), room.read(2), room.write(1), room.read(1), room.read(1), room.read(1)]));
  assert.equal(room.mostReaders, 3);
  room.checkEmpty();
});

test('a reader that comes after a waiting writer waits behind it', () => {
  const { lock } = new Room();
  const order: string[] = [];
  play(function* () {
    const first = yield* lock.read();
    const writer = spawn(function* () {
      using _guard = yield* lock.write();
      order.push('writer');
    });
    yield* yieldNow();
    assert.equal(lock.tryRead(), null);
    const late = spawn(function* () {
      using _guard = yield* lock.read();
      order.push('late reader');
    });
    yield* yieldNow();
    first.release();
    first.release();
    yield* join([writer, late]);
  });
  assert.deepEqual(order, ['writer', 'late reader']);
});

test('when a waiting writer leaves, the readers behind it go in', () => {
  const { lock } = new Room();
  play(function* () {
    using _first = yield* lock.read();
    const writer = spawn(lock.write());
    const reader = spawn(lock.read());
    yield* yieldNow();
    writer.abort();
    yield* reader;
    assert.equal(lock.readers, 2);
  });
});

test('a writer that goes on as a reader lets waiting readers in, and no writer', () => {
  const { lock } = new Room();
  play(function* () {
    const guard = yield* lock.write();
    const reader = spawn(lock.read());
    const writer = spawn(lock.write());
    yield* yieldNow();
    using mine = guard.downgrade();
    assert.equal(guard.downgrade(), null);
    guard.release();
    using _other = yield* reader;
    assert.equal(lock.readers, 2);
    assert.notEqual(mine, null);
    writer.abort();
  });
  assert.equal(lock.readers, 0);
});

test('tryRead and tryWrite never wait', () => {
  const { lock } = new Room();
  const writer = lock.tryWrite();
  assert.equal(lock.tryRead(), null);
  writer?.release();
  const reader = lock.tryRead();
  assert.equal(lock.tryWrite(), null);
  assert.notEqual(lock.tryRead(), null);
  reader?.release();
  assert.equal(lock.readers, 1);
});

test('wherever it is cancelled, the lock is free afterwards', () => {
  cancelEach(() => {
    const room = new Room();
    return {
      tasks: [
        room.read(1),
        room.write(1),
        timeout(2, room.write(1)),
        join([room.read(1), room.read(2)]),
        room.write(0),
        room.read(1),
      ],
      after: room.write(0),
      check: room.checkEmpty,
    };
  });
});

test('nobody starves and no writer meets anybody, in any order of the ready tasks', () => {
  const visitor = fc.record({
    writes: fc.boolean(),
    delay: fc.nat(4),
    hold: fc.nat(3),
    abortAt: fc.option(fc.nat(10)),
  });
  fc.assert(
    fc.property(fc.integer(), fc.array(visitor, { minLength: 1, maxLength: 12 }), (seed, visitors) => {
      const { driver, run } = world();
      driver.pick = dice(seed);
      const room = new Room();
      let done = 0;
      run(function* () {
        const handles: JoinHandle<void>[] = visitors.map(({ writes, delay, hold }) =>
          spawn(function* () {
            yield* sleep(delay);
            yield* writes ? room.write(hold) : room.read(hold);
            done++;
          }),
        );
        for (let now = 0; now <= 10; now++) {
          for (const [id, { abortAt }] of visitors.entries()) if (abortAt === now) handles[id]?.abort();
          yield* sleep(1);
        }
      });
      assert.ok(done >= visitors.filter(({ abortAt }) => abortAt === null).length);
      room.checkEmpty();
    }),
  );
});
