/**
 * What development mode is told of futures that are made during its polls, so that it can report those that are never polled: coroutines,
 * and leaves that are awaited for what they do and not for a value, where a forgotten `yield*` shows nowhere else.
 *
 * What must hold: null in production mode and outside polls, so that making such a future costs one comparison more.
 */
import type { Future } from './future.ts';

/** A future that knows whether anybody has polled it yet. */
export interface Untouched extends Future<unknown> {
  readonly untouched: boolean;
}

export interface Creations {
  /** A call of `caller`, a function that `coroutine` has made, gave this future. */
  made(future: Untouched, caller: (...args: never) => unknown): void;
  /** A leaf was made, by a call like `what`: `sleep(…)`. */
  leaf(future: Untouched, what: string): void;
  /** The same as `made` of a function that was compiled, which calls `maker` itself. */
  madeWithin(future: Untouched, maker: (...args: never) => unknown): void;
  /** Somebody has taken the future over: whether it is ever polled is no longer its maker's affair. */
  taken(future: Future<unknown>): void;
  /** A coroutine of the current task has failed or is cancelled: what it has made it may have meant to await. */
  cutOff(): void;
}

export let creations: Creations | null = null;

export function setCreations(to: Creations | null): void {
  creations = to;
}
