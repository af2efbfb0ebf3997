/**
 * What the sim suite measures, and what one operation is:
 *
 * - a simulated poll: a hundred tasks give way to each other; at each poll the world decides who is next (a coin, or by priorities), records it
 *   and mixes it into its digest. The first is what the bound of a million a second is about;
 * - a seed: making a small world (two producers, a channel, some timers), running it to its end, and the next;
 * - a second of a world's time in which three clients ask an HTTP server over a network of 0.5 to 2 ms, which works for 5 ms, and wait for
 *   100 ms before they ask again: some 27 requests, each with its TCP segments, parsed and written as ever.
 *
 * The bounds are the project's: 1,000,000 polls a second, a millisecond for a seed, a hundred times faster than real time.
 */

export const TASKS = 100;
/** Of a world's time. */
export const SECONDS = 10;
export const CLIENTS = 3;
/** Milliseconds between an answer and the next request. */
export const THINKING = 100;

export interface SimEntry {
  readonly title: string;
  readonly measure: string;
  readonly n: number;
  readonly operations: number;
  /** Of `limit` and of the figures. */
  readonly unit: string;
  /** Nanoseconds of a unit. */
  readonly scale: number;
  readonly limit: number;
}

export const ENTRIES: readonly SimEntry[] = [
  {
    title: 'a simulated poll, by a coin',
    measure: 'polls',
    n: 400_000,
    operations: 400_000,
    unit: 'ns CPU',
    scale: 1,
    limit: 1000,
  },
  {
    title: 'a simulated poll, by priorities',
    measure: 'priorities',
    n: 100_000,
    operations: 100_000,
    unit: 'ns CPU',
    scale: 1,
    limit: 1000,
  },
  {
    title: 'a seed of a small program',
    measure: 'seeds',
    n: 500,
    operations: 500,
    unit: 'µs CPU',
    scale: 1000,
    limit: 1000,
  },
  {
    title: 'a second of the HTTP example',
    measure: 'http',
    n: 4,
    operations: 4 * SECONDS,
    unit: 'ms CPU',
    scale: 1e6,
    limit: 10,
  },
];

/** What each measure must come to. */
export function expected({ measure, n }: SimEntry): number {
  return measure === 'seeds' ? n * 10 : n;
}
