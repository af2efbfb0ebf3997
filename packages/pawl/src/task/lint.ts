/**
 * What development mode checks of a poll: futures written by hand are where wake-ups are lost.
 *
 * What must hold: a lint only reports; it changes nothing, and costs nothing in production mode.
 */
import type { Future } from '../future/future.ts';
import { setWakerTaken, wakerTaken } from '../future/register.ts';
import { ScopeBody } from './scope-body.ts';
import type { Task } from './task.ts';

/** The future at the end of the chain of awaits: what a suspended task really waits for. */
function leafOf(task: Task<unknown>): Future<unknown> | null {
  let future: Future<unknown> | null = task.body;
  for (let next = future; next !== null && next !== undefined;) {
    future = next;
    next = (next as { awaited?: Future<unknown> | null }).awaited ?? null;
  }
  return future;
}

/** Watches the polls of a runtime in development mode. */
export class Linter {
  /** What each task waited for after its last poll: only a future's first PENDING is judged, a later one may keep its waker. */
  private readonly leaves = new WeakMap<Task<unknown>, Future<unknown>>();

  /** Polls the task by `run`; gives the future that said PENDING without arranging a wake-up, if there is one. */
  watch(task: Task<unknown>, run: () => void): Future<unknown> | null {
    setWakerTaken(false);
    run();
    const { state } = task;
    if (state !== 'waiting' && state !== 'ready') return null;
    const leaf = leafOf(task);
    // The children of a task's own scope wake the task, whose waker they have had since they were spawned.
    if (leaf === null || leaf instanceof ScopeBody) return null;
    const known = this.leaves.get(task) === leaf;
    this.leaves.set(task, leaf);
    return known || wakerTaken || state === 'ready' ? null : leaf;
  }
}
