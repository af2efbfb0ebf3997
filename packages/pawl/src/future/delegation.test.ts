import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, HandContext } from '../../test/support/gate.ts';
import { delegation } from './delegation.ts';
import { Future } from './future.ts';
import { PENDING } from './poll.ts';
import { ready } from './ready.ts';

test('a future is delegated to as it is', () => {
  const future = ready(1);
  assert.equal(delegation(future), future);
});

test('a generator runs as a part of whoever delegates to it, and a future that it returns stays one', () => {
  const gate = new Gate<number>();
  const inner = ready('not awaited');
  const future = delegation(
    (function* () {
      assert.equal(yield* gate, 5);
      return inner;
    })(),
  );
  const cx = new HandContext();
  assert.equal(future.poll(cx), PENDING);
  gate.open(5);
  assert.equal(future.poll(cx), inner);
});

test('an error of a generator, and what is no iterable, is thrown to whoever delegates', () => {
  const failing = delegation(
    (function* () {
      yield* ready(1);
      throw new RangeError('inside');
    })(),
  );
  assert.throws(() => failing.poll(new HandContext()), /inside/);
  assert.throws(() => delegation(5).poll(new HandContext()), TypeError);
  assert.throws(() => delegation(Promise.resolve()).poll(new HandContext()), TypeError);
});

test('a cancelled delegation runs the cleanup of its generator, which may await', () => {
  const gate = new Gate<void>();
  const cleanup = new Gate<void>();
  const log: string[] = [];
  const future: Future<unknown> = delegation(
    (function* () {
      try {
        yield* gate;
      } finally {
        log.push('cleaning');
        yield* cleanup;
        log.push('clean');
      }
    })(),
  );
  const cx = new HandContext();
  assert.equal(future.poll(cx), PENDING);
  assert.equal(future.cancel(cx), PENDING);
  assert.deepEqual([gate.cancels, log], [1, ['cleaning']]);
  cleanup.open();
  assert.equal(future.cancel(cx), undefined);
  assert.deepEqual(log, ['cleaning', 'clean']);
});
