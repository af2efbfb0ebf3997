/**
 * Strategies: which of them makes the choices of a seed's world, and how free that world is.
 *
 * What must hold: it depends on the seed and the options alone, so that a recorded run is asked the same questions when it is repeated.
 */
import {
  type Freedoms,
  PctStrategy,
  PLAIN,
  RandomStrategy,
  ReplayStrategy,
  type Strategy,
  swarm,
  withFreedoms,
} from '../driver/sim/index.ts';
import { PawlError } from '../error/index.ts';

/** Who makes the choices of a world. */
export type StrategyName = 'random' | 'pct' | 'exhaustive';

const NAMES: ReadonlySet<unknown> = new Set<StrategyName>(['random', 'pct', 'exhaustive']);

/** What the choices of one world follow from. */
export interface Picks {
  readonly seed: number;
  readonly strategy: StrategyName;
  readonly freedoms?: Partial<Freedoms> | 'plain';
  readonly depth?: number;
}

/** The strategy of a seed where the options do not say. */
export function strategyOf(seed: number, { strategy, freedoms }: Partial<Omit<Picks, 'seed'>>): StrategyName {
  if (strategy !== undefined && !NAMES.has(strategy))
    throw new PawlError('BAD_ARGUMENT', `the strategies are random, pct and exhaustive, not ${strategy}`);
  return strategy ?? (seed % 2 === 0 && freedoms !== 'plain' ? 'pct' : 'random');
}

export function freedomsOf({ seed, strategy, freedoms }: Picks): Freedoms {
  // Priorities are asked at each choice of a task; who goes through all orders goes through those of a quiet day.
  if (strategy === 'exhaustive' || freedoms === 'plain') {
    const order = strategy === 'random' ? 0 : 1;
    const base = { ...PLAIN, order, eventOrder: strategy === 'exhaustive' ? 1 : 0 };
    return freedoms === 'plain' ? base : withFreedoms(base, freedoms);
  }
  const base = swarm(seed);
  return withFreedoms(strategy === 'pct' ? { ...base, order: 1 } : base, freedoms);
}

export function strategyFor({ seed, strategy, depth }: Picks, replay?: ArrayLike<number> | Strategy): Strategy {
  if (depth !== undefined && !(Number.isSafeInteger(depth) && depth >= 1 && depth <= 1000))
    throw new PawlError('BAD_ARGUMENT', `depth is a whole number from 1 to 1000, got ${String(depth)}`);
  if (replay !== undefined) return 'length' in replay ? new ReplayStrategy(replay) : replay;
  if (strategy === 'random') return new RandomStrategy(seed);
  return strategy === 'pct' ? new PctStrategy(seed, depth) : new ReplayStrategy([]);
}
