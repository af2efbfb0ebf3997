/**
 * Snapshot: the live tree of a runtime's tasks as data, with the await tree inside each.
 *
 * What must hold: nothing is polled and nothing of the program's changes. A task keeps its number from the first snapshot that shows it.
 */
import type { Future } from '../future/future.ts';
import type { Place } from '../future/place.ts';
import { awaitsOf, leafOf, type Await } from './await-tree.ts';
import { locate } from './location.ts';
import type { Scope } from './scope.ts';
import type { TaskState } from './join-handle.ts';
import { Task } from './task.ts';

/** How long a task has waited, in ms. Not `exact` where only the time since an earlier snapshot is known. */
export interface Waited {
  readonly ms: number;
  readonly exact: boolean;
}

/** A task that has not ended. */
export interface TaskSnapshot {
  /** Numbers count from 1 in each runtime, in the order in which snapshots have met its tasks. */
  readonly id: number;
  readonly name: string;
  readonly state: TaskState;
  readonly daemon: boolean;
  /** Where it was spawned, in development mode. */
  readonly site: string | undefined;
  /** How long it has waited for what it waits for. Undefined: unknown, or not waiting. */
  readonly waited: Waited | undefined;
  /** From the task's body down to what really waits; only the last one has branches. */
  readonly awaits: readonly AwaitSnapshot[];
  readonly children: readonly TaskSnapshot[];
}

/** One future in a task's await tree. */
export interface AwaitSnapshot {
  /** A coroutine's name, or what a leaf waits for. */
  readonly name: string;
  /** True when it waits itself; false when it only awaits the next one. */
  readonly leaf: boolean;
  /** True when it waits for something of Node's world: a promise. */
  readonly outside: boolean;
  /** Where a coroutine stands, as `file:line:column`. */
  readonly line: string | undefined;
  /** Milliseconds until the wait ends by itself. */
  readonly dueIn: number | undefined;
  /** The tasks that alone can end the wait. The `id` is undefined for a task of another runtime. */
  readonly holders: readonly { readonly id: number | undefined; readonly name: string }[];
  /** A combinator's pending branches. */
  readonly branches: readonly { readonly name: string; readonly awaits: readonly AwaitSnapshot[] }[];
}

/** Coroutines whose places one snapshot asks for: 0.15 ms each, with the program standing still. */
const MOST_LINES = 1000;

interface Raw {
  readonly task: Task<unknown>;
  readonly awaits: readonly Await[];
  readonly children: readonly Raw[];
}

/** Takes the snapshots of one runtime, and remembers between them what they need: the tasks' numbers, and what each waited for. */
export class Snapshots {
  private readonly ids = new WeakMap<object, number>();
  private last = 0;
  private readonly seen = new WeakMap<Task<unknown>, { leaf: Future<unknown> | null; at: number }>();
  /** When a task began to wait for what it waits for, where that is known. */
  private readonly since: ((task: Task<unknown>) => number | undefined) | null;

  constructor(since: ((task: Task<unknown>) => number | undefined) | null) {
    this.since = since;
  }

  /** `now` on the driver's clock. */
  take(root: Scope, now: number): TaskSnapshot[] {
    const raw = this.collect(root);
    const places = placesOf(raw);
    return raw.map((task) => this.show(task, now, places));
  }

  /** The numbers of the tasks that {@link take} would show. Costs none of its lines. */
  numbers(root: Scope): number[] {
    const numberOf = ({ task, children }: Raw): number[] => [
      this.ids.get(task) as number,
      ...children.flatMap((child) => numberOf(child)),
    ];
    return this.collect(root).flatMap((raw) => numberOf(raw));
  }

  /** A task that has none yet gets the next one. */
  numberOf(task: object): number {
    let id = this.ids.get(task);
    if (id === undefined) this.ids.set(task, (id = ++this.last));
    return id;
  }

  private collect(scope: Scope): Raw[] {
    return scope.list.map((task) => {
      this.numberOf(task);
      const scopes = new Set<Scope>();
      const awaits = awaitsOf(task.body, scopes);
      if (task.children !== null) scopes.add(task.children);
      return { task, awaits, children: [...scopes].flatMap((inner) => this.collect(inner)) };
    });
  }

  private show({ task, awaits, children }: Raw, now: number, places: ReadonlyMap<object, Place>): TaskSnapshot {
    const { name, state, daemon, site } = task;
    return {
      id: this.ids.get(task) as number,
      name,
      state,
      daemon,
      site,
      waited: state === 'waiting' || state === 'cancelling' ? this.waited(task, now) : undefined,
      awaits: awaits.map((one) => this.showAwait(one, now, places)),
      children: children.map((child) => this.show(child, now, places)),
    };
  }

  private showAwait(one: Await, now: number, places: ReadonlyMap<object, Place>): AwaitSnapshot {
    const { name, steps, inner, wait, branches } = one;
    const place = one.place ?? (steps === null ? undefined : places.get(steps));
    return {
      // A generator function that was run as it is has its name from the engine only.
      name: wait?.what ?? (name === 'coroutine' ? (place?.name ?? name) : name),
      leaf: !inner && steps === null && one.place === null,
      outside: wait?.outside === true,
      line: place?.line,
      dueIn: wait?.deadline === undefined ? undefined : Math.max(wait.deadline - now, 0),
      holders: (wait?.holders ?? []).map((holder) => ({
        id: this.ids.get(holder),
        name: holder instanceof Task ? holder.name : holder.constructor.name,
      })),
      branches: branches.map((branch) => ({
        name: branch.name,
        awaits: branch.awaits.map((awaited) => this.showAwait(awaited, now, places)),
      })),
    };
  }

  private waited(task: Task<unknown>, now: number): Waited | undefined {
    const since = this.since?.(task);
    if (since !== undefined) return { ms: now - since, exact: true };
    // No clock is read at a poll in production: an earlier snapshot is what bears witness.
    const leaf = leafOf(task.body);
    const before = this.seen.get(task);
    if (before !== undefined && before.leaf === leaf) return { ms: now - before.at, exact: false };
    this.seen.set(task, { leaf, at: now });
    return undefined;
  }
}

/** Where the innermost coroutine of a task is suspended. */
export function standsAt(task: Task<unknown>): string | undefined {
  return placeOf(task.body)?.line;
}

/** The innermost coroutine under a future, and where it is suspended. */
export function placeOf(future: Future<unknown> | null): Place | undefined {
  const innermost = awaitsOf(future, new Set()).findLast((one) => one.steps !== null || one.place !== null);
  if (innermost === undefined) return undefined;
  const { place, steps } = innermost;
  return place === null && steps !== null ? locate([steps])[0] : (place ?? undefined);
}

function placesOf(tasks: readonly Raw[]): Map<object, Place> {
  const steps: object[] = [];
  const visit = (awaits: readonly Await[]): void => {
    for (const one of awaits) {
      if (one.steps !== null) steps.push(one.steps);
      for (const branch of one.branches) visit(branch.awaits);
    }
  };
  const visitTask = ({ awaits, children }: Raw): void => {
    visit(awaits);
    for (const child of children) visitTask(child);
  };
  for (const task of tasks) visitTask(task);
  const asked = steps.slice(0, MOST_LINES);
  const found = locate(asked);
  const places = new Map<object, Place>();
  for (const [index, place] of found.entries()) if (place !== undefined) places.set(asked[index] as object, place);
  return places;
}
