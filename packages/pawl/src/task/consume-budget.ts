/** consumeBudget: a long computation takes its part of the poll's budget. */
import type { Context } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { spend } from './budget.ts';

class ConsumeBudget extends Future<void> {
  /** @internal */
  untouched = true;
  private done = false;

  constructor() {
    super();
    if (creations !== null) creations.leaf(this, 'consumeBudget()');
  }

  override poll(cx: Context): Poll<void> {
    if (this.done) throw alreadyCompleted('consumeBudget');
    this.untouched = false;
    if (!spend(cx)) return PENDING;
    this.done = true;
    return undefined;
  }
}

/**
 * Counts as one operation: of each 128 of a poll, the last gives other tasks, timers and I/O their turn. For a loop that awaits nothing that
 * waits: unlike `yieldNow` it costs next to nothing most of the time. What computes for more than some ms at a stretch belongs on another
 * thread, see `spawnBlocking` of `pawl/threads`.
 *
 * Cancelling it is *safe*.
 *
 * @example
 * ```ts
 * import { blockOn, consumeBudget, coroutine } from 'pawl';
 * const sum = coroutine(function* (numbers: readonly number[]) {
 *   let total = 0;
 *   for (const [index, n] of numbers.entries()) {
 *     total += n;
 *     if (index % 1000 === 0) yield* consumeBudget();
 *   }
 *   return total;
 * });
 * console.log(blockOn(sum(Array.from({ length: 1_000_000 }, () => 1)))); // 1000000
 * ```
 */
export function consumeBudget(): Future<void> {
  return new ConsumeBudget();
}
