/**
 * What development mode checks: wake-ups that futures written by hand lose, futures that are made and never polled, and what an ended
 * task still holds.
 *
 * What must hold: a lint only reports; it changes nothing, and costs nothing in production mode. Whether it reports depends on what the
 * program does, never on garbage collection.
 */
import type { Future } from '../future/future.ts';
import { setCreations } from '../future/creations.ts';
import { setWakerTaken, wakerTaken } from '../future/register.ts';
import { leafOf } from './await-tree.ts';
import { Holdings } from './holdings.ts';
import { ScopeBody } from './scope-body.ts';
import type { Task } from './task.ts';
import { type Forgotten, Unpolled } from './unpolled.ts';

/** What a task waits for, and since when. */
interface Wait {
  leaf: Future<unknown>;
  since: number;
}

/** Watches the polls of a runtime in development mode. */
export class Linter {
  readonly holdings: Holdings = new Holdings();
  readonly unpolled: Unpolled;
  /** Only a future's first PENDING is judged, a later one may keep its waker. */
  private readonly waits = new WeakMap<Task<unknown>, Wait>();

  constructor(forgotten: (what: Forgotten, task: Task<unknown>) => void) {
    this.unpolled = new Unpolled((what, task) => forgotten(what, task as Task<unknown>));
  }

  /** Polls the task by `run`; gives the future that said PENDING without arranging a wake-up, if there is one. `now` for `since`. */
  watch(task: Task<unknown>, now: number, run: () => void): Future<unknown> | null {
    setWakerTaken(false);
    setCreations(this.unpolled);
    try {
      run();
    } finally {
      setCreations(null);
    }
    const leaf = leafOf(task.body);
    if (leaf === null) return null;
    const wait = this.waits.get(task);
    if (wait?.leaf === leaf) return null;
    if (wait === undefined) this.waits.set(task, { leaf, since: now });
    else {
      wait.leaf = leaf;
      wait.since = now;
    }
    // The children of a task's own scope wake the task, whose waker they have had since they were spawned.
    if (task.state !== 'waiting' || leaf instanceof ScopeBody) return null;
    return wakerTaken ? null : leaf;
  }

  /** When the task began to wait for what it waits for, on the driver's clock. */
  since(task: Task<unknown>): number | undefined {
    const wait = this.waits.get(task);
    return wait !== undefined && wait.leaf === leafOf(task.body) ? wait.since : undefined;
  }
}
