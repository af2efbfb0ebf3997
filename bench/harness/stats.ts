/**
 * The arithmetic of the harness.
 *
 * What must hold: a ratio compares figures that were taken next to each other. On a shared machine the clock speed, the caches and the
 * neighbours change from second to second, so a figure alone says little; two figures of one round were taken under the same weather.
 *
 * Why the median of paired ratios: noise here is neither one-sided (a minimum would be right) nor independent between rounds (a ratio of
 * two medians would be right); it comes in phases of seconds that hit both sides of a round alike. One implementation against itself, six
 * times seven rounds on two shared cores, strayed from 1 by (root mean square, ping-pong of two tasks, thread CPU time): paired 2.7 %,
 * medians 3.1 %, minima 3.6 %. The rest is the luck of a process, which only more processes average out (see `rounds.ts`).
 */

/** The middle value; the mean of the two middle ones for an even count. Throws on an empty list: a median of nothing is a bug. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of no values');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/** The median of `ours[i] / theirs[i]`, where index `i` is one round. A round that only one side has is left out. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  const ratios: number[] = [];
  const rounds = Math.min(ours.length, theirs.length);
  for (let round = 0; round < rounds; round++) ratios.push(ours[round]! / theirs[round]!);
  return median(ratios);
}
