/**
 * Suspicion: when a task begins to wait for other tasks, somebody looks whether one of them waits, in the end, for this one. The search is in
 * the layer of the locks, above, and comes in by a hook.
 *
 * What must hold: a wait for a task that is about to run costs one comparison more, and so does the end of a scope, as long as nobody had to
 * wait for a lock or for a task that waits itself.
 */
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';

type Look = (leaf: Future<unknown>, cx: Context) => void;

let look: Look | null = null;

/** Somebody has had to wait for a lock, or for a task that waits: the end of a scope may close a cycle. */
export let suspicious = false;

export function beSuspicious(): void {
  suspicious = true;
}

export function setLook(to: Look): void {
  look = to;
}

/** Called when `leaf`, which waits for tasks, has said PENDING for the first time. */
export function suspectTasks(leaf: Future<unknown>, cx: Context): void {
  look?.(leaf, cx);
}
