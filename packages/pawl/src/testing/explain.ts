/**
 * From a failed simulation to the error that tells of it: it is made again, made simpler, and told.
 *
 * What must hold: what is told is a run that has just been made and has failed in the same way. Where the world does not fail again, that is
 * said, and what was seen first is all that is known.
 */
import type { Strategy } from '../driver/sim/index.ts';
import type { Mode } from '../task/runtime.ts';
import { type CallSite, replayCommand } from './command.ts';
import { Narrator } from './narrator.ts';
import type { Plan } from './runs.ts';
import { encode, trimmed } from './schedule.ts';
import { type ShrinkOptions, type Shrunk, kindOf, shrink } from './shrink.ts';
import { SimFailure } from './sim-failure.ts';
import type { SimLimits, Simulation } from './simulation.ts';
import { timelineText } from './timeline.ts';

/** Turns before the end from which on everything is told. */
const TOLD = 100;

/** Characters of a schedule that a command may have. */
const LONGEST = 1000;

/** What may differ when a world is made again. */
export interface Again {
  readonly replay?: ArrayLike<number>;
  /** Makes the choices, instead. */
  readonly answers?: Strategy;
  readonly narrator?: Narrator;
  readonly mode?: Mode;
  readonly limits?: SimLimits;
}

/** `again` makes the world of `first` once more. `replayed`: its choices were given, and are not to be made simpler. */
export function* explain(
  first: Simulation,
  again: (how: Again) => Simulation,
  site: CallSite,
  options: ShrinkOptions | false,
  replayed: boolean,
): Plan<SimFailure> {
  const { error } = first.outcome!;
  const { seed } = first.sim;
  let { turns } = first.sim;
  let choices = trimmed(first.sim.decisions.record());
  let shrunk: Shrunk | null = null;
  // A run that is as long as is allowed takes too long to be made often.
  if (options !== false && !replayed && (error as { code?: unknown } | null)?.code !== 'SIM_LIMIT') {
    const second = again({});
    yield second;
    if (!sameFailure(first, second)) return unrepeatable(first);
    const limits = { turns: 2 * turns + 10_000 };
    shrunk = yield* shrink(first, (answers) => again({ answers, limits }), options);
    ({ choices, turns } = shrunk);
  }
  // Development mode knows where tasks were spawned.
  const narrator = new Narrator(turns - TOLD, choices.length);
  const told = again({ replay: choices, narrator, mode: 'development' });
  yield told;
  if (shrunk === null && !sameFailure(first, told)) return unrepeatable(first);
  const alike = told.outcome?.failed === true && kindOf(told.outcome.error) === kindOf(error);
  const { sim, reports } = alike ? told : first;
  const cause = alike ? told.outcome!.error : error;
  const [timeline, dump] = alike ? [timelineText(narrator.entries, narrator.dropped), narrator.dump] : ['', ''];
  const report = [
    ...(timeline === '' ? [] : ['', `${headed(shrunk)}:`, timeline]),
    // A hang's message has them already.
    ...(dump === '' || (cause instanceof Error && cause.message.includes(dump))
      ? []
      : ['', 'The tasks when it failed:', dump]),
    '',
    ...commands(seed, choices, site),
  ].join('\n');
  return new SimFailure({ cause, seed, time: sim.time, choices, replays: true, reports, report, timeline, dump });
}

function sameFailure(first: Simulation, second: Simulation): boolean {
  return second.outcome?.failed === true && second.digest === first.digest;
}

function commands(seed: number, choices: Uint32Array, site: CallSite): string[] {
  const schedule = encode(choices);
  if (schedule.length > LONGEST)
    return ['It fails in the same way again with', `  ${replayCommand(seed, undefined, site)}`];
  return [
    `It fails in the same way again with PAWL_SEED=${seed} in the environment, and in the way told here with`,
    `  ${replayCommand(seed, schedule, site)}`,
  ];
}

function headed(shrunk: Shrunk | null): string {
  if (shrunk === null) return 'What happened';
  const { from, to, runs, done } = shrunk;
  const [choices, tried] = [counted(to, 'choice'), counted(runs, 'run')];
  return `What happened, with ${choices} other than the plain one (${from} at first; ${tried} tried to do with fewer${done ? '' : ', and more might'})`;
}

/** A failure as it was first seen. */
export function bare({ sim, outcome, reports }: Simulation, report = ''): SimFailure {
  const { seed, time, decisions } = sim;
  return new SimFailure({
    cause: outcome?.error,
    seed,
    time,
    choices: trimmed(decisions.record()),
    replays: false,
    reports,
    report,
  });
}

function unrepeatable(first: Simulation): SimFailure {
  const { seed } = first.sim;
  return bare(
    first,
    `Made again from the same seed, it went another way: the program depends on something that is not of this world. simulate({ seed: ${seed}, check: true }) says where.`,
  );
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count === 0 ? 'no' : count} ${what}s`;
}
