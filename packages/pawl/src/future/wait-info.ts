/**
 * What a suspended leaf future can say of its wait: read by dumps and by the search for deadlocks, without polling.
 *
 * What must hold: asking changes nothing and is legal at any time between polls.
 */

/** One wait: what for, and who could end it. */
export interface WaitInfo {
  /** A few words: `sleep until 12,034 ms`, `lock of mutex "users"`, `read from 127.0.0.1:4711`. */
  readonly what: string;
  /** The thing that is waited for, by identity, where several tasks can wait for the same one. */
  readonly resource?: object;
  /** The tasks that hold it, where that is known: only they can end the wait. */
  readonly holders?: readonly object[];
}

/** The method by which a leaf tells; optional, and cheap only to ask. */
export const waitInfo: unique symbol = Symbol.for('pawl.waitInfo') as never;

/** A future that can tell what it waits for. */
export interface Waiting {
  [waitInfo](): WaitInfo;
}
