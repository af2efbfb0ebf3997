/** simulate: a test's function in many worlds, each made from a seed. */
import { PawlError } from '../error/index.ts';
import { type CallSite, callSite } from './command.ts';
import { sameAgain } from './determinism.ts';
import { nextRun } from './exhaustive.ts';
import { type Again, explain } from './explain.ts';
import { carryOut, type Plan } from './runs.ts';
import { decode, parseReplay } from './schedule.ts';
import type { ShrinkOptions } from './shrink.ts';
import { type Scenario, Simulation, type WorldOptions } from './simulation.ts';
import { strategyOf } from './strategies.ts';
import { Tally, type SimulateReport } from './tally.ts';

export type { SimulateReport } from './tally.ts';

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
  /** How much is spent on making a failure simpler. Default: 1000 runs and 10 s of real time. `false`: it is told as it came. */
  readonly shrink?: ShrinkOptions | false;
  /** Makes each world twice, and fails where they differ: with what both did there. Default false. */
  readonly check?: boolean;
}

/**
 * Runs a function in simulated worlds, one for each seed, and rejects with the first one that fails. The function is given its {@link World};
 * it and the hosts that it makes run programs that use `pawl`, `pawl/net`, `pawl/http` and the others as they do outside. In a world
 * everything that is left to chance comes from its seed: which task runs next, how long a packet travels, whether it is lost, how much of what
 * is there a read gets. The time of a world is its own: it stands still while anything can run, so that an hour of waiting takes no time.
 *
 * The world ends when the function does; what then still runs on its hosts is dropped, as by a crash. Promises work where nothing but
 * the world settles them.
 *
 * A world that fails is made once more, to see that it fails again in the same way, and in development mode, which tells more.
 *
 * With `PAWL_SEED` in the environment, only the world of that seed is made.
 *
 * Errors: SIM_FAILED, a {@link SimFailure}, whose cause is what was thrown in the world, or DEADLOCK, SIM_REAL_WORLD, SIM_LIMIT,
 * SIM_INVARIANT; BAD_ARGUMENT for bad options.
 *
 * @example
 * ```ts
 * import { channel, sleep, spawn } from 'pawl';
 * import { simulate } from 'pawl/testing';
 * const { seeds, time } = await simulate({ seeds: 50 }, function* () {
 *   const [sender, receiver] = channel<number>(1);
 *   spawn(function* () {
 *     for (let i = 0; i < 3; i++) yield* sender.send(i);
 *     sender.close();
 *   });
 *   yield* sleep(60_000);
 *   const seen: number[] = [];
 *   for (let i = 0; i < 3; i++) seen.push((yield* receiver.recv()) as number);
 *   if (seen.join() !== '0,1,2') throw new Error(`out of order: ${seen}`);
 * });
 * console.log(seeds, time >= 50 * 60_000); // 50 true
 * ```
 */
export function simulate(options: SimulateOptions, scenario: Scenario): Promise<SimulateReport> {
  return carryOut(worlds(options, scenario, callSite()));
}

function* worlds(options: SimulateOptions, scenario: Scenario, site: CallSite): Plan<SimulateReport> {
  if (typeof scenario !== 'function')
    throw new PawlError('BAD_ARGUMENT', 'simulate takes a function: it is called once for each world');
  const { check = false, shrink = {} } = options;
  const { seeds, replay } = seedsOf(options);
  const most = checked('preemptions', options.preemptions ?? 2);
  const schedules = checked('schedules', options.schedules ?? 100_000);
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
      if (first.outcome?.failed === true) throw yield* explain(first, make, site, shrink, replay !== undefined);
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
  return tally.report(seeds.length);
}

interface Chosen {
  readonly seeds: readonly number[];
  readonly replay: ArrayLike<number> | undefined;
}

function seedsOf({ seeds, from = 1, seed, replay, strategy }: SimulateOptions): Chosen {
  if (replay !== undefined && seed === undefined)
    throw new PawlError('BAD_ARGUMENT', 'a replay is of one seed: say which');
  const forced = process.env['PAWL_SEED'];
  if (forced !== undefined && forced !== '' && replay === undefined) {
    const { seed: only, choices } = parseReplay(forced);
    return { seeds: [only], replay: choices };
  }
  const given = typeof replay === 'string' ? decode(replay) : replay;
  if (seed !== undefined) return { seeds: [checked('seed', seed)], replay: given };
  const count = checked('seeds', seeds ?? (strategy === 'exhaustive' ? 1 : 100));
  const first = checked('from', from);
  return { seeds: Array.from({ length: count }, (_, i) => first + i), replay: undefined };
}

function checked(name: string, value: number): number {
  if ((Number.isSafeInteger(value) || (name === 'preemptions' && value === Infinity)) && value >= 0) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number, zero or more, got ${String(value)}`);
}
