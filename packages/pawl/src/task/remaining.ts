/** Remaining: how long the poll that is under way has, by the deadlines of the scopes around it. */
import { PawlError } from '../error/index.ts';
import { driverOf } from '../driver/driver.ts';
import { current } from '../future/register.ts';
import { termsOf } from './terms.ts';

/**
 * Milliseconds until the deadline that the innermost scope has or inherits, 0 when it has passed, `Infinity` when there is none. A task
 * asks it to decide whether a further attempt is worth while, or what limit to give to a foreign library. `timeout` and `deadline` are not
 * counted: they limit a future and not a scope.
 *
 * Errors: NO_RUNTIME outside a poll.
 *
 * @example
 * ```ts
 * import { blockOn, remaining, scope, sleep } from 'pawl';
 * const left = scope(function* () {
 *   yield* sleep(1);
 *   return remaining() < 10_000;
 * }, { timeout: 10_000 });
 * console.log(blockOn(left)); // true
 * ```
 */
export function remaining(): number {
  if (current === null) throw new PawlError('NO_RUNTIME', 'remaining outside a poll: call it in a coroutine');
  const { deadline } = termsOf(current);
  return deadline === Infinity ? Infinity : Math.max(0, deadline - driverOf(current).refresh());
}
