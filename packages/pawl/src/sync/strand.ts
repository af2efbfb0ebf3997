/**
 * Strand: what runs one thing after another, a task or one branch of a combinator; known by its waker. It is who holds a lock.
 *
 * What must hold: remembering who holds something costs one store. A branch that has ended has handed what it held to whoever awaits
 * its combinator (`using guard = yield* timeout(100, mutex.lock())`), so a holder is looked up through dead branches.
 */
import { Branch } from '../future/branch.ts';
import type { Context, Waker } from '../future/context.ts';
import { holdingsOf } from '../task/holdings.ts';
import { title } from './named.ts';
import { current, setWakerTaken, wakerTaken } from '../future/register.ts';

/** The strand that polls. Asking is not taking the waker: development mode would think that a wake-up was arranged. */
export function strandOf(cx: Context): Waker {
  const taken = wakerTaken;
  const { waker } = cx;
  setWakerTaken(taken);
  return waker;
}

/** The strand of the poll that is under way; null outside of one. */
export function currentStrand(): Waker | null {
  return current === null ? null : strandOf(current);
}

/** The strand that has what this one took. */
export function living(strand: Waker): Waker {
  let holder = strand;
  while (holder instanceof Branch && !holder.live) holder = strandOf(holder.owner.cx);
  return holder;
}

/** The task that a strand belongs to; null for a waker that is no task's. */
export function taskOf(strand: Waker): object | null {
  return (strand as { readonly task?: object }).task ?? null;
}

/** True once anything was noted: in production mode a release need not look (2 ns of a free lock's 45). */
let noting = false;

/** Development mode notes what the strand's task holds, until {@link forget}: a task that ends with it is reported. */
export function note(strand: Waker | null, holding: object, kind: string, name: string | undefined): void {
  if (strand === null) return;
  const holdings = holdingsOf(strand as unknown as Context);
  if (holdings === null) return;
  noting = true;
  holdings.take(taskOf(strand) as object, holding, title(kind, name));
}

export function forget(strand: Waker | null, holding: object): void {
  if (!noting || strand === null) return;
  holdingsOf(strand as unknown as Context)?.release(taskOf(strand) as object, holding);
}

/** Something held: who took it, and its neighbours among what is held of the same thing. */
export abstract class Holding {
  declare strand: Waker | null;
  declare before: Holding | null;
  declare after: Holding | null;

  constructor(strand: Waker | null) {
    this.strand = strand;
    this.before = null;
    this.after = null;
  }
}

/** What is held of one thing. */
export class Holdings {
  first: Holding | null = null;

  add(holding: Holding): void {
    const { first } = this;
    if (first !== null) {
      first.before = holding;
      holding.after = first;
    }
    this.first = holding;
  }

  remove(holding: Holding): void {
    const { before, after } = holding;
    if (before === null) this.first = after;
    else before.after = after;
    if (after !== null) after.before = before;
    holding.before = null;
    holding.after = null;
    holding.strand = null;
  }

  /** The holding strands, as they were when they took it; none when somebody holds it who is unknown (it was taken outside a poll). */
  strands(): Waker[] {
    const strands: Waker[] = [];
    for (let holding = this.first; holding !== null; holding = holding.after) {
      if (holding.strand === null) return [];
      strands.push(holding.strand);
    }
    return strands;
  }
}

/** The tasks of strands, each once: what a leaf tells of its holders. */
export function tasksOf(strands: readonly Waker[]): object[] {
  const tasks = new Set<object>();
  for (const strand of strands) {
    const task = taskOf(living(strand));
    if (task !== null) tasks.add(task);
  }
  return [...tasks];
}
