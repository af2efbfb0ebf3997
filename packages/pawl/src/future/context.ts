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

declare const runtimeBrand: unique symbol;

/** The runtime behind a context. Opaque here: `driver` and `task` know what it is. */
export interface RuntimeRef {
  readonly [runtimeBrand]?: never;
}

/** A poll's context. Valid during the poll; only its `waker` may be kept. */
export interface Context {
  /** What to wake when the future can make progress. */
  readonly waker: Waker;
  /** The runtime that polls. Opaque: use the typed accessors of `driver`. */
  readonly runtime: RuntimeRef;
  /** @internal The scope that a plain `spawn` belongs to; opaque here. */
  readonly scope: unknown;
  /** @internal The innermost frame of the segment that was suspended last (adaptive leaf resume). */
  leaf: unknown;
  /** @internal True once the cleanup deadline has passed: every await throws CLEANUP_TIMEOUT at once. */
  readonly overdue: boolean;
}
