import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, play } from '../../test/support/world.ts';
import { coroutine, sleep, supervise } from '../index.ts';

const ever = 1_000_000;
const failing = coroutine(function* (ms: number, message: string) {
  if (ms > 0) yield* sleep(ms);
  throw new Error(message);
});
/** Sleeps `ms`, then logs; when cancelled, cleans up for `cleanup` ms and logs that. */
const worker = coroutine(function* (log: string[], name: string, ms: number, cleanup?: number) {
  let ended = false;
  try {
    yield* sleep(ms);
    ended = true;
    log.push(name);
  } finally {
    if (!ended) {
      if (cleanup !== undefined) yield* sleep(cleanup);
      log.push(`${name} cancelled`);
    }
  }
});
const messages = (error: unknown): string[] =>
  error instanceof SuppressedError
    ? [...messages(error.error), ...messages(error.suppressed)]
    : [(error as Error).message];

test('a supervised child fails alone, and its handle throws', () => {
  const log: string[] = [];
  play(
    supervise(function* (s) {
      const child = s.spawn(failing(1, 'child'));
      s.spawn(worker(log, 'sibling', 5));
      try {
        yield* child;
      } catch (error) {
        log.push((error as Error).message);
      }
      yield* sleep(1);
      log.push('body');
    }),
  );
  assert.deepEqual(log, ['child', 'body', 'sibling']);
});

test("supervised failures that nobody has awaited are thrown at the scope's end, all of them", () => {
  const error = failure(
    supervise(function* (s) {
      const seen = s.spawn(failing(1, 'seen'));
      s.spawn(failing(2, 'unseen 1'));
      s.spawn(failing(9, 'unseen 2'));
      yield* sleep(3);
      try {
        yield* seen;
      } catch {
        // Now it has been observed.
      }
    }),
  );
  assert.deepEqual(messages(error), ['unseen 1', 'unseen 2']);
});

test('a failure is still observed when its handle is awaited by somebody else just before the end', () => {
  play(
    supervise(function* (s) {
      const child = s.spawn(failing(1, 'child'));
      yield* sleep(5);
      s.spawn(
        coroutine(function* () {
          try {
            yield* child;
          } catch {
            // Observed.
          }
        })(),
      );
    }),
  );
});

test('onFailure receives each failure as it happens, which then counts as observed; what it throws fails the scope', () => {
  const seen: string[] = [];
  play(
    supervise(
      function* (s) {
        s.spawn(failing(1, 'one'), { name: 'first' });
        s.spawn(failing(2, 'two'), { name: 'second' });
        s.spawn(sleep(1)).abort();
        yield* sleep(1);
        seen.push('body');
      },
      { onFailure: (error, task) => seen.push(`${task.name}: ${(error as Error).message}`) },
    ),
  );
  assert.deepEqual(new Set(seen), new Set(['first: one', 'body', 'second: two']));
  const log: string[] = [];
  const error = failure(
    supervise(
      function* (s) {
        s.spawn(worker(log, 'sibling', ever));
        s.spawn(failing(1, 'child'));
        yield* worker(log, 'body', ever);
      },
      {
        onFailure: () => {
          throw new Error('fatal');
        },
      },
    ),
  );
  assert.deepEqual(messages(error), ['fatal']);
  assert.deepEqual(new Set(log), new Set(['sibling cancelled', 'body cancelled']));
});

test('however many children fail, those that are awaited later are not reported as never awaited', () => {
  const count = 1500;
  let caught = 0;
  play(
    supervise(function* (s) {
      const handles = Array.from({ length: count }, () => s.spawn(failing(0, 'late')));
      yield* sleep(1);
      for (const handle of handles) {
        try {
          yield* handle;
        } catch {
          caught++;
        }
      }
    }),
  );
  assert.equal(caught, count);
  const error = failure(
    supervise(function* (s) {
      for (let i = 0; i < count; i++) s.spawn(failing(0, 'never awaited'));
      yield* sleep(1);
    }),
  );
  assert.match(messages(error).at(-1) ?? '', /500 more/);
});
