/**
 * MachineClock: a machine's own time, which is not the world's: its time of day is off, and it runs a little fast or slow.
 *
 * What must hold: it never goes back, and `worldTime(local)` is the earliest world time at which it shows `local` or more, so that a timer
 * set by it is never early.
 */
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';

export interface ClockOptions {
  /** How far the time of day is ahead of the world's, in ms; negative when it is behind. Default 0. */
  readonly offset?: number;
  /** How much faster than the world's it runs, in parts per million; negative when slower. Default 0. */
  readonly drift?: number;
}

/** The time of day at which every world begins. */
export const EPOCH: number = Date.UTC(2030, 0, 1);

export class MachineClock {
  readonly offset: number;
  private readonly rate: number;

  constructor(options: ClockOptions = {}) {
    knownOptions('a clock', options, { offset: true, drift: true });
    const { offset = 0, drift = 0 } = options;
    if (!Number.isFinite(offset))
      throw new PawlError('BAD_ARGUMENT', `a clock's offset is in ms, got ${String(offset)}`);
    if (!(typeof drift === 'number' && Math.abs(drift) < 1e6))
      throw new PawlError(
        'BAD_ARGUMENT',
        `a clock's drift is in parts per million, below a million, got ${String(drift)}`,
      );
    this.offset = offset;
    this.rate = 1 + drift / 1e6;
  }

  /** Monotonic, in ms. */
  monotonic(worldTime: number): number {
    return worldTime * this.rate;
  }

  /** Time of day: ms since 1970. */
  wall(worldTime: number): number {
    return EPOCH + this.offset + worldTime * this.rate;
  }

  worldTime(local: number): number {
    if (this.rate === 1) return local;
    let time = local / this.rate;
    // The division may have been rounded down.
    for (let ulp = Math.max(Math.abs(time), 1) * Number.EPSILON; this.monotonic(time) < local; ulp *= 2) time += ulp;
    return time;
  }
}
