/**
 * PlatformSource: where the platform's time, randomness and timers come from while it is installed.
 *
 * What must hold:
 * - `active` says whether whoever calls now belongs to the source's world: only then is the source asked. In all other calls every function
 *   of the platform behaves as the original, so a test runner goes on beside it.
 * - Without `random` and `fill` the platform's randomness is left alone; without `refuse` nothing is refused; without `fatal` errors
 *   end the process as ever.
 */

/** What a source knows a timer by. One that is a number is also the number that the timer converts to. */
export type TimerToken = unknown;

/** How a timer is to be armed. */
export interface TimerTerms {
  /** An interval: fires again and again, every `delay` ms, until it is cleared. */
  readonly repeat: boolean;
  /** Nothing need wait for it. */
  readonly unref?: boolean;
}

/** What the platform follows while it is installed. See {@link installPlatform}. */
export interface PlatformSource {
  /** Whether the caller belongs to the source's world. Asked at every call, so it must be cheap. */
  active(): boolean;
  /** Milliseconds since the epoch; fractions are allowed. */
  wallTime(): number;
  /** Milliseconds on a clock that never goes back: `performance.now()`. */
  monotonic(): number;
  /** In [0, 1): `Math.random()`. */
  random?(): number;
  /** Random bytes: all of `node:crypto` and Web Crypto that draws any. */
  fill?(bytes: Uint8Array): void;
  /** Calls back once after so many ms (1 or more), or again and again. The callback may throw. */
  setTimer(callback: () => void, delay: number, terms: TimerTerms): TimerToken;
  /** Takes back a timer or an immediate; harmless when it has fired. */
  clearTimer(token: TimerToken): void;
  /** Changes what `unref` said of an armed timer. Where it is missing, `ref` and `unref` only remember what they were told. */
  refTimer?(token: TimerToken, on: boolean): void;
  /** Calls back soon, without letting time pass. */
  immediate(callback: () => void): TimerToken;
  /** Told what would end the process: an error thrown in a tick or a microtask, a rejection that nobody handles. */
  fatal?(error: unknown): void;
  /** Throws for a call of the platform that cannot follow: `fs.readFile`, `fetch`, … */
  refuse?(call: string): never;
}
