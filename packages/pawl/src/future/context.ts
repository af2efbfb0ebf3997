/**
 * What a poll is given: the waker to store, and the runtime that is polling.
 *
 * What must hold: a future that returns PENDING has stored `cx.waker` (or knows that somebody will wake it). Waking is
 * idempotent while the task is queued, legal during its own poll, and safe after its end.
 */

/** Wakes whatever polled a future: its task, or one branch of a combinator. Compare wakers by identity. */
export interface Waker {
  /** Ask for another poll. Cheap, idempotent, never throws. Call it on the thread that owns it. */
  wake(): void;
}

/** The runtime behind a context. Opaque here: `driver` and `task` know what it is. */
export type RuntimeRef = object;

/** A poll's context. Valid during the poll; only its `waker` may be kept. */
export interface Context {
  /** What to wake when the future can make progress. */
  readonly waker: Waker;
  /** The runtime that polls. Opaque: use the typed accessors of `driver`. */
  readonly runtime: RuntimeRef;
  /** @internal True once the cleanup deadline has passed: a cancelled coroutine's awaits throw CLEANUP_TIMEOUT at once. */
  readonly overdue: boolean;
  /** @internal The task within which this poll happens, by identity: whoever takes a lock is remembered by it. */
  readonly task: object;
  /** @internal The scope that a plain `spawn` during this poll belongs to; opaque here. */
  nursery(): unknown;
  /** @internal Takes an error that a cleanup threw; the owner of the cancellation receives it as a SuppressedError. */
  collect(error: unknown): void;
  /** @internal Arms the runtime's cleanup deadline; `expired` is called once when it passes. Dispose of the result to disarm. */
  armCleanup(expired: () => void): Disposable;
  /** @internal Reports that a cleanup overran its deadline or was left behind. */
  reportOverrun(code: 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED'): void;
}
