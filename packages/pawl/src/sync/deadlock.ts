/**
 * The search for deadlocks: when a wait begins for something whose holders are known, does any of them wait, in the end, for this wait?
 *
 * What must hold: what is reported is a cycle: none of the strands on it can go on by itself (a timeout around one of them may still
 * break it). So a strand counts as stuck only if what it awaits is known to be: a lock whose holder is stuck, a task that is, a scope
 * with such a child, a combinator all of whose branches are, timers apart. Whatever else it waits for, I/O or a message, may come. A
 * wait whose holder is free costs a walk down the holder's chain of awaits and allocates nothing; one that need not wait costs nothing.
 */
import { Branch } from '../future/branch.ts';
import { Combinator } from '../future/combinator.ts';
import type { Context, Waker } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { Queued } from '../future/wait-list.ts';
import { WAITING, Waiter } from '../future/waiter.ts';
import { leafOf } from '../task/await-tree.ts';
import type { DeadlockStep } from '../task/report.ts';
import type { Runtime } from '../task/runtime.ts';
import { ScopeBody } from '../task/scope-body.ts';
import { beSuspicious, setLook } from '../task/suspicion.ts';
import { Task } from '../task/task.ts';
import { Sleep } from '../time/sleep.ts';
import { living, strandOf, taskOf } from './strand.ts';

/** A search that has come across so many strands gives up: it runs at every contended wait. */
const MOST_STRANDS = 64;

interface Step {
  readonly waiter: Waker;
  readonly wait: WaitInfo;
  readonly holder: Waker;
  /** What is held may have been handed to another task. */
  readonly movable: boolean;
}

/** Which task has been told of which resource: a cycle that forms again after a timeout is not news. */
const told = new WeakMap<object, WeakSet<object>>();

/** Called when `leaf` has begun to wait. */
export function suspect(leaf: Waiter<unknown>, cx: Context): void {
  const start = leaf.waker as Waker;
  beSuspicious();
  // The usual case first: the holder sleeps, or waits for I/O, or is about to run.
  if (!leaf.clearlyFree(isFree, start)) look(leaf, start, cx);
}

/** The same when `leaf` waits for tasks: the one among them that waits for a lock may have begun to before. */
setLook((leaf, cx) => {
  beSuspicious();
  const start = strandOf(cx);
  const tasks = leaf instanceof ScopeBody ? leaf.scope.list : ((leaf as Partial<Waiting>)[waitInfo]?.().holders ?? []);
  if (!tasks.every((task) => isFree(task as Task<unknown>, start))) look(leaf, start, cx);
});

function look(leaf: Future<unknown>, start: Waker, cx: Context): void {
  const search = new Search(start);
  if (!search.stuckAt(start, leaf) || search.cycle === null) return;
  const { cycle } = search;
  if (cycle.some(({ movable, holder }) => movable && mayHaveGivenAway(holder, cx))) return;
  report(cx, cycle);
}

function isFree(holder: Waker | null, start: Waker): boolean {
  if (holder === null) return true;
  if (holder === start) return false;
  const strand = living(holder);
  if (taskOf(strand) === taskOf(start)) return false;
  const leaf = leafOf(awaitedBy(strand));
  if (leaf instanceof Waiter) return leaf.state !== WAITING;
  return !(leaf instanceof Combinator || leaf instanceof Task || leaf instanceof ScopeBody || leaf instanceof Queued);
}

/** What a strand runs; null for one that has ended, or of which nothing is known. */
function awaitedBy(strand: Waker): Future<unknown> | null {
  if (strand instanceof Branch) return strand.future;
  return strand instanceof Task ? strand.body : null;
}

class Search {
  private readonly start: Waker;
  /** The strands that are being polled, above the one that begins to wait: each with the combinator it awaits, and the next below it. */
  private readonly above = new Map<Waker, { readonly combinator: Combinator<unknown>; readonly below: Waker }>();
  /** What is known; true also of those that are being looked at. */
  private readonly known = new Map<Waker, boolean>();
  private readonly path: Step[] = [];
  /** The first way from the start back to it. */
  cycle: readonly Step[] | null = null;

  constructor(start: Waker) {
    this.start = start;
    for (let strand = start; strand instanceof Branch;) {
      const combinator = strand.owner as Combinator<unknown>;
      const below = strand;
      strand = strandOf(combinator.cx);
      this.above.set(strand, { combinator, below });
    }
  }

  private stuck(strand: Waker): boolean {
    if (strand === this.start) {
      this.cycle ??= [...this.path];
      return true;
    }
    const known = this.known.get(strand);
    if (known !== undefined) return known;
    if (this.known.size >= MOST_STRANDS) return false;
    this.known.set(strand, true);
    const stuck = this.look(strand);
    this.known.set(strand, stuck);
    return stuck;
  }

  private look(strand: Waker): boolean {
    const polled = this.above.get(strand);
    if (polled !== undefined) return this.stuckIn(strand, polled.combinator, polled.below);
    if (strand instanceof Task && (strand.finished || strand.state === 'running' || strand.state === 'cancelling'))
      return false;
    const leaf = leafOf(awaitedBy(strand));
    return leaf !== null && this.stuckAt(strand, leaf);
  }

  /** Whether a strand that waits at this leaf cannot go on. */
  stuckAt(strand: Waker, leaf: Future<unknown>): boolean {
    if (leaf instanceof Waiter) return leaf.state === WAITING && this.stuckOn(strand, leaf);
    if (leaf instanceof Combinator) return this.stuckIn(strand, leaf, null);
    if (leaf instanceof Task) return this.follow(strand, leaf[waitInfo](), leaf as Waker, false);
    if (leaf instanceof ScopeBody) {
      const wait = leaf[waitInfo]();
      return leaf.scope.list.some((child) => !child.daemon && this.follow(strand, wait, child, false));
    }
    return this.stuckOnTasks(strand, leaf);
  }

  private stuckOn(strand: Waker, leaf: Waiter<unknown>): boolean {
    const holders = leaf.holders();
    const { movable, anyHolder } = leaf;
    if (holders.length === 0) return false;
    const wait = (leaf as unknown as Waiting)[waitInfo]();
    const blocked = (holder: Waker): boolean => {
      if (movable && taskOf(holder) === taskOf(strand)) return false;
      const known = holder === this.start || this.above.has(holder);
      return this.follow(strand, wait, known ? holder : living(holder), movable);
    };
    return anyHolder ? holders.some(blocked) : holders.every(blocked);
  }

  /** Another layer's leaf, which names tasks. */
  private stuckOnTasks(strand: Waker, leaf: Future<unknown>): boolean {
    const wait = (leaf as Partial<Waiting>)[waitInfo]?.();
    const holders = wait?.holders ?? [];
    if (wait === undefined || holders.length === 0) return false;
    return holders.every((holder) => holder instanceof Task && this.follow(strand, wait, holder, false));
  }

  /** `below` is the branch that is being polled now: at its first poll it is in none of the combinator's places yet. */
  private stuckIn(strand: Waker, combinator: Combinator<unknown>, below: Waker | null): boolean {
    const wait = combinator[waitInfo]();
    let stuck = below !== null && this.follow(strand, wait, below, false);
    if (below !== null && !stuck) return false;
    for (const inner of combinator.pending) {
      if (inner === below || inner instanceof Sleep) continue;
      // One that has not been polled yet may be what goes on.
      if (!(inner instanceof Branch)) return false;
      if (inner.future instanceof Sleep) continue;
      if (!this.follow(strand, wait, inner, false)) return false;
      stuck = true;
    }
    return stuck;
  }

  private follow(waiter: Waker, wait: WaitInfo, holder: Waker, movable: boolean): boolean {
    this.path.push({ waiter, wait, holder, movable });
    const stuck = this.stuck(holder);
    this.path.pop();
    return stuck;
  }
}

/** A permit is often handed to a task that its holder has spawned: as long as there are such tasks nothing is proved. */
function mayHaveGivenAway(holder: Waker, cx: Context): boolean {
  const task = taskOf(holder);
  if (!(task instanceof Task)) return true;
  if (task.parent.runtime.root.size > 1 || (task.children?.size ?? 0) > 0) return true;
  for (let future = task.body; future !== null && future !== undefined;) {
    const frame = future as { readonly awaited?: Future<unknown> | null };
    if (future instanceof ScopeBody && future.scope.size > 0) return true;
    future = frame.awaited ?? null;
  }
  // The chain of the task that is being polled is not linked yet.
  return task === cx.task && cx instanceof ScopeBody && cx.scope.size > 0;
}

function report(cx: Context, cycle: readonly Step[]): void {
  const task = cx.task;
  if (!(task instanceof Task) || !isNews(cycle)) return;
  const steps = stepsOf(cycle);
  const lines = steps.map(({ task, waitsFor, heldBy }) => `  ${task} waits for ${waitsFor}, held by ${heldBy}`);
  const head = steps.length === 1 ? 'a task waits for itself' : `${steps.length} wait for each other`;
  (cx.runtime as Runtime).reportCycle(task, `DEADLOCK: ${head}:\n${lines.join('\n')}`, steps);
}

/** Remembers the waits of a cycle; false when all of them were told of before. */
function isNews(cycle: readonly Step[]): boolean {
  let news = false;
  for (const { waiter, wait } of cycle) {
    const task = taskOf(waiter);
    if (task === null || wait.resource === undefined) continue;
    const known = told.get(task);
    if (known?.has(wait.resource) === true) continue;
    news = true;
    if (known === undefined) told.set(task, new WeakSet([wait.resource]));
    else known.add(wait.resource);
  }
  return news;
}

/** One step for each task: how a task waits through its own branches is its own affair. */
function stepsOf(cycle: readonly Step[]): DeadlockStep[] {
  const steps: DeadlockStep[] = [];
  for (const { waiter, wait, holder } of cycle) {
    if (wait.branches !== undefined) continue;
    steps.push({ task: nameOf(waiter), waitsFor: wait.what, heldBy: nameOf(holder) });
  }
  return steps;
}

function nameOf(strand: Waker): string {
  const task = taskOf(strand);
  if (!(task instanceof Task)) return 'something that is no task';
  return task.site === undefined ? `"${task.name}"` : `"${task.name}" (spawned at ${task.site})`;
}
