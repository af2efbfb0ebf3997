/**
 * The options of a simulation, checked before the first world is made.
 *
 * What must hold: what is misspelt or no value of its option is BAD_ARGUMENT, and never passed over: a test would then pass that tests
 * something else, or nothing.
 */
import { knownOptions } from '../error/known-options.ts';
import { PawlError } from '../error/index.ts';
import type { SimulateOptions } from './worlds.ts';

/** More would not fit into memory, with what is kept of each. */
const MOST_SEEDS = 10_000_000;

export function checkOptions(options: SimulateOptions): void {
  knownOptions('simulate', options, {
    seeds: true,
    from: true,
    seed: true,
    replay: true,
    strategy: true,
    preemptions: true,
    schedules: true,
    threads: true,
    shrink: true,
    check: true,
    depth: true,
    freedoms: true,
    link: true,
    limits: true,
    mode: true,
    onReport: true,
  });
  const { seeds, from = 1, replay, preemptions, schedules, shrink, check, freedoms, limits, mode, onReport } = options;
  if (seeds !== undefined) count('seeds', seeds, MOST_SEEDS);
  checked('from', from);
  if (from > Number.MAX_SAFE_INTEGER - MOST_SEEDS)
    throw new PawlError('BAD_ARGUMENT', `seeds are numbers below 2^53, ${from} as the first is too large`);
  if (replay !== undefined && typeof replay !== 'string') {
    const choices: unknown = replay;
    if (!isListOfChoices(choices))
      throw new PawlError('BAD_ARGUMENT', 'replay is a schedule as it was printed, or the choices of a failure');
  }
  if (preemptions !== undefined) checked('preemptions', preemptions);
  if (schedules !== undefined) count('schedules', schedules);
  if (shrink !== undefined && shrink !== false) {
    knownOptions('shrink', shrink, { runs: true, time: true });
    for (const [name, value] of Object.entries(shrink)) if (value !== undefined) checked(`shrink.${name}`, value);
  }
  if (limits !== undefined) {
    knownOptions('limits', limits, { time: true, turns: true });
    for (const name of ['time', 'turns'] as const)
      if (limits[name] !== undefined) positive(`limits.${name}`, limits[name]);
  }
  if (freedoms !== undefined && freedoms !== 'plain' && (typeof freedoms !== 'object' || freedoms === null))
    throw new PawlError(
      'BAD_ARGUMENT',
      `freedoms are an object with probabilities, or 'plain', got ${String(freedoms)}`,
    );
  oneOf('check', check, [true, false]);
  oneOf('mode', mode, ['production', 'development']);
  if (onReport !== undefined && typeof onReport !== 'function')
    throw new PawlError('BAD_ARGUMENT', `onReport is a function, got ${String(onReport)}`);
}

/** A whole number, or BAD_ARGUMENT. */
export function checked(name: string, value: number): number {
  if ((Number.isSafeInteger(value) || (name === 'preemptions' && value === Infinity)) && value >= 0) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number, zero or more, got ${String(value)}`);
}

/** A whole number of what none of would do nothing. */
function count(name: string, value: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  const bound = most === Number.MAX_SAFE_INTEGER ? '1 or more' : `from 1 to ${most}`;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number, ${bound}, got ${String(value)}`);
}

function positive(name: string, value: number): void {
  if (typeof value === 'number' && value > 0) return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a number above 0, got ${String(value)}`);
}

function oneOf(name: string, value: boolean | string | undefined, among: readonly (boolean | string)[]): void {
  if (value === undefined || among.includes(value)) return;
  throw new PawlError('BAD_ARGUMENT', `${name} is ${among.map(String).join(' or ')}, got ${String(value)}`);
}

function isListOfChoices(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !Number.isSafeInteger((value as { length?: unknown }).length))
    return false;
  return Array.from(value as ArrayLike<unknown>).every(
    (choice) => Number.isSafeInteger(choice) && (choice as number) >= 0,
  );
}
