import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach, dice } from '../../test/support/cancel-each.ts';
import { codeOf, failure, play, world } from '../../test/support/world.ts';
import { coroutine, join, race, run, sleep, spawn, supervise, timeout, yieldNow, type JoinHandle } from '../index.ts';
import { channel, CLOSED, EMPTY, type Receiver, type Sender, unboundedChannel } from './index.ts';

const code = (error: unknown): unknown => (error as { code?: unknown }).code;

const sendAll = coroutine(function* (sender: Sender<number>, values: readonly number[]) {
  using _closes = sender;
  for (const value of values) yield* sender.send(value);
});

const collect = coroutine(function* (receiver: Receiver<number>) {
  const seen: number[] = [];
  yield* receiver.forEach((n) => void seen.push(n));
  return seen;
});

test('messages of one sender are received in order, and the loop ends with the last sender', () => {
  const numbers = Array.from({ length: 1000 }, (_, i) => i);
  const seen = play(function* () {
    const [sender, receiver] = channel<number>(3);
    spawn(sendAll(sender, numbers));
    return yield* collect(receiver);
  });
  assert.deepEqual(seen, numbers);
});

test('a sender waits while the channel is full', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(2);
    let sent = 0;
    spawn(function* () {
      for (; sent < 5; sent++) yield* sender.send(sent);
    });
    for (const expected of [2, 3, 4, 5]) {
      yield* yieldNow();
      yield* yieldNow();
      assert.equal(sent, expected);
      yield* receiver.recv();
      yield* yieldNow();
    }
  });
});

test('trySend and tryRecv never wait', () => {
  const [sender, receiver] = channel<number>(1);
  assert.equal(receiver.tryRecv(), EMPTY);
  assert.equal(sender.trySend(1), true);
  assert.equal(sender.trySend(2), false);
  assert.equal(receiver.tryRecv(), 1);
  sender.close();
  assert.equal(receiver.tryRecv(), CLOSED);
});

test('a value of any kind is a message, undefined too', () => {
  const [sender, receiver] = channel<undefined | null>(4);
  sender.trySend(undefined);
  sender.trySend(null);
  sender.close();
  play(function* () {
    assert.equal(yield* receiver.recv(), undefined);
    assert.equal(yield* receiver.recv(), null);
    assert.equal(yield* receiver.recv(), CLOSED);
    assert.equal(yield* receiver.recv(), CLOSED);
  });
});

test('the channel ends when the last clone is closed, each of them once', () => {
  const [sender, receiver] = channel<number>(4);
  const clone = sender.clone();
  sender.close();
  sender.close();
  assert.equal(receiver.tryRecv(), EMPTY);
  clone.trySend(1);
  clone[Symbol.dispose]();
  assert.equal(receiver.tryRecv(), 1);
  assert.equal(receiver.tryRecv(), CLOSED);
  assert.equal(
    codeOf(() => sender.trySend(2)),
    'CLOSED',
  );
  assert.equal(
    codeOf(() => sender.clone()),
    'CLOSED',
  );
});

test('a closed receiver drains what was sent; sending throws CLOSED, also to those who wait', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(1);
    yield* sender.send(1);
    const waiting = spawn(function* () {
      try {
        yield* sender.send(2);
      } catch (error) {
        return code(error);
      }
      return 'sent';
    });
    yield* yieldNow();
    receiver.close();
    assert.equal(yield* waiting, 'CLOSED');
    assert.equal(sender.closed, true);
    assert.equal(
      codeOf(() => sender.trySend(3)),
      'CLOSED',
    );
    assert.equal(yield* receiver.recv(), 1);
    assert.equal(yield* receiver.recv(), CLOSED);
  });
});

test('a permit sends after the receiver was closed, and the end waits for it', () => {
  play(function* () {
    const [sender, receiver] = channel<string>(2);
    const permit = yield* sender.reserve();
    const spare = yield* sender.reserve();
    assert.equal(sender.tryReserve(), null);
    receiver.close();
    assert.equal(receiver.tryRecv(), EMPTY);
    permit.send('late');
    assert.equal(yield* receiver.recv(), 'late');
    assert.equal(receiver.tryRecv(), EMPTY);
    const last = spawn(receiver.recv());
    yield* yieldNow();
    spare[Symbol.dispose]();
    assert.equal(yield* last, CLOSED);
    assert.equal(
      codeOf(() => permit.send('again')),
      'ALREADY_COMPLETED',
    );
  });
});

test('a permit that is disposed of gives its place to the next sender', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(1);
    const permit = yield* sender.reserve();
    const waiting = spawn(sender.send(1));
    yield* yieldNow();
    assert.equal(receiver.tryRecv(), EMPTY);
    permit.release();
    permit.release();
    yield* waiting;
    assert.equal(receiver.tryRecv(), 1);
    assert.equal(sender.used, 0);
  });
});

test('a disposed receiver drops what is left, and a permit then throws CLOSED', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(3);
    yield* sender.send(1);
    const permit = yield* sender.reserve();
    receiver[Symbol.dispose]();
    receiver[Symbol.dispose]();
    assert.equal(
      codeOf(() => permit.send(2)),
      'CLOSED',
    );
    assert.equal(sender.used, 0);
  });
});

test('a receiver that was disposed of receives nothing', () => {
  const error = failure(function* () {
    const [, receiver] = channel<number>(1);
    receiver[Symbol.dispose]();
    yield* receiver.recv();
  });
  assert.equal(code(error), 'CLOSED');
});

test('a recv that waits when its receiver is disposed of throws CLOSED, and the message goes to a clone', () => {
  const codes = play(function* () {
    const [sender, receiver] = channel<number>(1);
    const clone = receiver.clone();
    const thrown: unknown[] = [];
    yield* supervise(
      function* (s) {
        s.spawn(receiver.recv());
        yield* yieldNow();
        receiver[Symbol.dispose]();
        sender.trySend(7);
        assert.equal(clone.tryRecv(), 7);
        // The last one, while a place is reserved.
        const permit = sender.tryReserve();
        s.spawn(clone.recv());
        yield* yieldNow();
        clone[Symbol.dispose]();
        yield* yieldNow();
        permit?.release();
      },
      { onFailure: (error) => thrown.push(code(error)) },
    );
    return thrown;
  });
  assert.deepEqual(codes, ['CLOSED', 'CLOSED']);
});

test('clones of a receiver share the messages, first come, first served', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(8);
    const clone = receiver.clone();
    const first = spawn(receiver.recv());
    const second = spawn(clone.recv());
    yield* yieldNow();
    sender.trySend(1);
    sender.trySend(2);
    assert.deepEqual(yield* join([first, second]), [1, 2]);
  });
});

test('a cancelled send has not been sent, even when its place had been granted', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(1);
    yield* sender.send(1);
    const cancelled = spawn(sender.send(2));
    yield* yieldNow();
    assert.equal(receiver.tryRecv(), 1);
    cancelled.abort();
    yield* sender.send(3);
    assert.equal(receiver.tryRecv(), 3);
    assert.equal(receiver.tryRecv(), EMPTY);
  });
});

test('a message that was handed to a cancelled recv is the next one received', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(4);
    const cancelled = spawn(receiver.recv());
    yield* yieldNow();
    sender.trySend(1);
    sender.trySend(2);
    cancelled.abort();
    yield* yieldNow();
    assert.equal(yield* receiver.recv(), 1);
    assert.equal(yield* receiver.recv(), 2);
  });
});

test('a message that was handed to a waiting recv takes no place, and the channel does not end before it was taken', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(1);
    const taking = spawn(receiver.recv());
    yield* yieldNow();
    assert.equal(sender.trySend(1), true);
    assert.equal(sender.trySend(2), true);
    assert.equal(sender.trySend(3), false);
    assert.equal(receiver.tryRecv(), 2);
    sender.close();
    assert.equal(receiver.tryRecv(), EMPTY);
    const last = spawn(receiver.recv());
    assert.equal(yield* taking, 1);
    assert.equal(yield* last, CLOSED);
  });
});

test('messages that go back to a full queue keep senders out until there is room again', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(1);
    const cancelled = spawn(receiver.recv());
    yield* yieldNow();
    sender.trySend(1);
    sender.trySend(2);
    const waiting = spawn(sender.send(3));
    cancelled.abort();
    yield* yieldNow();
    yield* yieldNow();
    assert.equal(receiver.length, 2);
    assert.equal(receiver.tryRecv(), 1);
    yield* yieldNow();
    assert.equal(receiver.length, 1);
    assert.equal(waiting.finished, false);
    assert.equal(receiver.tryRecv(), 2);
    yield* waiting;
    assert.equal(receiver.tryRecv(), 3);
  });
});

test('a recv that loses a race loses nothing', () => {
  const seen = play(function* () {
    const [sender, receiver] = channel<number>(1);
    spawn(function* () {
      using _closes = sender;
      for (let i = 0; i < 20; i++) {
        yield* sleep(i % 3);
        yield* sender.send(i);
      }
    });
    const seen: number[] = [];
    for (;;) {
      const message = yield* race([receiver.recv(), sleep(1)]);
      if (message === CLOSED) return seen;
      if (message !== undefined) seen.push(message);
    }
  });
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, i) => i),
  );
});

test('forEach ends when the body says false; the body may wait, and its failure is thrown', () => {
  play(function* () {
    const [sender, receiver] = channel<number>(8);
    for (const n of [1, 2, 3, 4, 5, 6]) sender.trySend(n);
    const seen: number[] = [];
    yield* receiver.forEach((n) => {
      seen.push(n);
      return n < 2;
    });
    yield* receiver.forEach(function* (n) {
      yield* sleep(1);
      seen.push(n);
      return n < 4;
    });
    yield* receiver.forEach(
      coroutine(function* (n: number) {
        yield* sleep(1);
        seen.push(n);
        return false;
      }),
    );
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    try {
      yield* receiver.forEach(() => {
        throw new Error('expected');
      });
      assert.fail('nothing was thrown');
    } catch (error) {
      assert.equal((error as Error).message, 'expected');
    }
  });
});

test('for await receives in ordinary async code', async () => {
  const [sender, receiver] = channel<number>(1);
  const sent = run(sendAll(sender, [1, 2, 3]));
  const seen: number[] = [];
  for await (const n of receiver) seen.push(n);
  await sent;
  assert.deepEqual(seen, [1, 2, 3]);
});

test('an unbounded channel is sent to from anywhere, without waiting', () => {
  const [sender, receiver] = unboundedChannel<number>();
  for (let i = 0; i < 1000; i++) sender.send(i);
  const other = sender.clone();
  sender.close();
  other.send(1000);
  assert.equal(receiver.length, 1001);
  other.close();
  assert.equal(play(collect(receiver)).length, 1001);
  receiver.close();
  assert.equal(
    codeOf(() => other.send(1)),
    'CLOSED',
  );
});

test('a capacity that is no count is refused', () => {
  for (const wrong of [0, -1, 1.5, NaN, Infinity])
    assert.equal(
      codeOf(() => channel(wrong)),
      'BAD_ARGUMENT',
    );
});

test('a consumer that is always fed leaves the others their turn', () => {
  const [sender, receiver] = unboundedChannel<number>();
  for (let i = 0; i < 1000; i++) sender.send(i);
  sender.close();
  let left = Infinity;
  play(function* () {
    const consumer = spawn(collect(receiver));
    yield* yieldNow();
    left = receiver.length;
    yield* consumer;
  });
  assert.ok(left > 500, `${left} messages are left after one turn`);
});

test('wherever it is cancelled, no message is lost but those of a cancelled sender, none comes twice, and no place leaks', () => {
  cancelEach(() => {
    const [sender, receiver] = channel<number>(2);
    const [others, clones] = [sender.clone(), receiver.clone()];
    const sent: number[] = [];
    const got: number[] = [];
    const produce = coroutine(function* (from: Sender<number>, first: number) {
      using _closes = from;
      for (let i = first; i < first + 3; i++) {
        yield* from.send(i);
        sent.push(i);
      }
      using permit = yield* from.reserve();
      yield* yieldNow();
      permit.send(first + 3);
      sent.push(first + 3);
    });
    const consume = coroutine(function* (from: Receiver<number>, patience: number) {
      for (;;) {
        const message = yield* race([from.recv(), sleep(patience)]);
        if (message === CLOSED) return;
        if (message !== undefined) got.push(message);
      }
    });
    return {
      tasks: [produce(sender, 0), produce(others, 10), consume(receiver, 1), consume(clones, 2)],
      // Nobody may be left to receive: then senders would wait for ever, so what is left is drained here.
      after: join([
        coroutine(function* () {
          yield* receiver.forEach((n) => void got.push(n));
        })(),
      ]),
      check: () => {
        assert.deepEqual(new Set(got), new Set(sent));
        assert.equal(got.length, sent.length);
        assert.equal(sender.used, 0);
        assert.equal(sender.closed, true);
      },
    };
  });
});

test('every message is delivered once and in its sender’s order, in any order of the ready tasks, with consumers that are aborted', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.array(fc.nat(2), { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.record({ pace: fc.nat(2), abortAt: fc.option(fc.nat(12)) }), { maxLength: 4 }),
      (seed, capacity, producers, consumers) => {
        const { driver, run } = world();
        driver.pick = dice(seed);
        const [sender, receiver] = channel<[producer: number, index: number]>(capacity);
        const got: [number, number][] = [];
        run(function* () {
          for (const [id, pauses] of producers.entries()) {
            const mine = sender.clone();
            spawn(function* () {
              using _closes = mine;
              for (const [index, pause] of pauses.entries()) {
                if (pause > 0) yield* sleep(pause);
                yield* mine.send([id, index]);
                assert.ok(mine.used <= capacity + consumers.length);
              }
            });
          }
          sender.close();
          const handles: JoinHandle<void>[] = consumers.map(({ pace }) =>
            spawn(function* () {
              for (;;) {
                const message = yield* receiver.recv();
                if (message === CLOSED) return;
                got.push(message);
                yield* sleep(pace);
              }
            }),
          );
          for (let now = 0; now <= 12; now++) {
            for (const [id, { abortAt }] of consumers.entries()) if (abortAt === now) handles[id]?.abort();
            yield* sleep(1);
          }
          yield* timeout(
            1000,
            receiver.forEach((message) => void got.push(message)),
          );
        });
        const expected = producers.flatMap((pauses, id) => pauses.map((_, index) => `${id}.${index}`));
        assert.deepEqual(got.map(([id, index]) => `${id}.${index}`).toSorted(), expected.toSorted());
        if (consumers.length === 0) {
          for (const [id] of producers.entries()) {
            const order = got.filter(([from]) => from === id).map(([, index]) => index);
            assert.deepEqual(
              order,
              order.toSorted((a, b) => a - b),
            );
          }
        }
      },
    ),
  );
});
