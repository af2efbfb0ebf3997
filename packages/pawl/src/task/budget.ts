/**
 * The cooperative budget: how many leaf operations one poll may complete before the task gives others their turn.
 *
 * What must hold: an operation that could complete asks first; when the budget is spent it wakes its own waker and says PENDING, having
 * done nothing. So a task whose data is always ready cannot starve the rest.
 */
import type { Context } from '../future/context.ts';
import type { Runtime } from './runtime.ts';

/** Operations in one poll, as Tokio has it. */
export const BUDGET = 128;

/** Takes one unit of the poll's budget. False when it is spent: the operation must return PENDING (its wake is arranged). */
export function spend(cx: Context): boolean {
  const runtime = cx.runtime as Runtime;
  if (runtime.budget > 0) {
    runtime.budget--;
    return true;
  }
  cx.waker.wake();
  return false;
}
