/**
 * What an implementation (Pawl or a peer) exports to be measured, and what is said between the harness and the process that measures it.
 *
 * What must hold: implementations of one measure do the same work and return the same number, which the harness checks: a benchmark whose
 * loop was optimised away, or that skipped half of it, must not print a figure.
 */

/** Handed to a measure; only memory measures use it. */
export interface Meter {
  /** The population whose memory is asked for is alive now: collect garbage and weigh it. */
  weigh(): void;
}

/** Does `n` operations and returns a check sum (or a promise of one). */
export type Measure = (n: number, meter: Meter) => number | Promise<number>;

/** The default export of an implementation's module. */
export type Implementation = Readonly<Record<string, Measure>>;

/** What a measuring process is started with, as JSON in its first argument. */
export interface Assignment {
  /** URL of the implementation's module. */
  readonly module: string;
  readonly measure: string;
  readonly n: number;
  /** Calls in a row that make one timed run. */
  readonly repeat: number;
  /** Operations that one run counts for; the figures are divided by it. */
  readonly operations: number;
  readonly expected: number;
  /** CPU time to spend on runs before the first that counts. Default 1000. */
  readonly warmUpMs?: number;
  /** Time one run, or weigh its population. */
  readonly kind: 'time' | 'heap';
}

/** One run's figures for each operation: nanoseconds, or bytes. */
export interface Sample {
  /** Of all threads. */
  readonly cpu: number;
  /** Of the main thread. */
  readonly thread: number;
  readonly wall: number;
  readonly bytes: number;
}

/** From the measuring process: warm and waiting, or the figures of a run. */
export type Report = { readonly ready: true } | { readonly sample: Sample };
