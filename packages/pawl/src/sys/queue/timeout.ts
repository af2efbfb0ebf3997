/** Timeouts of a wait: from a caller's milliseconds to the int32 that the system takes. */
import { PawlError } from '../../error/index.ts';

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
