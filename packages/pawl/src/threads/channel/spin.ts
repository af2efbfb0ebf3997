/**
 * Waiting awake: the answer of a thread that is at work comes sooner than this one could fall asleep and be woken.
 *
 * What must hold: the time is bounded, because nothing else of this thread runs meanwhile.
 */
import { PawlError } from '../../error/index.ts';

/** The longest that anybody may wait awake, in ms. */
const LONGEST = 10;

/** Looks between two readings of the clock. */
const LOOKS = 64;

export function checkSpin(spin: number): number {
  if (spin >= 0 && spin <= LONGEST) return spin;
  throw new PawlError('BAD_ARGUMENT', `spin must be a number of milliseconds from 0 to ${LONGEST}, got ${spin}`);
}

const { performance } = globalThis;

/** True as soon as `come` says so, false after so many ms. */
export function spinUntil(ms: number, come: () => boolean): boolean {
  if (ms === 0) return false;
  const end = performance.now() + ms;
  do {
    for (let i = 0; i < LOOKS; i++) if (come()) return true;
  } while (performance.now() < end);
  return false;
}
