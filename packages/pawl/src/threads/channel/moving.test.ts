/** Ends of channels that are moved to another thread: early and late, full and closed, several at once. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { coroutine } from '../../future/coroutine.ts';
import { CLOSED } from '../../sync/index.ts';
import { run } from '../../task/run.ts';
import { spawn } from '../../task/spawn.ts';
import { sleep } from '../../time/sleep.ts';
import { timeout } from '../../time/timeout.ts';
import {
  byteChannel,
  ByteReceiver,
  ByteSender,
  spawnOn,
  threadChannel,
  ThreadOneshotReceiver,
  ThreadOneshotSender,
  ThreadReceiver,
  ThreadSender,
  withThreads,
} from '../index.ts';

const tasks = new URL('../../../test/support/thread-tasks.ts', import.meta.url);

const codeOf = coroutine(function* (what: ReturnType<typeof spawnOn>) {
  try {
    yield* what;
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'no error';
});

const throws = coroutine(function* (what: ReturnType<typeof spawnOn>, message: RegExp) {
  try {
    yield* what;
  } catch (error) {
    assert.match((error as Error).message, message);
    return;
  }
  assert.fail('it has not thrown');
});

/** Of Node's loop: what was posted has come. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('moving ends to another thread', { timeout: 60_000 }, () => {
  test('a receiver whose sender has closed can still be moved, with what is left in it', async () => {
    const [out, input] = threadChannel<unknown>(4);
    const [output, back] = threadChannel<unknown>(4);
    const [bytesOut, bytesIn] = byteChannel(64);
    const large = 'x'.repeat(10_000);
    out.trySend(1);
    out.trySend(large);
    await run(bytesOut.writeAll(Uint8Array.of(7)));
    out.close();
    bytesOut.close();
    await someTurns();
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        yield* spawnOn(thread!, tasks, 'echo', [input, output]);
        assert.deepEqual([yield* back.recv(), yield* back.recv(), yield* back.recv()], [1, large, CLOSED]);
        const [echoed, more] = byteChannel(64);
        yield* spawnOn(thread!, tasks, 'echoBytes', [bytesIn, echoed]);
        const target = new Uint8Array(4);
        assert.deepEqual([yield* more.read(target), target[0], yield* more.read(target)], [1, 7, 0]);
        back.close();
        more.close();
      }),
    );
  });

  test('a port inside of a message that lies in a channel is moved with the end', async () => {
    const [out, input] = threadChannel<unknown>(4);
    const [output, back] = threadChannel<unknown>(4);
    const { port1, port2 } = new MessageChannel();
    out.trySend({ port: port1 }, { transfer: [port1] });
    await someTurns();
    // Reads it from its own port, and keeps it.
    assert.equal(input.length, 1);
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const echoing = spawn(spawnOn(thread!, tasks, 'opens', [input, output]));
        assert.equal(yield* timeout(5000, back.recv()), 'opened');
        yield* echoing;
        out.close();
        back.close();
        port2.close();
      }),
    );
  });

  test('where one end cannot be moved, none is', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const [out, input] = threadChannel<number>(1);
        const [output, back] = threadChannel<number>(1);
        const receiving = spawn(() => back.recv());
        yield* sleep(1);
        assert.equal(yield* codeOf(spawnOn(thread!, tasks, 'echo', [input, back])), 'BUSY');
        assert.equal(yield* codeOf(spawnOn(thread!, tasks, 'echo', [input, input])), 'BAD_ARGUMENT');
        const echoing = spawn(spawnOn(thread!, tasks, 'echo', [input, output]));
        yield* out.send(3);
        assert.equal(yield* receiving, 3);
        out.close();
        yield* echoing;
        back.close();
      }),
    );
  });

  test('ends that have lain here a while before they are moved are still woken', async () => {
    const [out, input] = threadChannel<number>(1);
    const [output, back] = threadChannel<unknown>(1);
    // Both ends have heard of each other: what they know goes along.
    await someTurns();
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const echoing = spawn(spawnOn(thread!, tasks, 'echo', [input, output]));
        for (let i = 0; i < 3; i++) {
          yield* out.send(i);
          assert.equal(yield* timeout(5000, back.recv()), i);
        }
        out.close();
        yield* echoing;
        back.close();
      }),
    );
  });

  test('senders that have closed are let go of when another is made', async () => {
    const [first, receiver] = threadChannel<number>(4);
    await run(function* () {
      for (let i = 0; i < 100; i++) {
        const sender = receiver.sender();
        yield* sender.send(i);
        sender.close();
        assert.equal(yield* receiver.recv(), i);
      }
      const last = receiver.sender();
      assert.equal(receiver.links.length, 2);
      first.close();
      yield* last.send(7);
      last.close();
      assert.deepEqual([yield* receiver.recv(), yield* receiver.recv()], [7, CLOSED]);
      receiver.close();
    });
  });

  test('an end inside of an object is refused, and stays', async () => {
    await run(
      withThreads({ count: 1 }, function* ([thread]) {
        const [out, input] = threadChannel<number>(1);
        for (const arg of [{ input }, [{ deep: [input] }]])
          yield* throws(spawnOn(thread!, tasks, 'echo', [arg]), /inside of an object.*argument of its own/);
        out.trySend(1);
        assert.equal(yield* input.recv(), 1);
        out.close();
        input.close();
      }),
    );
  });

  test('what is no handle is refused', () => {
    for (const end of [
      ThreadSender,
      ThreadReceiver,
      ThreadOneshotSender,
      ThreadOneshotReceiver,
      ByteSender,
      ByteReceiver,
    ])
      for (const handle of [undefined, null, {}, { kind: 'pawl.Other' }])
        assert.throws(() => end.from(handle as never), { code: 'BAD_ARGUMENT' });
  });
});
