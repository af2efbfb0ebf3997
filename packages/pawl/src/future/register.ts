/**
 * The registers of the poll that is under way on this thread: which context polls, and how `yield*` is being answered.
 *
 * What must hold: every register is transient. `current` is set by whoever polls with a context of its own (a task, a branch) and
 * restored before that poll returns; `mode` is NORMAL whenever a generator runs user code. They are module-level because a generator's
 * `yield*` has no way to be passed a context; of a runtime's own state nothing is.
 */
import type { Context } from './context.ts';

/** How `next` of a future answers the `yield*` that calls it. */
export const NORMAL = 0;
/** The awaited future has completed: hand the value that was sent to the generator. */
export const DELIVER = 1;
/** A future has just said PENDING: the coroutine must suspend before anything else is iterated. */
export const SUSPENDING = 2;
/** The cleanup deadline has passed: every await throws. */
export const OVERDUE = 3;

/** Awaits of one cleanup that may throw once its deadline has passed: one that goes on in spite of them would never end. */
const PATIENCE = 1000;
let refused = 0;

/** Called before a cleanup is resumed past its deadline. */
export function beginOverdue(): void {
  mode = OVERDUE;
  refused = 0;
}

/** Called for each await past the deadline: false when it is to throw, true when the cleanup is to be left behind where it stands. */
export function isOutOfPatience(): boolean {
  return ++refused > PATIENCE;
}

/** The context of the innermost poll, or null outside a poll. */
export let current: Context | null = null;
export let mode: number = NORMAL;

/** True once a context's waker has been taken in this poll: development mode reports a PENDING that nobody will wake. */
export let wakerTaken = false;

export function setWakerTaken(taken: boolean): void {
  wakerTaken = taken;
}

export function setCurrent(cx: Context | null): void {
  current = cx;
}

export function setMode(next: number): void {
  mode = next;
}
