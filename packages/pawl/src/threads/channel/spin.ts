/**
 * Waiting awake: the answer of a thread that is at work comes sooner than this one could fall asleep and be woken.
 *
 * What must hold: the time is bounded, because nothing else of this thread runs meanwhile. It is not spent again and again in vain: where the
 * other thread has nothing to say, or is given no core while this one holds it (both were on one core of a busy machine: 60 to 110 µs a round trip
 * instead of 10 asleep, or 1.5 awake on two), it sleeps at once, the more often the longer that lasts.
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

/** After misses in a row, so many waits at most are passed over before it is tried again. */
const LONGEST_REST = 64;

export class Spinner {
  readonly ms: number;
  private misses = 0;
  private rest = 0;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** True as soon as `come` says so, false after so many ms. */
  wait(come: () => boolean): boolean {
    if (this.ms === 0 || this.rest-- > 0) return false;
    const end = performance.now() + this.ms;
    do {
      for (let i = 0; i < LOOKS; i++) {
        if (!come()) continue;
        this.misses = 0;
        return true;
      }
    } while (performance.now() < end);
    this.rest = Math.min(2 ** this.misses++, LONGEST_REST);
    return false;
  }
}
