/**
 * Misbehaviour: which of the places marked by `buggify` misbehave in one world, and when.
 *
 * What must hold: which names are on depends on the seed and the name alone. A name that is off is asked nothing, so that a world in which
 * most are off is little slower, and its record no longer.
 */
import { type Decisions, Prng } from '../driver/sim/index.ts';
import { PawlError } from '../error/index.ts';
import { inside } from './inside.ts';

/** The part of the worlds in which a name is on. */
const ON = 0.25;

export class Misbehaviour {
  private readonly decisions: Decisions;
  private readonly seed: number;
  /** The kind of decision of each name; -1 for those that are off. */
  private readonly kinds = new Map<string, number>();

  constructor(decisions: Decisions, seed: number) {
    this.decisions = decisions;
    this.seed = seed;
  }

  happens(name: string, probability: number): boolean {
    if (!(probability >= 0 && probability <= 1))
      throw new PawlError('BAD_ARGUMENT', `a probability is from 0 to 1, got ${String(probability)}`);
    let kind = this.kinds.get(name);
    if (kind === undefined) {
      const on = new Prng(this.seed, `buggify ${name}`).chance(ON);
      kind = on ? this.decisions.define(`whether it misbehaves: ${name}`, 'fault') : -1;
      this.kinds.set(name, kind);
    }
    return kind >= 0 && this.decisions.chance(probability, kind);
  }
}

/** Of the world in which the code that runs now is. */
export function misbehaves(name: string, probability: number): boolean {
  return inside()?.simulation.misbehaviour.happens(name, probability) ?? false;
}
