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
export type Counted = Pick<SimulateReport, 'time' | 'turns' | 'decisions'> & {
  readonly seed: number;
  readonly digest: string;
};

/** Worlds that have ended, in the order of their seeds. */
export class Tally {
  readonly worlds: Counted[] = [];

  add({ sim, digest }: Simulation): void {
    const { seed, time, turns, decisions } = sim;
    this.worlds.push({ seed, time, turns, decisions: decisions.count, digest });
  }

  report(): SimulateReport {
    let [time, turns, decisions] = [0, 0, 0];
    for (const world of this.worlds) {
      time += world.time;
      turns += world.turns;
      decisions += world.decisions;
    }
    const { worlds } = this;
    return {
      seeds: new Set(worlds.map(({ seed }) => seed)).size,
      schedules: worlds.length,
      time,
      turns,
      decisions,
      digests: worlds.map(({ digest }) => digest),
    };
  }
}
