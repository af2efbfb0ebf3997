/**
 * Letting go: what every coroutine does, however it was written, with what it awaits when it is cancelled.
 *
 * What must hold: an error of what is awaited goes to the owner of the cancellation, never to the coroutine. What has not let go once the
 * deadline has passed is left behind and reported.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from './context.ts';
import { Frame } from './frame.ts';
import type { Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';
import { current, setCurrent } from './register.ts';

/** Cancels what the frame awaits; afterwards it awaits nothing. */
export function release(frame: Frame<unknown>, cx: Context): Poll<void> {
  let awaited = frame.awaited as Future<unknown>;
  // A loop written as tail calls is a long chain of frames that have returned: only its end has anything to cancel.
  while (awaited instanceof Frame && awaited.returned && awaited.awaited !== null) awaited = awaited.awaited;
  frame.awaited = awaited;
  try {
    if (awaited.cancel(cx) === PENDING) {
      if (!cx.overdue) return PENDING;
      cx.reportOverrun('CLEANUP_ABANDONED');
    }
  } catch (error) {
    cx.collect(error);
  }
  frame.awaited = null;
  return undefined;
}

/** A cleanup has failed. The deadline's own error has been reported; every other one belongs to the owner of the cancellation. */
export function collectFailure(cx: Context, error: unknown): void {
  if (!(cx.overdue && error instanceof PawlError && error.code === 'CLEANUP_TIMEOUT')) cx.collect(error);
}

/** Polls with `cx` as the current context: whoever polls a coroutine by hand need not know the register. */
export function under<R>(cx: Context, poll: () => R): R {
  const previous = current;
  setCurrent(cx);
  try {
    return poll();
  } finally {
    setCurrent(previous);
  }
}

export function selfAwait(name: string): PawlError {
  return new PawlError('DEADLOCK', `coroutine "${name}" awaits itself`);
}
