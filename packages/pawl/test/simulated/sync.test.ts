/** Channels, locks and signals in simulated worlds: in whatever order tasks run, and wherever they are aborted. */
import assert from 'node:assert/strict';
import {
  channel,
  CLOSED,
  coroutine,
  type JoinHandle,
  Mutex,
  type Receiver,
  Semaphore,
  type Sender,
  sleep,
  spawn,
  timeout,
} from 'pawl';
import { Barrier, broadcast, CancellationToken, Lagged, Notify, OnceCell, oneshot, RwLock, watch } from 'pawl/sync';
import type { World } from 'pawl/testing';
import { disturbed, inWorlds, pause, untilEnded } from '../support/in-worlds.ts';

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

inWorlds('a mutex has one holder at a time, in the order of asking', function* (world) {
  const mutex = new Mutex();
  const asked: number[] = [];
  const got: number[] = [];
  let inside = 0;
  world.always('one holder', () => inside <= 1);
  const visit = coroutine(function* (id: number) {
    yield* pause(world);
    asked.push(id);
    using _guard = yield* mutex.lock();
    got.push(id);
    inside++;
    try {
      yield* pause(world);
      yield* pause(world);
    } finally {
      inside--;
    }
  });
  yield* disturbed(world, many(6, visit));
  assert.deepEqual(
    got,
    asked.filter((id) => got.includes(id)),
  );
  assert.deepEqual([mutex.locked, mutex.waiting], [false, 0]);
});

inWorlds('permits of a semaphore are conserved, and never more are held than there are', function* (world) {
  const permits = 3;
  const semaphore = new Semaphore(permits);
  let held = 0;
  world.always('no more permits than there are', () => held <= permits);
  const use = coroutine(function* (id: number) {
    const count = 1 + (id % permits);
    yield* pause(world);
    for (let round = 0; round < 2; round++) {
      using _permit = yield* semaphore.acquire(count);
      held += count;
      try {
        yield* pause(world);
      } finally {
        held -= count;
      }
    }
  });
  yield* disturbed(world, many(7, use));
  assert.deepEqual([semaphore.available, semaphore.waiting, held], [permits, 0, 0]);
});

inWorlds('a lock has readers, or one writer', function* (world) {
  const lock = new RwLock();
  let readers = 0;
  let writers = 0;
  world.always('readers, or one writer', () => writers === 0 || (writers === 1 && readers === 0));
  const read = coroutine(function* () {
    yield* pause(world);
    using _guard = yield* lock.read();
    readers++;
    try {
      yield* pause(world);
    } finally {
      readers--;
    }
  });
  const write = coroutine(function* () {
    yield* pause(world);
    using guard = yield* lock.write();
    writers++;
    try {
      yield* pause(world);
    } finally {
      writers--;
    }
    using _guard = guard.downgrade();
    readers++;
    try {
      yield* pause(world);
    } finally {
      readers--;
    }
  });
  yield* disturbed(
    world,
    many(8, (i) => (i % 3 === 0 ? write() : read())),
  );
  assert.deepEqual([readers, writers], [0, 0]);
  using _free = yield* lock.write();
});

/** Sends some messages, and notes each that was sent. */
const produce = coroutine(function* (world: World, sender: Sender<string>, name: string, sent: string[]) {
  for (let i = 0; i < 6; i++) {
    const message = `${name}${i}`;
    if (world.chance(0.3)) {
      using permit = yield* sender.reserve();
      yield* pause(world);
      if (world.chance(0.8)) {
        permit.send(message);
        sent.push(message);
      }
    } else {
      yield* sender.send(message);
      sent.push(message);
    }
    if (world.chance(0.5)) yield* pause(world);
  }
});

inWorlds(
  'one receiver, whose waits time out, gets every message once, those of each sender in order',
  function* (world) {
    const [sender, receiver] = channel<string>(1 + world.choose(3));
    const sent: string[] = [];
    const producing = spawn(function* () {
      // Whoever is aborted before his first poll closes nothing.
      using _closes = sender;
      yield* disturbed(
        world,
        ['a', 'b', 'c'].map((name) => produce(world, sender, name, sent)),
      );
    });
    const seen: string[] = [];
    for (;;) {
      let message: string | typeof CLOSED = '';
      const ended = yield* untilEnded(
        timeout(
          1 + world.choose(3),
          coroutine(function* () {
            message = yield* receiver.recv();
          })(),
        ),
      );
      if (!ended) continue;
      if ((message as unknown) === CLOSED) break;
      seen.push(message);
      if (world.chance(0.3)) yield* pause(world);
    }
    yield* producing;
    assert.deepEqual(seen.toSorted(), sent.toSorted());
    for (const name of 'abc') {
      const own = seen.filter((message) => message.startsWith(name));
      assert.deepEqual(own, own.toSorted());
    }
  },
);

inWorlds(
  'however receivers and senders of a channel are aborted, each message that was sent is received once',
  function* (world) {
    const capacity = 1 + world.choose(3);
    const [sender, receiver] = channel<string>(capacity);
    const sent: string[] = [];
    const seen: string[] = [];
    const receivers = 3;
    // What was handed to a receiver that is cancelled goes back although the queue is full.
    world.always('memory is bounded', () => receiver.length <= capacity + receivers);
    const consume = coroutine(function* (from: Receiver<string>) {
      using _closes = from;
      for (;;) {
        const message = yield* from.recv();
        if (message === CLOSED) return;
        seen.push(message);
        if (world.chance(0.5)) yield* pause(world);
      }
    });
    const producing = spawn(
      disturbed(
        world,
        ['a', 'b', 'c'].map((name) => produce(world, sender, name, sent)),
      ),
    );
    const consuming = spawn(
      disturbed(
        world,
        many(receivers, () => consume(receiver.clone())),
      ),
    );
    for (let i = 0; i < 50; i++) {
      yield* sleep(5);
      const late = receiver.tryRecv();
      if (typeof late === 'string') seen.push(late);
    }
    receiver.close();
    yield* untilEnded(producing.finished ? sleep(0) : sleep(100));
    for (let rest = receiver.tryRecv(); typeof rest === 'string'; rest = receiver.tryRecv()) seen.push(rest);
    yield* consuming;
    yield* producing;
    assert.deepEqual(seen.toSorted(), sent.toSorted());
  },
);

inWorlds('a broadcast is seen whole by each receiver, but for what it is told to have missed', function* (world) {
  const [sender, first] = broadcast<number>(4);
  const messages = 12;
  const listen = coroutine(function* (receiver: typeof first) {
    using _closes = receiver;
    let next = 0;
    for (;;) {
      const message = yield* receiver.recv();
      if (message === CLOSED) break;
      if (message instanceof Lagged) next += message.missed;
      else assert.equal(message, next++);
      if (world.chance(0.5)) yield* pause(world);
    }
    assert.equal(next, messages);
  });
  const listening = spawn(disturbed(world, [listen(first.clone()), listen(first.clone()), listen(first)]));
  for (let i = 0; i < messages; i++) {
    if (world.chance(0.5)) yield* pause(world);
    sender.send(i);
  }
  sender.close();
  yield* listening;
});

inWorlds('a watched value never goes back, and its last one is seen by all', function* (world) {
  const [sender, first] = watch(0);
  const follow = coroutine(function* () {
    const receiver = first.clone();
    let last = 0;
    for (let value = yield* receiver.changed(); value !== CLOSED; value = yield* receiver.changed()) {
      assert.ok(value > last, `${value} after ${last}`);
      last = value;
      if (world.chance(0.5)) yield* pause(world);
    }
    assert.equal(last, 10);
  });
  const following = spawn(disturbed(world, many(4, follow)));
  for (let i = 1; i <= 10; i++) {
    yield* pause(world);
    sender.send(i);
  }
  // Whoever subscribes only now has seen nothing.
  yield* sleep(100);
  sender.close();
  yield* following;
});

inWorlds('a notification of one wakes one, and is never lost', function* (world) {
  const notify = new Notify();
  const queue: number[] = [];
  let taken = 0;
  const take = coroutine(function* () {
    for (;;) {
      while (queue.length === 0) yield* notify.notified();
      queue.shift();
      taken++;
      // Several notifications that nobody took count as one: whoever leaves something tells the next.
      if (queue.length > 0) notify.notifyOne();
      if (world.chance(0.5)) yield* pause(world);
    }
  });
  const last = spawn(take());
  const others = spawn(disturbed(world, [take(), take(), take()], 1));
  for (let i = 0; i < 8; i++) {
    yield* pause(world);
    queue.push(i);
    notify.notifyOne();
  }
  yield* others;
  yield* sleep(100);
  assert.deepEqual([taken, queue.length], [8, 0]);
  last.abort();
  assert.equal(yield* untilEnded(last), false);
});

inWorlds('a barrier lets whole generations through, each with one leader, whoever leaves it', function* (world) {
  const size = 3;
  const barrier = new Barrier(size);
  let leaders = 0;
  let through = 0;
  world.always('never more than whole generations', () => through <= leaders * size && barrier.waiting < size);
  const meet = coroutine(function* () {
    yield* pause(world);
    // What the leader counts is seen by nobody before it has been polled.
    if (yield* barrier.wait()) leaders++;
    through++;
  });
  const meeting = spawn(
    disturbed(
      world,
      many(10, () => meet()),
    ),
  );
  // Others come until nobody waits who was not aborted.
  const others: JoinHandle<void>[] = [];
  while (!meeting.finished) {
    yield* sleep(50);
    if (barrier.waiting > 0) others.push(spawn(meet()));
  }
  yield* meeting;
  for (const other of others) other.abort();
  for (const other of others) yield* untilEnded(other);
  assert.equal(barrier.waiting, 0);
});

inWorlds('a cell is made once, by the first that is not cancelled', function* (world) {
  const cell = new OnceCell<number>();
  let made = 0;
  const use = coroutine(function* () {
    yield* pause(world);
    const value = yield* cell.getOrInit(function* () {
      yield* pause(world);
      return ++made;
    });
    assert.equal(value, 1);
  });
  const ended = yield* disturbed(world, many(5, use), 0.5);
  assert.equal(cell.get(), made === 1 ? 1 : undefined);
  assert.ok(made === 1 || !ended.includes(true));
});

inWorlds('a single message is received, or its sender learns that nobody wants it', function* (world) {
  const [sender, receiver] = oneshot<number>();
  let got: number | null = null;
  const sending = spawn(function* () {
    yield* pause(world);
    return sender.send(1);
  });
  yield* disturbed(world, [
    coroutine(function* () {
      yield* pause(world);
      got = yield* receiver.recv();
    })(),
  ]);
  // A wait that was cancelled has taken nothing.
  if (got === null && world.chance(0.5)) got = yield* receiver.recv();
  receiver.close();
  const sent = yield* sending;
  assert.ok(got === null || sent);
});

inWorlds('a token that is cancelled stops all that runs under it and its children', function* (world) {
  using token = new CancellationToken();
  const children = many(3, () => token.child());
  let running = 0;
  const work = coroutine(function* () {
    running++;
    try {
      yield* sleep(10_000);
    } finally {
      if (world.chance(0.5)) yield* pause(world);
      running--;
    }
  });
  const working = spawn(
    disturbed(
      world,
      children.flatMap((child) => [child.run(work()), child.run(work())]),
    ),
  );
  yield* pause(world);
  yield* pause(world);
  token.cancel('enough');
  assert.ok(!(yield* working).includes(true));
  assert.equal(running, 0);
  assert.ok(children.every((child) => child.isCancelled));
  for (const child of children) child[Symbol.dispose]();
});
