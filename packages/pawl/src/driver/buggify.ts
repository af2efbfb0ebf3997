/**
 * buggify: a place where the program under test volunteers to misbehave (the word, and the idea, are FoundationDB's).
 *
 * What must hold: outside of a simulated world it is false, and costs a comparison. It stands here, below all that may want it, and knows
 * nothing of simulations: whoever simulates fills the hook.
 */

/** Whether the simulated world in which the caller is says so; false where it is in none. */
export type Misbehaviour = (name: string, probability: number) => boolean;

let hook: Misbehaviour | null = null;

/** @internal Null: there is no simulated world on this thread. */
export function setBuggify(misbehaves: Misbehaviour | null): void {
  hook = misbehaves;
}

/**
 * True now and then in a simulated world, false everywhere else: for what is legal and seldom happens, so that tests meet it. A cache that
 * is full, a batch of one, a connection that is given up although it might be reused, a timeout that is much too short.
 *
 * In a quarter of the worlds a name is on, by the seed, and each call is then true with `probability` (0 to 1, default 0.25). It is a choice of the
 * world: a replay repeats it, and what has nothing to do with a failure is left out of its report. BAD_ARGUMENT, in a simulated world, for
 * a probability that is none.
 *
 * @example
 * ```ts
 * import { buggify } from 'pawl';
 * const batch = buggify('tiny batches') ? 1 : 100;
 * console.log(batch); // 100
 * ```
 */
export function buggify(name: string, probability = 0.25): boolean {
  return hook !== null && hook(name, probability);
}
