/**
 * The check that a world made twice from one seed goes the same way twice.
 *
 * What must hold: the digests of both runs are equal, or the check fails and names the first place where they part. What is on the machine's
 * stack there is had by making both once more, up to that place; a program may part elsewhere then, so a few times.
 */
import { PawlError } from '../error/index.ts';
import type { Plan } from './runs.ts';
import { trimmed } from './schedule.ts';
import { SimFailure } from './sim-failure.ts';
import type { Simulation } from './simulation.ts';
import type { Sight, Trace } from './trace.ts';

/** How often two runs are made to meet them at the place where they part. */
const ATTEMPTS = 3;

/** Makes the world of `first` again, with `make`, and throws a SimFailure when it went another way. */
export function* sameAgain(first: Simulation, make: (at: number) => Simulation): Plan<void> {
  const second = make(-1);
  yield second;
  if (second.digest === first.digest && second.outcome?.failed === false) return;
  let place = partingOf(first, second);
  let pair: readonly [Simulation, Simulation] = [first, second];
  for (let attempt = 0; attempt < ATTEMPTS && place !== undefined; attempt++) {
    const [one, other] = [make(place), make(place)];
    yield one;
    yield other;
    const parted = partingOf(one, other);
    pair = [one, other];
    if (parted === place) break;
    // It happens to agree this time: what was seen at the first place says nothing.
    place = parted ?? place;
  }
  const { sim } = first;
  const cause = new PawlError('SIM_NONDETERMINISTIC', explained(place, pair));
  throw new SimFailure({
    cause,
    seed: sim.seed,
    time: sim.time,
    choices: trimmed(sim.decisions.record()),
    replays: false,
    reports: first.reports,
    report: 'A failure of it might not come again.',
  });
}

function partingOf(one: Simulation, other: Simulation): number | undefined {
  return (one.trace as Trace).parting(other.trace as Trace);
}

function explained(place: number | undefined, [one, other]: readonly [Simulation, Simulation]): string {
  const head =
    'made twice from one seed, the world went two ways: the program depends on something that is not of this world';
  if (place === undefined) return `${head}. They part after the last decision`;
  return `${head}. They part at decision ${place}:\n${seen('once', one.trace?.sight)}\n${seen('and once', other.trace?.sight)}\nThe tasks there, the first time:\n${one.trace?.sight?.tasks ?? 'none'}`;
}

function seen(when: string, sight: Sight | null | undefined): string {
  if (sight === null || sight === undefined) return `${when} nothing more happened there`;
  return `${when}, at ${sight.time.toFixed(3)} ms, ${sight.what}\n${sight.stack}`;
}
