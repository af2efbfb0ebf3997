/** Tally: what came of the worlds of one `simulate`. */
import type { Simulation } from './simulation.ts';

/** What came of a {@link simulate} that did not fail. */
export interface SimulateReport {
  /** Seeds. */
  readonly seeds: number;
  /** Worlds: one for each seed, but for the strategy `'exhaustive'`, where it is all that there are. */
  readonly schedules: number;
  /** Milliseconds of their time, all together. */
  readonly time: number;
  readonly turns: number;
  readonly decisions: number;
  /** Of each world, what happened in it: the same on every machine. */
  readonly digests: readonly string[];
}

/** What of a world that has ended is counted. */
export type Counted = Pick<SimulateReport, 'time' | 'turns' | 'decisions'> & { readonly digest: string };

export class Tally {
  private readonly digests: string[] = [];
  private time = 0;
  private turns = 0;
  private decisions = 0;

  add({ sim, digest }: Simulation): void {
    this.count({ time: sim.time, turns: sim.turns, decisions: sim.decisions.count, digest });
  }

  count({ time, turns, decisions, digest }: Counted): void {
    this.time += time;
    this.turns += turns;
    this.decisions += decisions;
    this.digests.push(digest);
  }

  report(seeds: number): SimulateReport {
    const { digests, time, turns, decisions } = this;
    return { seeds, schedules: digests.length, time, turns, decisions, digests };
  }
}
