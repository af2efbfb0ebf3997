/**
 * PctStrategy: tasks by priorities, which change at few, randomly chosen places ("probabilistic concurrency testing", Burckhardt and
 * others, ASPLOS 2010). A fault that takes `d` things in one particular order, of `n` tasks in `k` choices, is found with a probability of at
 * least 1 / (n * k^(d-1)), however many other choices there are: where a coin at each choice would hardly ever leave one task alone
 * for long, this does so all the time.
 *
 * What must hold:
 * - Of the ready tasks, and of the runtimes, the one with the highest priority has its turn. Priorities are drawn when a task is first
 *   seen; at each change point the one that would be next falls below all others. All else is left to chance, as in RandomStrategy.
 * - Nobody is starved, since a runtime promises that too: who has been preferred `PATIENCE` times falls below the others.
 * - The places of the changes depend on the seed alone, not on how long the run will be, which nobody knows: their logarithms are evenly
 *   spread, so that a change is as likely among the choices 16 to 31 as among 1024 to 2047.
 */
import type { Among } from '../driver.ts';
import { BUILT_IN, CLIENT, type Kind, TASK } from './kinds.ts';
import { Prng } from './prng.ts';
import { RandomStrategy } from './strategy.ts';

/** How often somebody is preferred to others that are ready before these have their turn. */
const PATIENCE = 100;

/** So many of those that are ready, from the first in line, are looked at: a choice must not cost the more the longer the line is. */
const WINDOW = 32;

/** The largest depth that a seed varies. */
const DEEPEST = 4;

/** The last choice at which a priority changes is below two to this power. */
const OCTAVES = 12;

interface Standing {
  priority: number;
  preferred: number;
}

export class PctStrategy extends RandomStrategy {
  private readonly prng: Prng;
  private readonly standings = new WeakMap<object, Standing>();
  /** At which choices the priorities change, in their order. */
  private readonly changes: number[];
  private choices = 0;
  private lowest = 0;

  /** `depth`: how many things happen in a particular order; one more than there are change points. Default: 1 to 4, by the seed. */
  constructor(seed: number, depth?: number) {
    super(seed);
    const prng = new Prng(seed, 'priorities');
    this.prng = prng;
    const drawn = 1 + prng.below(DEEPEST);
    const place = (): number => Math.floor(2 ** (OCTAVES * prng.float())) - 1;
    this.changes = Array.from({ length: (depth ?? drawn) - 1 }, place).sort((a, b) => a - b);
  }

  override pick(n: number, p: number, kind: Kind, among: Among | null): number {
    if (among === null || (kind !== BUILT_IN[TASK] && kind !== BUILT_IN[CLIENT])) return super.pick(n, p, kind, among);
    const { changes } = this;
    let place = this.foremost(n, among);
    for (const choice = this.choices++; changes.length > 0 && changes[0]! <= choice; place = this.foremost(n, among)) {
      changes.shift();
      this.demote(this.standing(among.at(place)));
    }
    const standing = this.standing(among.at(place));
    if (++standing.preferred >= PATIENCE) this.demote(standing);
    return place;
  }

  private foremost(n: number, among: Among): number {
    let [best, highest] = [0, -Infinity];
    for (let place = 0; place < n && place < WINDOW; place++) {
      const { priority } = this.standing(among.at(place));
      if (priority <= highest) continue;
      best = place;
      highest = priority;
    }
    return best;
  }

  private standing(of: object): Standing {
    let standing = this.standings.get(of);
    if (standing === undefined) this.standings.set(of, (standing = { priority: this.prng.float(), preferred: 0 }));
    return standing;
  }

  private demote(standing: Standing): void {
    standing.priority = --this.lowest;
    standing.preferred = 0;
  }
}
