/** Channels between threads, with both ends on this one: what holds of them wherever they are. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import { coroutine } from '../../future/coroutine.ts';
import { join } from '../../future/join.ts';
import { yieldNow } from '../../future/ready.ts';
import { nativeDriver } from '../../driver/native/index.ts';
import { CLOSED, EMPTY } from '../../sync/index.ts';
import { blockOn, run } from '../../task/run.ts';
import type { Runtime } from '../../task/runtime.ts';
import { spawn } from '../../task/spawn.ts';
import { cancelAtEverySuspension } from '../../testing/index.ts';
import {
  byteChannel,
  threadBroadcast,
  threadChannel,
  threadOneshot,
  ByteReceiver,
  ByteSender,
  ThreadOneshotReceiver,
  ThreadOneshotSender,
  ThreadReceiver,
  ThreadSender,
} from '../index.ts';

const metrics = (): unknown => {
  const { descriptors, waiting, timers } = nativeDriver().metrics;
  return { descriptors, waiting, timers };
};

describe('a channel between threads', { timeout: 60_000 }, () => {
  test('gives every value as structuredClone does, small or large', () => {
    const [sender, receiver] = threadChannel<unknown>(4);
    using _sender = sender;
    using _receiver = receiver;
    const own: unknown[] = [
      undefined,
      null,
      -0,
      NaN,
      2 ** 60,
      10n,
      '',
      'é'.repeat(200),
      '☃',
      'x'.repeat(1000),
      { deep: { list: Object.assign([], { 2: 3 }) } },
      { missing: undefined },
      new Map([[1, { a: new Date(0) }]]),
      new Uint8Array([1, 2, 3]),
      [new Error('carried')],
      Object.assign([1, 2], { extra: 1 }),
      { toJSON: 'a word' },
      JSON.parse('{ "__proto__": 1 }'),
    ];
    const pass = (value: unknown): unknown => {
      assert.equal(sender.trySend(value), true);
      return receiver.tryRecv();
    };
    for (const value of own) assert.deepStrictEqual(pass(value), structuredClone(value));
    const twice = { same: {} };
    const [a, b] = pass([twice, twice]) as [unknown, unknown];
    assert.equal(a, b);
    fc.assert(fc.property(fc.anything(), (value) => assert.deepStrictEqual(pass(value), structuredClone(value))));
  });

  test('messages come in order, and a sender waits while the channel is full', () => {
    const [sender, receiver] = threadChannel<number>(3);
    const main = coroutine(function* () {
      let sent = 0;
      const sending = spawn(function* () {
        using _closes = sender;
        for (let n = 0; n < 100; n++) {
          yield* sender.send(n);
          sent++;
        }
      });
      yield* yieldNow();
      assert.equal(sent, 3);
      const got: number[] = [];
      yield* receiver.forEach((n) => void got.push(n));
      yield* sending;
      receiver.close();
      return got;
    });
    assert.deepEqual(
      blockOn(main()),
      Array.from({ length: 100 }, (_, n) => n),
    );
  });

  test('many senders are asked in turn, and the channel ends when all are closed', async () => {
    await run(function* () {
      const [first, receiver] = threadChannel<string>(2);
      const second = receiver.sender();
      for (const [name, sender] of Object.entries({ a: first, b: second }))
        spawn(function* () {
          using _closes = sender;
          for (let n = 1; n <= 4; n++) yield* sender.send(name + n);
        });
      const got: string[] = [];
      yield* receiver.forEach((message) => void got.push(message));
      assert.deepEqual(
        got.filter((message) => message.startsWith('a')),
        ['a1', 'a2', 'a3', 'a4'],
      );
      assert.equal(got.length, 8);
      assert.equal(got.slice(0, 4).filter((message) => message.startsWith('a')).length, 2);
      receiver.close();
      assert.throws(() => receiver.sender(), { code: 'CLOSED' });
    });
  });

  test('several who wait are served in the order in which they came', () => {
    const [sender, receiver] = threadChannel<number>(1);
    const order: string[] = [];
    const main = coroutine(function* () {
      const receiving = coroutine(function* (name: string) {
        order.push(`${name} ${String(yield* receiver.recv())}`);
      });
      const waiting = ['a', 'b', 'c'].map((name) => spawn(receiving(name)));
      yield* yieldNow();
      for (const n of [1, 2, 3]) yield* sender.send(n);
      yield* join(waiting);
      sender.close();
      receiver.close();
    });
    blockOn(main());
    assert.deepEqual(order, ['a 1', 'b 2', 'c 3']);
  });

  test('a receiver that is closed fails those who send, at once and while they wait', async () => {
    await run(function* () {
      const [sender, receiver] = threadChannel<number>(1);
      using _sender = sender;
      yield* sender.send(1);
      const waiting = spawn(function* () {
        try {
          yield* sender.send(2);
          return 'sent';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      yield* yieldNow();
      receiver.close();
      assert.equal(yield* waiting, 'CLOSED');
      assert.throws(() => sender.trySend(3), { code: 'CLOSED', message: /whose receiver is closed/ });
      assert.throws(() => receiver.tryRecv(), { code: 'CLOSED' });
      assert.equal(sender.receiverClosed, true);
    });
  });

  test('what was sent before a sender was closed is received, and then the end', () => {
    const [sender, receiver] = threadChannel<unknown>(4);
    sender.trySend('small');
    sender.trySend(new Uint8Array(1000));
    sender.close();
    assert.throws(() => sender.trySend(1), { code: 'CLOSED' });
    assert.equal(receiver.tryRecv(), 'small');
    assert.equal((receiver.tryRecv() as Uint8Array).length, 1000);
    assert.equal(receiver.tryRecv(), CLOSED);
    assert.equal(blockOn(receiver.recv()), CLOSED);
    receiver.close();
  });

  test('what cannot be cloned is refused, and the channel goes on', () => {
    const [sender, receiver] = threadChannel<unknown>(2);
    assert.throws(() => sender.trySend(() => {}), { code: 'NOT_CLONEABLE' });
    assert.throws(() => sender.trySend({ f: () => {} }), { code: 'NOT_CLONEABLE' });
    assert.equal(receiver.tryRecv(), EMPTY);
    const bytes = new Uint8Array(8);
    sender.trySend(bytes, { transfer: [bytes.buffer] });
    assert.equal(bytes.length, 0);
    assert.equal((receiver.tryRecv() as Uint8Array).length, 8);
    sender.close();
    receiver.close();
  });

  test('ends that are moved take along what they hold', () => {
    const [sender, receiver] = threadChannel<unknown>(4);
    sender.trySend('before');
    sender.trySend(new Map());
    // As if it had been sent there.
    const moved = ThreadReceiver.from<unknown>(receiver.move());
    assert.throws(() => receiver.tryRecv(), { code: 'CLOSED', message: /was given to another thread/ });
    const again = ThreadSender.from<unknown>(sender.move());
    assert.equal(moved.tryRecv(), 'before');
    assert.deepEqual(moved.tryRecv(), new Map());
    const main = coroutine(function* () {
      const receiving = spawn(moved.recv());
      yield* yieldNow();
      assert.throws(() => moved.move(), { code: 'BUSY' });
      yield* again.send('after');
      assert.equal(yield* receiving, 'after');
    });
    blockOn(main());
    again.close();
    moved.close();
  });

  test('a message that cannot be read here is refused by its receive, and the next comes after it', () => {
    const [sender, receiver] = threadChannel<unknown>(4);
    // As deep as can be written: reading needs more of the stack.
    let deepest: object = {};
    for (let deep: object = {}, depth = 0; depth < 1e6; deep = { deep }, depth++) {
      if (depth % 50 !== 0) continue;
      try {
        const { port1 } = new MessageChannel();
        port1.postMessage(deep);
        port1.close();
        deepest = deep;
      } catch {
        break;
      }
    }
    sender.trySend(deepest);
    sender.trySend('next');
    sender.close();
    using last = receiver;
    assert.throws(() => last.tryRecv(), { code: 'NOT_CLONEABLE', message: /cannot be read on this thread/ });
    assert.deepEqual([last.tryRecv(), last.tryRecv()], ['next', CLOSED]);
  });

  test('bad arguments are refused', () => {
    const bad = [
      () => threadChannel(0),
      () => threadChannel(1.5),
      () => threadChannel(70_000),
      () => threadChannel(1, { spin: 11 }),
      () => threadChannel(1, { spin: NaN }),
      () => threadBroadcast(0),
      () => byteChannel(1),
      () => byteChannel(2 ** 31),
      () => ThreadSender.from({} as never),
      () => ThreadReceiver.from({} as never),
      () => ThreadOneshotSender.from({} as never),
      () => ThreadOneshotReceiver.from({} as never),
      () => ByteSender.from({} as never),
      () => ByteReceiver.from({} as never),
    ];
    for (const make of bad) assert.throws(make, { code: 'BAD_ARGUMENT' });
  });

  test('a dump says what is waited for', async () => {
    const [sender, receiver] = threadChannel<number>(1, { name: 'orders' });
    let runtime: Runtime | undefined;
    await run(
      function* () {
        spawn(receiver.recv());
        yield* yieldNow();
        assert.match(runtime!.dump(), /a message from channel between threads "orders"/);
        sender.close();
      },
      { onRuntime: (made) => (runtime = made) },
    );
    receiver.close();
  });

  test('an end that nobody waits at keeps no process alive, and leaves nothing when it is closed', async () => {
    const before = metrics();
    const [sender, receiver] = threadChannel<number>(1);
    assert.equal(nativeDriver().metrics.waiting, (before as { waiting: number }).waiting);
    sender.close();
    receiver.close();
    receiver.close();
    assert.deepEqual(metrics(), before);
  });

  test('cancelled at every suspension no message is lost, and nothing is left', async () => {
    const before = metrics();
    await cancelAtEverySuspension(
      coroutine(function* (watch) {
        const [sender, receiver] = threadChannel<number>(1);
        using _sender = sender;
        using _receiver = receiver;
        const got: number[] = [];
        const receiving = coroutine(function* () {
          for (let n = 0; n < 3; n++) got.push((yield* receiver.recv()) as number);
        });
        const sending = coroutine(function* () {
          for (let n = 0; n < 6; n++) yield* sender.send(n);
        });
        try {
          yield* join([watch(sending()), watch(receiving()), watch(receiving())]);
        } finally {
          assert.deepEqual(
            got,
            got.map((_, n) => n),
            'none is lost and none overtakes',
          );
        }
      }),
      () => assert.deepEqual(metrics(), before),
    );
  });
});

describe('a oneshot between threads', () => {
  test('carries one message, or says that none will come', async () => {
    await run(function* () {
      const [sender, receiver] = threadOneshot<{ n: number }>();
      assert.equal(sender.send({ n: 7 }), true);
      assert.throws(() => sender.send({ n: 8 }), { code: 'ALREADY_COMPLETED' });
      assert.deepEqual(yield* receiver.recv(), { n: 7 });
      receiver.close();
      const [deaf, closed] = threadOneshot<number>();
      closed.close();
      assert.equal(deaf.send(1), false);
      deaf.close();
      const [silent, waiting] = threadOneshot<number>({ name: 'answer' });
      silent.close();
      try {
        yield* waiting.recv();
        assert.fail('nothing comes');
      } catch (error) {
        assert.match((error as Error).message, /no message comes from oneshot between threads "answer"/);
      }
      waiting.close();
    });
  });
});

describe('a broadcast between threads', () => {
  test('gives every message to every receiver, and waits for the slowest', () => {
    const main = coroutine(function* () {
      using sender = threadBroadcast<number>(2);
      using fast = sender.subscribe();
      const slow = sender.subscribe();
      let sent = 0;
      const sending = spawn(function* () {
        for (let n = 0; n < 5; n++) {
          yield* sender.send(n);
          sent++;
        }
      });
      yield* yieldNow();
      assert.equal(sent, 2);
      for (const n of [0, 1]) assert.equal(yield* fast.recv(), n);
      yield* yieldNow();
      assert.equal(sent, 2, 'the slow one has no place');
      assert.equal(yield* slow.recv(), 0);
      assert.equal(yield* fast.recv(), 2);
      slow.close();
      assert.equal(yield* fast.recv(), 3);
      yield* sending;
      assert.equal(sender.receivers, 1);
      assert.equal(yield* fast.recv(), 4);
    });
    blockOn(main());
  });
});

describe('a byte channel', () => {
  test('carries bytes in order through less memory than they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 200 }),
        (sizes, piece) => {
          const [sender, receiver] = byteChannel(64);
          const bytes = Uint8Array.from({ length: sizes.reduce((a, b) => a + b, 0) }, (_, i) => i * 7);
          const main = coroutine(function* () {
            const writing = spawn(function* () {
              let at = 0;
              for (const size of sizes) {
                yield* sender.writeAll(bytes.subarray(at, at + size));
                at += size;
              }
              yield* sender.shutdown();
            });
            const target = new Uint8Array(bytes.length + piece);
            let count = 0;
            for (;;) {
              const read = yield* receiver.read(target.subarray(count, count + piece));
              if (read === 0) break;
              count += read;
            }
            yield* writing;
            return target.subarray(0, count);
          });
          assert.deepEqual(blockOn(main()), bytes);
          receiver.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test('one task at a time reads, and a closed end says so', () => {
    const [sender, receiver] = byteChannel(64);
    const main = coroutine(function* () {
      const target = new Uint8Array(8);
      const first = spawn(receiver.read(target));
      yield* yieldNow();
      try {
        yield* receiver.read(target);
        assert.fail('another reads');
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'BUSY');
      }
      assert.equal(yield* sender.write(new Uint8Array(3)), 3);
      assert.equal(yield* first, 3);
      assert.equal(yield* sender.write(new Uint8Array(0)), 0);
      receiver.close();
      try {
        yield* sender.write(new Uint8Array(1));
        assert.fail('nobody reads');
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'CLOSED');
      }
      sender.close();
    });
    blockOn(main());
  });
});
