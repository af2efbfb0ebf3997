/** Timeouts of a wait: from a caller's milliseconds to the int32 that the system takes, and round again until the time is over. */
import { PawlError } from '../../error/index.ts';
import { EINTR } from '../errno.ts';

const MAX_INT32 = 2 ** 31 - 1;

/**
 * Rounded up, so that a wait never ends early and a sub-millisecond one does not spin; zero stays zero; clamped, because a larger number
 * would wrap into a negative one (mio waited for ever instead of 25 days). -1 is for ever.
 */
export function timeoutToInt32(timeoutMs: number): number {
  if (timeoutMs === Infinity) return -1;
  return timeoutMs <= 0 ? 0 : Math.min(MAX_INT32, Math.ceil(timeoutMs));
}

/** A public timeout: null and undefined are for ever. Throws BAD_ARGUMENT for a negative one and for NaN. */
export function checkTimeout(timeoutMs: number | null | undefined): number {
  if (timeoutMs === null || timeoutMs === undefined) return Infinity;
  if (timeoutMs >= 0) return timeoutMs;
  throw new PawlError('BAD_ARGUMENT', `timeout must be milliseconds from 0 up, null or undefined, got ${timeoutMs}`);
}

/**
 * Waits until `attempt` has a result or `timeout` milliseconds (or Infinity) are over. A signal that interrupts it, and a time longer
 * than the system can wait at once, mean another attempt with what is left.
 */
export function waitFor(timeout: number, now: () => number, attempt: (timeoutMs: number) => number): number {
  const deadline = timeout === 0 || timeout === Infinity ? 0 : now() + timeout;
  let left = timeout;
  for (;;) {
    const result = attempt(timeoutToInt32(left));
    if (result !== 0 && result !== -EINTR) return result;
    if (timeout !== Infinity) left = deadline - now();
    if (left <= 0) return 0;
  }
}
