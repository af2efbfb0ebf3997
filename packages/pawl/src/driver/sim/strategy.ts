/**
 * Strategy: who answers the free choices of a run.
 *
 * What must hold: an answer depends on nothing but the strategy's own state and the question, so that a run can be repeated.
 */
import type { Among } from '../driver.ts';
import type { Kind, Stream } from './kinds.ts';
import { Prng } from './prng.ts';

export interface Strategy {
  /** A whole number in [0, n), for an `n` above 1. 0 is the plain behaviour. */
  choose(n: number, kind: Kind): number;
  /** Whether something out of the ordinary happens, whose probability is `p`. */
  chance(p: number, kind: Kind): boolean;
  /** As `choose`, and plain with probability 1 - `p`. `among`: what is chosen among, where it can be told apart. */
  pick(n: number, p: number, kind: Kind, among: Among | null): number;
}

/** Every choice by chance, each stream from the seed by itself. */
export class RandomStrategy implements Strategy {
  private readonly streams: Record<Stream, Prng>;

  constructor(seed: number) {
    this.streams = {
      schedule: new Prng(seed, 'schedule'),
      network: new Prng(seed, 'network'),
      fault: new Prng(seed, 'fault'),
    };
  }

  choose(n: number, kind: Kind): number {
    return this.streams[kind.stream].below(n);
  }

  chance(p: number, kind: Kind): boolean {
    return this.streams[kind.stream].chance(p);
  }

  pick(n: number, p: number, kind: Kind, _among: Among | null): number {
    const prng = this.streams[kind.stream];
    return p >= 1 || prng.chance(p) ? prng.below(n) : 0;
  }
}

/**
 * The choices of a recorded run, in their order; when they are used up, the plain behaviour. So a recorded run is made simpler by
 * dropping its tail, and by setting choices to 0. A number that is too large for its question (an earlier change has led elsewhere) counts
 * by its remainder.
 */
export class ReplayStrategy implements Strategy {
  private readonly choices: ArrayLike<number>;
  private at = 0;

  constructor(choices: ArrayLike<number>) {
    this.choices = choices;
  }

  choose(n: number): number {
    const value = this.choices[this.at++] ?? 0;
    return value < n ? value : value % n;
  }

  chance(): boolean {
    return (this.choices[this.at++] ?? 0) % 2 === 1;
  }

  pick(n: number): number {
    return this.choose(n);
  }
}
