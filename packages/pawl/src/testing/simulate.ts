/** simulate: a test's function in many worlds, each made from a seed. */
import { PawlError } from '../error/index.ts';
import { callSite } from './command.ts';
import { inside } from './inside.ts';
import { carryOut } from './runs.ts';
import type { Scenario } from './simulation.ts';
import type { SimulateReport } from './tally.ts';
import { inThreads } from './threads.ts';
import { type SimulateOptions, worlds } from './worlds.ts';

/**
 * Runs a function in simulated worlds, one for each seed, and rejects with the first one that fails. The function is given its {@link World};
 * it and the hosts that it makes run programs that use `pawl`, `pawl/net`, `pawl/http` and the others as they do outside. In a world
 * everything that is left to chance comes from its seed: which task runs next, how long a packet travels, whether it is lost, how much of what
 * is there a read gets. The time of a world is its own: it stands still while anything can run, so that an hour of waiting takes no time.
 *
 * The world ends when the function does; what then still runs on its hosts is dropped, as by a crash. Promises work where nothing but
 * the world settles them.
 *
 * A world that fails is made again with fewer choices other than the plain ones, as long as it fails in the same way, and the error tells what
 * happened in the simplest one, with the command that makes it again: `PAWL_SEED=seed` or `PAWL_SEED=seed:schedule` in the environment, with which
 * only that world is made.
 *
 * The function may be given as the address of a module, of which it is the default export, or the one that the address names behind a `#`:
 * `new URL('./orders.ts#noneIsLost', import.meta.url)`. That is what other threads can load.
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
export async function simulate(options: SimulateOptions, scenario: Scenario | URL): Promise<SimulateReport> {
  const place = inside();
  if (place !== undefined) {
    const { name } = place.driver.machine;
    throw new PawlError(
      'SIM_REAL_WORLD',
      `simulate on the simulated host "${name}": a world cannot be made inside another`,
    );
  }
  const site = callSite();
  const tally =
    scenario instanceof URL || options?.threads !== undefined
      ? await inThreads(options, scenario, site)
      : await carryOut(worlds(options, scenario, site));
  return tally.report();
}
