/** simulate: a test's function in many worlds, each made from a seed. */
import { PawlError } from '../error/index.ts';
import { sameAgain } from './determinism.ts';
import { inside } from './inside.ts';
import { carryOut, type Plan } from './runs.ts';
import { SimFailure } from './sim-failure.ts';
import { type Scenario, Simulation, type WorldOptions } from './simulation.ts';

/** Which worlds are made, and how. */
export interface SimulateOptions extends WorldOptions {
  /** How many worlds, of as many seeds. Default 100. */
  readonly seeds?: number;
  /** The first seed. Default 1. */
  readonly from?: number;
  /** The world of this seed only. */
  readonly seed?: number;
  /** The choices of a recorded run of `seed`: it is repeated, and goes on plainly where they end. */
  readonly replay?: ArrayLike<number>;
  /** Makes each world twice, and fails where they differ: with what both did there. Default false. */
  readonly check?: boolean;
}

/** What came of a {@link simulate} that did not fail. */
export interface SimulateReport {
  /** Worlds. */
  readonly seeds: number;
  /** Milliseconds of their time, all together. */
  readonly time: number;
  readonly turns: number;
  readonly decisions: number;
  /** Of each world, what happened in it: the same on every machine. */
  readonly digests: readonly string[];
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
  const place = inside();
  if (place !== undefined) {
    const { name } = place.driver.machine;
    return Promise.reject(
      new PawlError(
        'SIM_REAL_WORLD',
        `simulate on the simulated host "${name}": a world cannot be made inside another`,
      ),
    );
  }
  return carryOut(worlds(options, scenario));
}

function* worlds(options: SimulateOptions, scenario: Scenario): Plan<SimulateReport> {
  const seeds = seedsOf(options);
  if (typeof scenario !== 'function')
    throw new PawlError('BAD_ARGUMENT', 'simulate takes a function: it is called once for each world');
  const { check = false, replay } = options;
  const digests: string[] = [];
  let [time, turns, decisions] = [0, 0, 0];
  for (const seed of seeds) {
    const make = (at?: number, mode = options.mode): Simulation =>
      new Simulation(
        seed,
        scenario,
        { ...options, ...(mode === undefined ? {} : { mode }) },
        replay,
        check ? at : undefined,
      );
    const first = make(-1);
    yield first;
    if (first.outcome?.failed === true) {
      const again = make(-1, options.mode ?? 'development');
      yield again;
      throw failureOf(first, again);
    }
    if (check) yield* sameAgain(first, make);
    const { sim } = first;
    time += sim.time;
    turns += sim.turns;
    decisions += sim.decisions.count;
    digests.push(sim.decisions.digest.toString());
  }
  return { seeds: seeds.length, time, turns, decisions, digests };
}

/** `again` is the same world once more, in development mode, in which dumps say more. */
function failureOf(first: Simulation, again: Simulation): SimFailure {
  const replays = again.outcome?.failed === true && again.digest === first.digest;
  const { sim, outcome, reports } = replays ? again : first;
  const { seed, time, decisions } = sim;
  return new SimFailure({ cause: outcome?.error, seed, time, choices: decisions.record(), replays, reports });
}

function seedsOf({ seeds, from = 1, seed, replay }: SimulateOptions): number[] {
  if (replay !== undefined && seed === undefined)
    throw new PawlError('BAD_ARGUMENT', 'a replay is of one seed: say which');
  const forced = process.env['PAWL_SEED'];
  if (forced !== undefined && forced !== '' && replay === undefined) return [checked('PAWL_SEED', Number(forced))];
  if (seed !== undefined) return [checked('seed', seed)];
  const count = checked('seeds', seeds ?? 100);
  const first = checked('from', from);
  return Array.from({ length: count }, (_, i) => first + i);
}

function checked(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number, zero or more, got ${String(value)}`);
}
