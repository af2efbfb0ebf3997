/**
 * How long the rungs' delays are. They are written in the milliseconds that a person can watch; LADDER_PACE scales them all
 * (`LADDER_PACE=0.1` for a tenth), which the tests do.
 */
import { PawlError } from 'pawl';

const given = process.env['LADDER_PACE'] ?? '1';
const PACE = Number(given);
if (given === '' || !(PACE > 0 && PACE <= 10)) {
  throw new PawlError('BAD_ARGUMENT', `LADDER_PACE must be a number above 0 and at most 10, got ${given}`);
}

/** So many milliseconds, at the pace of this run. */
export function paced(ms: number): number {
  return Math.round(ms * PACE);
}
