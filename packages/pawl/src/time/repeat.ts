/**
 * Repeat: an operation again and again, while its value says so.
 *
 * What must hold: a run has ended before the next begins; between two runs the other tasks have their turn, also without an interval.
 */
import { PawlError } from '../error/index.ts';
import { coroutine, start, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { yieldNow } from '../future/ready.ts';
import { interval, type Interval, type MissedTicks } from './interval.ts';

export interface RepeatOptions<T> {
  /** How many runs at most. Default: no limit. */
  readonly times?: number;
  /** Whether there is another run after one that gave `value`; `run` is its number, from 1. Default: always. */
  readonly while?: (value: T, run: number) => boolean;
  /** A run begins every so many ms, as an {@link interval} ticks. Default: one after the other. */
  readonly interval?: number;
  /** What becomes of ticks of the interval that a long run has missed. Default `delay`. */
  readonly missed?: MissedTicks;
}

interface Settings {
  readonly times: number;
  readonly goOn: (value: unknown, run: number) => boolean;
  readonly every: Interval | null;
}

const repeating = coroutine(function* repeat(fn: Body<[run: number], unknown>, { times, goOn, every }: Settings) {
  for (let run = 1; ; run++) {
    if (every !== null) yield* every.tick();
    const value = yield* start(fn, run);
    if (run >= times || !goOn(value, run)) return value;
    if (every === null) yield* yieldNow();
  }
});

/**
 * Runs what `fn` makes again and again: `times` times, or `while` its value says so, the first run at once and the others in step with
 * `interval`. `fn` is given the number of the run, from 1. Gives the last run's value. A failure ends it and is thrown.
 *
 * Cancelling it cancels the run that is under way; what that loses is what it says. Errors: BAD_ARGUMENT for an option outside its range;
 * what a run throws, or `while`.
 *
 * @example
 * ```ts
 * import { blockOn, ready, repeat } from 'pawl';
 * const last = repeat((run) => ready(run * 10), { while: (value) => value < 30, interval: 1 });
 * console.log(blockOn(last)); // 30
 * ```
 */
export function repeat<T>(fn: Body<[run: number], T>, options: RepeatOptions<Flattened<T>> = {}): Future<Flattened<T>> {
  const { times = Infinity, while: goOn = () => true, interval: ms, missed = 'delay' } = options;
  if (typeof fn !== 'function')
    throw new PawlError('BAD_ARGUMENT', `repeat takes a function that makes a future, got ${typeof fn}`);
  if (!(times === Infinity || (Number.isInteger(times) && times > 0)))
    throw new PawlError('BAD_ARGUMENT', `repeat: times must be a whole number above zero, got ${String(times)}`);
  const every = ms === undefined ? null : interval(ms, { missed });
  const settings: Settings = { times, goOn: goOn as Settings['goOn'], every };
  return repeating(fn, settings) as Future<Flattened<T>>;
}
