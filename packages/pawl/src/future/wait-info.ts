/**
 * What a suspended future can say of its wait: read by dumps and by the search for deadlocks, without polling.
 *
 * What must hold: asking changes nothing and is legal at any time between polls.
 */
import type { Future } from './future.ts';

/** One of several futures that a combinator polls at once. */
export interface WaitBranch {
  /** Its name or number among the others. */
  readonly name: string;
  readonly future: Future<unknown>;
}

/** One wait: what for, and who could end it. */
export interface WaitInfo {
  /** A few words: `lock of mutex "users"`, `read from 127.0.0.1:4711`. */
  readonly what: string;
  /** The thing that is waited for, by identity, where several tasks can wait for the same one. */
  readonly resource?: object;
  /** The tasks that hold it, where that is known: only they can end the wait. */
  readonly holders?: readonly object[];
  /** Node's world ends it, not a task or a driver: a promise is waited for. */
  readonly outside?: boolean;
  /** When the wait ends by itself: on the driver's clock, in ms. */
  readonly deadline?: number;
  /** The futures among which the wait is divided: those of a combinator that are still pending. */
  readonly branches?: readonly WaitBranch[];
}

/**
 * The method by which a future tells what it waits for. It is optional, it is called by dumps only, and it must poll nothing.
 *
 * @example
 * ```ts
 * import { Future, PENDING, Runtime, ambientRuntime, shutdownAmbient, waitInfo, type Pending, type WaitInfo, type Waiting } from 'pawl';
 * class Forever extends Future<never> implements Waiting {
 *   poll(): Pending { return PENDING; }
 *   [waitInfo](): WaitInfo { return { what: 'the end of days' }; }
 * }
 * const runtime: Runtime = ambientRuntime();
 * runtime.spawn(new Forever(), { name: 'patient' });
 * console.log(runtime.dump().includes('patient')); // true
 * shutdownAmbient();
 * ```
 */
export const waitInfo: unique symbol = Symbol.for('pawl.waitInfo') as never;

/** A future that can tell what it waits for. */
export interface Waiting {
  [waitInfo](): WaitInfo;
}
