/**
 * Coroutines and leaves that were made by a task and never polled by its end: most often a forgotten `yield*`.
 *
 * What must hold: each is judged when the task that made it has ended, once. Where a coroutine of the task has failed or was cancelled, what
 * was made before is forgiven: it may have been meant to be awaited later. What was spawned, given to a combinator or used as a promise
 * counts as taken. Each place of a program is reported once; of a leaf the first report has no place, those after it have theirs. A task
 * that goes on for long is judged in between, when it has left a thousand of them behind.
 */
import type { Creations, Untouched } from '../future/creations.ts';
import { current } from '../future/register.ts';
import type { Future } from '../future/future.ts';
import { foreignLineOf } from './site.ts';

interface Note {
  readonly future: Untouched;
  /** How a leaf is made; a coroutine has its name. */
  readonly what: string | null;
  /** Its stack is formatted when it is asked for. */
  readonly holder: Holder | null;
}

type Caller = (...args: never) => unknown;

interface Holder {
  stack?: unknown;
}

/** What is reported of one place. */
export interface Forgotten {
  readonly what: string;
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
  /** Leaves of which one was forgotten. */
  private readonly suspected = new Set<string>();
  private readonly report: (forgotten: Forgotten, task: object) => void;

  constructor(report: (forgotten: Forgotten, task: object) => void) {
    this.report = report;
  }

  made(future: Untouched, caller: Caller): void {
    this.note(future, null, stackAfter(caller, 3));
  }

  madeWithin(future: Untouched, maker: Caller): void {
    const inner = stackAfter(maker, 4);
    // The first line is the compiled function's own.
    this.note(future, null, {
      get stack() {
        return typeof inner.stack === 'string' ? inner.stack.replace(/^ {4}at .*\n/m, '') : undefined;
      },
    });
  }

  leaf(future: Untouched, what: string): void {
    // Its place is asked for once such a one was forgotten: with a stack, a message costs six times what it does without.
    // oxlint-disable-next-line typescript/unbound-method -- where the stack is to begin, never called
    this.note(future, what, this.suspected.has(what) ? stackAfter(this.leaf, 5) : null);
  }

  private note(future: Untouched, what: string | null, holder: Holder | null): void {
    // Past the deadline of a cleanup no await polls anything.
    if (current === null || current.overdue) return;
    const note: Note = { future, what, holder };
    const { task } = current;
    const notes = this.notes.get(task);
    if (notes === undefined) this.notes.set(task, [note]);
    else if (notes.push(note) % FEW === 0) this.prune(task, notes);
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
      const { label = 'coroutine' } = note.future as { readonly label?: string };
      const what = note.what ?? `coroutine "${label}"`;
      if (note.what !== null) this.suspected.add(note.what);
      const site = siteOf(note);
      const key = `${what} ${site}`;
      if (this.reported.has(key)) continue;
      this.reported.add(key);
      this.report({ what, site }, task);
    }
  }

  private isForgotten({ future }: Note): boolean {
    // `then` covers the future's own methods.
    return future.untouched && !this.handed.has(future) && !Object.hasOwn(future, 'poll');
  }
}

function siteOf({ holder }: Note): string | undefined {
  return holder === null ? undefined : foreignLineOf(holder);
}

function stackAfter(caller: Caller, frames: number): Holder {
  const holder: Holder = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  Error.captureStackTrace(holder, caller);
  Error.stackTraceLimit = limit;
  return holder;
}
