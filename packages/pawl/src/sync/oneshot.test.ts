import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelEach } from '../../test/support/cancel-each.ts';
import { codeOf, failure, play } from '../../test/support/world.ts';
import { coroutine, race, sleep, spawn, yieldNow } from '../index.ts';
import { EMPTY, oneshot } from './index.ts';

const code = (error: unknown): unknown => (error as { code?: unknown }).code;

test('the message is received, before the send or after it', () => {
  play(function* () {
    const [sender, receiver] = oneshot<number>();
    assert.equal(receiver.tryRecv(), EMPTY);
    const waiting = spawn(receiver.recv());
    yield* yieldNow();
    assert.equal(sender.send(1), true);
    assert.equal(yield* waiting, 1);
    const [early, late] = oneshot<number>();
    early.send(2);
    assert.equal(yield* late.recv(), 2);
  });
});

test('a sender that is disposed of without a message fails the receiver', () => {
  const error = failure(function* () {
    const [sender, receiver] = oneshot<number>({ name: 'answer' });
    const waiting = spawn(receiver.recv());
    yield* yieldNow();
    sender[Symbol.dispose]();
    yield* waiting;
  });
  assert.equal(code(error), 'CLOSED');
  assert.match((error as Error).message, /oneshot "answer"/);
});

test('a message to a closed receiver is refused without an error; one that was sent before is kept', () => {
  const [sender, receiver] = oneshot<number>();
  receiver.close();
  assert.equal(sender.isClosed, true);
  assert.equal(sender.send(1), false);
  assert.equal(
    codeOf(() => receiver.tryRecv()),
    'CLOSED',
  );
  const [other, kept] = oneshot<number>();
  other.send(2);
  kept.close();
  assert.equal(kept.tryRecv(), 2);
  const [last, dropped] = oneshot<number>();
  last.send(3);
  dropped[Symbol.dispose]();
  assert.equal(
    codeOf(() => dropped.tryRecv()),
    'ALREADY_COMPLETED',
  );
});

test('one message only, and received once', () => {
  const [sender, receiver] = oneshot<number>();
  sender.send(1);
  assert.equal(
    codeOf(() => sender.send(2)),
    'ALREADY_COMPLETED',
  );
  assert.equal(receiver.tryRecv(), 1);
  assert.equal(
    codeOf(() => receiver.tryRecv()),
    'ALREADY_COMPLETED',
  );
  const [closed] = oneshot<number>();
  closed.close();
  assert.equal(
    codeOf(() => closed.send(2)),
    'CLOSED',
  );
});

test('the sender learns that nobody waits any more', () => {
  play(function* () {
    const [sender, receiver] = oneshot<string>();
    const worker = spawn(race([sleep(1000), sender.closed()]));
    yield* yieldNow();
    receiver.close();
    yield* worker;
    yield* sender.closed();
  });
});

test('wherever the receiver is cancelled, the message is there for the next', () => {
  cancelEach(() => {
    const [sender, receiver] = oneshot<number>();
    let got: number | null = null;
    return {
      tasks: [
        coroutine(function* () {
          got = yield* receiver.recv();
        })(),
        coroutine(function* () {
          try {
            yield* yieldNow();
          } finally {
            sender.send(7);
          }
        })(),
      ],
      after: coroutine(function* () {
        if (got === null) got = yield* receiver.recv();
      })(),
      check: () => assert.equal(got, 7),
    };
  });
});
