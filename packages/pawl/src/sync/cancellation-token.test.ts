import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cancelEach } from '../../test/support/cancel-each.ts';
import { codeOf, failure, play } from '../../test/support/world.ts';
import { coroutine, fromPromise, race, run, sleep, spawn, yieldNow } from '../index.ts';
import { CancellationToken } from './index.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** Who waits on a token, its children among them. */
const registered = (token: CancellationToken): number =>
  (token as unknown as { list: { size: number } | null }).list?.size ?? 0;

test('who waits is woken, with the reason; who comes later does not wait', () => {
  const token = new CancellationToken();
  play(function* () {
    const waiting = spawn(token.cancelled());
    yield* yieldNow();
    assert.equal(token.isCancelled, false);
    token.cancel('first');
    token.cancel('second');
    assert.equal(yield* waiting, 'first');
    assert.equal(yield* token.cancelled(), 'first');
  });
  assert.equal(token.reason, 'first');
});

test('a parent cancels its children, a child not its parent', () => {
  const parent = new CancellationToken();
  const [a, b] = [parent.child(), parent.child()];
  const below = a.child();
  a.cancel('a');
  assert.deepEqual(
    [parent, a, b, below].map((token) => token.reason),
    [undefined, 'a', undefined, 'a'],
  );
  parent.cancel('all');
  assert.deepEqual(
    [parent, a, b, below].map((token) => token.reason),
    ['all', 'a', 'all', 'a'],
  );
});

test('a grandchild that is waited for is woken through the whole tree', () => {
  const root = new CancellationToken();
  const leaf = root.child().child().child();
  play(function* () {
    const waiting = spawn(leaf.cancelled());
    yield* yieldNow();
    root.cancel('root');
    assert.equal(yield* waiting, 'root');
  });
  assert.equal(registered(root), 0);
});

test('a token of a cancelled parent is cancelled from the start', () => {
  const parent = new CancellationToken();
  parent.cancel(1);
  assert.equal(parent.child().child().isCancelled, true);
});

test('throwIfCancelled throws CANCELLED with the reason', () => {
  const token = new CancellationToken({ name: 'shutdown' });
  token.throwIfCancelled();
  token.cancel('SIGTERM');
  assert.throws(() => token.throwIfCancelled(), {
    code: 'CANCELLED',
    message: 'token "shutdown" was cancelled: SIGTERM',
    cause: 'SIGTERM',
  });
});

test('run gives the outcome of its body, or cancels it and throws CANCELLED after its cleanup', () => {
  const log: string[] = [];
  const work = coroutine(function* () {
    try {
      yield* sleep(1000);
    } finally {
      yield* sleep(1);
      log.push('cleaned up');
    }
  });
  const token = new CancellationToken();
  assert.equal(
    play(
      token.run(function* () {
        yield* sleep(1);
        return 7;
      }),
    ),
    7,
  );
  assert.equal(registered(token), 0);
  const error = failure(function* () {
    const running = spawn(token.run(work()));
    yield* sleep(1);
    token.cancel('enough');
    try {
      yield* running;
    } finally {
      log.push('thrown');
    }
  });
  assert.deepEqual(log, ['cleaned up', 'thrown']);
  assert.deepEqual([(error as { code?: string }).code, (error as Error).cause], ['CANCELLED', 'enough']);
  assert.equal(
    codeOf(() => play(token.run(() => assert.fail('started')))),
    'ERR_ASSERTION',
  );
  assert.equal(
    codeOf(() =>
      play(
        token.run(
          coroutine(function* () {
            assert.fail('started');
          })(),
        ),
      ),
    ),
    'CANCELLED',
  );
});

test('a guard cancels at the end of its block, unless it was disarmed', () => {
  const [left, kept] = [new CancellationToken(), new CancellationToken()];
  {
    using _guard = left.guard('left');
    using disarmed = kept.guard();
    disarmed.disarm();
    assert.equal(left.isCancelled, false);
  }
  assert.equal(left.reason, 'left');
  assert.equal(kept.isCancelled, false);
});

test('an AbortSignal cancels the token that was made from it, waited for or not', async () => {
  const controller = new AbortController();
  const idle = CancellationToken.fromSignal(controller.signal);
  const token = CancellationToken.fromSignal(controller.signal);
  const waiting = run(token.child().cancelled());
  await Promise.resolve();
  controller.abort('signal');
  assert.equal(await waiting, 'signal');
  assert.equal(idle.reason, 'signal');
  assert.equal(listeners(controller.signal), 0);
});

test('a token is made from an AbortSignal only', () => {
  for (const wrong of [undefined, null, new CancellationToken(), new AbortController()])
    assert.equal(
      codeOf(() => CancellationToken.fromSignal(wrong as never)),
      'BAD_ARGUMENT',
    );
});

test('a listener is on the signal only while somebody waits', () => {
  const { signal } = new AbortController();
  const token = CancellationToken.fromSignal(signal);
  play(function* () {
    assert.equal(listeners(signal), 0);
    const a = spawn(token.cancelled());
    const b = spawn(token.child().cancelled());
    yield* yieldNow();
    assert.equal(listeners(signal), 1);
    a.abort();
    yield* yieldNow();
    assert.equal(listeners(signal), 1);
    b.abort();
    yield* yieldNow();
    assert.equal(listeners(signal), 0);
    yield* token.run(sleep(1));
    assert.equal(listeners(signal), 0);
  });
});

test('the signal of a token aborts with it, and with its parent', () => {
  const parent = new CancellationToken();
  const child = parent.child();
  const { signal } = child;
  assert.equal(child.signal, signal);
  assert.equal(registered(parent), 1);
  parent.cancel('parent');
  assert.equal(signal.aborted, true);
  assert.equal(signal.reason, 'parent');
  const late = parent.child();
  assert.equal(late.signal.aborted, true);
  const plain = new CancellationToken();
  const other = plain.signal;
  plain.cancel();
  assert.equal((other.reason as { code?: string }).code, 'CANCELLED');
});

test('a disposed token is no longer cancelled by its parent, and is forgotten by it', () => {
  const parent = new CancellationToken();
  const controller = new AbortController();
  const of = CancellationToken.fromSignal(controller.signal);
  {
    using child = parent.child();
    assert.equal(child.signal.aborted, false);
    assert.equal(registered(parent), 1);
    using from = of;
    assert.equal(from.signal.aborted, false);
    assert.equal(listeners(controller.signal), 1);
  }
  assert.equal(registered(parent), 0);
  assert.equal(listeners(controller.signal), 0);
});

test('cancelling from a listener of its own signal does no harm', () => {
  const parent = new CancellationToken();
  const child = parent.child();
  child.signal.addEventListener('abort', () => {
    parent.cancel('again');
    child.cancel('again');
  });
  parent.child().signal.addEventListener('abort', () => child.cancel('again'));
  parent.cancel('once');
  assert.deepEqual([parent.reason, child.reason], ['once', 'once']);
});

test('a fetch-like function is stopped by the token, and leaves no listener', async () => {
  const token = new CancellationToken();
  let seen: AbortSignal | undefined;
  const work = fromPromise(
    (signal) =>
      new Promise((_, reject) => {
        seen = signal;
        setImmediate(() => token.cancel('stop'));
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  );
  await assert.rejects(run(token.run(work)), { code: 'CANCELLED', cause: 'stop' });
  assert.equal(seen?.aborted, true);
  assert.equal(registered(token), 0);
});

test('wherever a waiter is cancelled, nothing stays registered', () => {
  cancelEach(() => {
    const root = new CancellationToken();
    const child = root.child();
    const wait = coroutine(function* (token: CancellationToken) {
      yield* race([token.cancelled(), sleep(3)]);
      yield* race([token.child().run(sleep(2)), sleep(1)]);
    });
    return {
      tasks: [wait(root), wait(child), wait(child.child())],
      check: () => {
        assert.equal(registered(root), 0);
        assert.equal(registered(child), 0);
      },
    };
  });
});

test('any tree, cancelled anywhere: exactly what is below the cancelled token wakes, once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(20), { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 6 }),
      (parents, cancels) => {
        const tokens = [new CancellationToken()];
        const parentOf = [-1];
        for (const [index, parent] of parents.entries()) {
          parentOf.push(parent % (index + 1));
          tokens.push((tokens[parent % (index + 1)] as CancellationToken).child());
        }
        const expected: unknown[] = tokens.map(() => undefined);
        const woken: unknown[] = tokens.map(() => undefined);
        play(function* () {
          for (const [index, token] of tokens.entries()) {
            spawn(
              function* () {
                woken[index] = yield* token.cancelled();
              },
              { daemon: true },
            );
          }
          for (const [which, reason] of cancels) {
            yield* yieldNow();
            const target = which % tokens.length;
            (tokens[target] as CancellationToken).cancel(reason);
            for (const index of tokens.keys()) {
              let at = index;
              while (at !== target && at !== -1) at = parentOf[at] as number;
              if (at === target && expected[index] === undefined) expected[index] = reason;
            }
          }
          yield* sleep(1);
        });
        assert.deepEqual(woken, expected);
        for (const token of tokens) assert.equal(registered(token), 0);
      },
    ),
  );
});
