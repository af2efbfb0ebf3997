/**
 * What is measured of each kind of concurrency, and how: so many of them are started, each up to its first suspension; they take turns, so many
 * rounds; they end. Figures are for one of them, in CPU time of all threads, and in memory while all are suspended: what V8's heap has grown by, or resident memory
 * for what lies outside of it.
 */

/** CPU time in nanoseconds, and bytes, of one of a population. */
export interface Figures {
  readonly start: number;
  readonly switch: number;
  readonly finish: number;
  readonly bytes: number;
}

/** Measures a population of `count`, of which each is switched `rounds` times. */
export type Kind = (count: number, rounds: number) => Promise<Figures>;

/** Takes the time between its calls, in ns of CPU. */
export class Stopwatch {
  #last: NodeJS.CpuUsage = process.cpuUsage();

  lap(): number {
    const { user, system } = process.cpuUsage(this.#last);
    this.#last = process.cpuUsage();
    return (user + system) * 1000;
  }

  /** Leaves out what has passed since the last lap. */
  reset(): void {
    this.#last = process.cpuUsage();
  }
}

/** Resident memory, after a collection. */
export function resident(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** What lives in V8's heap, and outside of it for its objects, after a collection. */
export function heap(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
