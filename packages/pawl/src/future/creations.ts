/**
 * What development mode is told of coroutines that are made during its polls, so that it can report those that are never polled.
 *
 * What must hold: null in production mode and outside polls, so that a call of a coroutine costs one comparison more.
 */
import type { Future } from './future.ts';

export interface Creations {
  /** A call of `caller`, a function that `coroutine` has made, gave this future. */
  made(future: Future<unknown> & { readonly untouched: boolean }, caller: (...args: never) => unknown): void;
  /** Somebody has taken the future over: whether it is ever polled is no longer its maker's affair. */
  taken(future: Future<unknown>): void;
  /** A coroutine of the current task has failed or is cancelled: what it has made it may have meant to await. */
  cutOff(): void;
}

export let creations: Creations | null = null;

export function setCreations(to: Creations | null): void {
  creations = to;
}
