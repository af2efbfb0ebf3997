/**
 * Coroutines that were made by a task and never polled by its end: most often a forgotten `yield*`.
 *
 * What must hold: each is judged when the task that made it has ended, once. Where a coroutine of the task has failed or was cancelled, what
 * was made before is forgiven: it may have been meant to be awaited later. What was spawned, given to a combinator or used as a promise counts as taken. Each place of a program is reported once. A task that
 * goes on for long is judged in between, when it has left a thousand of them behind.
 */
import type { Creations } from '../future/creations.ts';
import { current } from '../future/register.ts';
import type { Future } from '../future/future.ts';
import { lineOf } from './site.ts';

type Made = Future<unknown> & { readonly untouched: boolean; readonly label?: string };

interface Note {
  readonly future: Made;
  /** Its stack is formatted when it is asked for. */
  readonly holder: { stack?: unknown };
}

/** What is reported of one place. */
export interface Forgotten {
  readonly name: string;
  readonly site: string | undefined;
}

/** Notes that a task may collect before those that have been polled meanwhile are thrown out. */
const FEW = 64;
/** As many unpolled ones are no longer meant to be polled. */
const MANY = 1000;

export class Unpolled implements Creations {
  private readonly notes = new WeakMap<object, Note[]>();
  private readonly handed = new WeakSet<Future<unknown>>();
  private readonly reported = new Set<string>();
  private readonly report: (forgotten: Forgotten, task: object) => void;

  constructor(report: (forgotten: Forgotten, task: object) => void) {
    this.report = report;
  }

  made(future: Made, caller: (...args: never) => unknown): void {
    // Past the deadline of a cleanup no await polls anything.
    if (current === null || current.overdue) return;
    const holder: Note['holder'] = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 1;
    Error.captureStackTrace(holder, caller);
    Error.stackTraceLimit = limit;
    const { task } = current;
    const notes = this.notes.get(task);
    if (notes === undefined) this.notes.set(task, [{ future, holder }]);
    else if (notes.push({ future, holder }) % FEW === 0) this.prune(task, notes);
  }

  taken(future: Future<unknown>): void {
    this.handed.add(future);
  }

  cutOff(): void {
    if (current !== null) this.notes.delete(current.task);
  }

  /** The task has ended: what it has left unpolled is reported. */
  ended(task: object): void {
    const notes = this.notes.get(task);
    if (notes === undefined) return;
    this.notes.delete(task);
    this.judge(task, notes);
  }

  private prune(task: object, notes: Note[]): void {
    const left = notes.filter((note) => this.isForgotten(note));
    if (left.length < MANY) {
      this.notes.set(task, left);
      return;
    }
    this.notes.delete(task);
    this.judge(task, left);
  }

  private judge(task: object, notes: readonly Note[]): void {
    for (const note of notes) {
      if (!this.isForgotten(note)) continue;
      const { label: name = 'coroutine' } = note.future;
      const site = lineOf(note.holder);
      const key = `${name} ${site}`;
      if (this.reported.has(key)) continue;
      this.reported.add(key);
      this.report({ name, site }, task);
    }
  }

  private isForgotten({ future }: Note): boolean {
    // `then` covers the future's own methods.
    return future.untouched && !this.handed.has(future) && !Object.hasOwn(future, 'poll');
  }
}
