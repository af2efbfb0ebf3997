/**
 * Worlds: the plan of a `simulate`, seed by seed, and for the strategy `exhaustive` run by run.
 *
 * What must hold: which worlds are made depends on the options and the environment alone. The first that fails ends the plan.
 */
import { PawlError } from '../error/index.ts';
import { checked, checkOptions } from './checked-options.ts';
import type { CallSite } from './command.ts';
import { sameAgain } from './determinism.ts';
import { nextRun } from './exhaustive.ts';
import { type Again, bare, explain } from './explain.ts';
import type { Plan } from './runs.ts';
import { decode, parseReplay } from './schedule.ts';
import type { ShrinkOptions } from './shrink.ts';
import { type Scenario, Simulation, type WorldOptions } from './simulation.ts';
import { strategyOf } from './strategies.ts';
import { Tally } from './tally.ts';

/** Which worlds are made, how, and what is done about a failure. */
export interface SimulateOptions extends WorldOptions {
  /** How many worlds, of as many seeds. Default 100. */
  readonly seeds?: number;
  /** The first seed. Default 1. */
  readonly from?: number;
  /** The world of this seed only. */
  readonly seed?: number;
  /** The choices of a recorded run of `seed`, or its schedule: it is repeated, and goes on plainly where they end. */
  readonly replay?: ArrayLike<number> | string;
  /** Of the strategy `'exhaustive'`: how many choices of a run may be other than the plain one. Default 2; Infinity for all runs there are. */
  readonly preemptions?: number;
  /** Of the strategy `'exhaustive'`: runs at the most; a program that has more of them fails with SIM_LIMIT. Default 100,000. */
  readonly schedules?: number;
  /**
   * So many threads go through the seeds; what comes of it is the same, the first failure being that of the lowest seed. The function must
   * then be given as the address of the module that exports it. Default 1.
   */
  readonly threads?: number;
  /** How much is spent on making a failure simpler. Default: 1000 runs and 10 s of real time. `false`: it is told as it came. */
  readonly shrink?: ShrinkOptions | false;
  /** Makes each world twice, and fails where they differ: with what both did there. Default false. */
  readonly check?: boolean;
}

/** `site`: from where it was called, to tell how to repeat a failure; null: a failure is not explained. */
export function* worlds(options: SimulateOptions, scenario: Scenario, site: CallSite | null): Plan<Tally> {
  if (typeof scenario !== 'function')
    throw new PawlError('BAD_ARGUMENT', 'simulate takes a function: it is called once for each world');
  checkOptions(options);
  const { check = false, preemptions: most = 2, schedules = 100_000, shrink = {} } = options;
  const { seeds, replay } = seedsOf(options);
  const tally = new Tally();
  for (const seed of seeds) {
    const strategy = strategyOf(seed, options);
    let choices: ArrayLike<number> | undefined = replay;
    for (let run = 1; ; run++) {
      const make = ({ replay: own = choices, answers, narrator, mode, limits }: Again, lookAt?: number): Simulation =>
        new Simulation({
          seed,
          scenario,
          options: {
            ...options,
            strategy,
            mode: options.mode ?? mode ?? 'production',
            limits: { ...options.limits, ...limits },
          },
          replay: answers ?? own,
          lookAt,
          ...(narrator === undefined ? {} : { narrator }),
        });
      const first = make({}, check ? -1 : undefined);
      yield first;
      if (first.outcome?.failed === true)
        throw site === null ? bare(first) : yield* explain(first, make, site, shrink, replay !== undefined);
      if (check) yield* sameAgain(first, (at) => make({}, at));
      tally.add(first);
      if (strategy !== 'exhaustive' || replay !== undefined) break;
      const next = nextRun(first.sim.decisions, most);
      if (next === null) break;
      if (run >= schedules)
        throw new PawlError(
          'SIM_LIMIT',
          `seed ${seed} has more than ${schedules} schedules with at most ${most} preemptions, and none of these failed: make the program smaller, or raise \`schedules\``,
        );
      choices = next;
    }
  }
  return tally;
}

/** The seeds, and the choices of a run that is to be repeated. */
export interface Chosen {
  readonly seeds: readonly number[];
  readonly replay: ArrayLike<number> | undefined;
}

export function seedsOf({ seeds, from = 1, seed, replay, strategy }: SimulateOptions): Chosen {
  if (replay !== undefined && seed === undefined)
    throw new PawlError('BAD_ARGUMENT', 'a replay is of one seed: say which');
  const forced = process.env['PAWL_SEED'];
  if (forced !== undefined && forced !== '' && replay === undefined) {
    const { seed: only, choices } = parseReplay(forced);
    return { seeds: [only], replay: choices };
  }
  const given = typeof replay === 'string' ? decode(replay) : replay;
  if (seed !== undefined) return { seeds: [checked('seed', seed)], replay: given };
  const count = seeds ?? (strategy === 'exhaustive' ? 1 : 100);
  return { seeds: Array.from({ length: count }, (_, i) => from + i), replay: undefined };
}
