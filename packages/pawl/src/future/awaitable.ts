/**
 * What a compiled coroutine may await: futures, and, as `await` has it, promises and plain values.
 *
 * What must hold: past the deadline of a cleanup each await throws instead. A promise is awaited through the one bridge that there is,
 * which the layer above installs.
 */
import { cleanupTimeout, Future } from './future.ts';
import { ready } from './ready.ts';
import { PENDING, type Pending } from './poll.ts';
import { isOutOfPatience, mode, OVERDUE } from './register.ts';

let adopt: (promise: PromiseLike<unknown>) => Future<unknown> = () => {
  throw new TypeError('no bridge to promises is installed');
};

export function setAdopter(bridge: (promise: PromiseLike<unknown>) => Future<unknown>): void {
  adopt = bridge;
}

/** What a cleanup is left behind at that goes on in spite of each await's throwing. */
class Abandoned extends Future<never> {
  override poll(): Pending {
    return PENDING;
  }
}

/** What an await comes to past the deadline of a cleanup: it throws. */
export function refused(): Future<never> {
  if (isOutOfPatience()) return new Abandoned();
  throw cleanupTimeout();
}

/** The operand of an `await` as a future. */
export function awaitable(value: unknown): Future<unknown> {
  if (mode === OVERDUE) return refused();
  return value instanceof Future ? value : lift(value);
}

function lift(value: unknown): Future<unknown> {
  const thenable =
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function';
  return thenable ? adopt(value as PromiseLike<unknown>) : ready(value);
}
