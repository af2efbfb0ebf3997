/**
 * Scope: the tasks that belong together, and the law of their ends.
 *
 * What must hold: a scope ends when its children have ended. In an ordinary scope a failed child fails the scope: its siblings and
 * its body are cancelled and cleaned up, and the first failure is thrown to the owner with the others suppressed. In a supervising
 * scope the handle throws, and a failure that nobody has awaited by the scope's end is thrown there. A child that was aborted fails
 * nobody. Nothing depends on garbage collection.
 */
import { PawlError } from '../error/index.ts';
import type { Waker } from '../future/context.ts';
import { toFuture, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { combine } from '../future/suppressed.ts';
import { appendSpawn } from '../future/trace.ts';
import { ChildList } from './child-list.ts';
import type { Runtime } from './runtime.ts';
import type { JoinHandle } from './join-handle.ts';
import { Task } from './task.ts';
import type { Terms } from './terms.ts';

/** How a task is spawned. */
export interface SpawnOptions {
  /** Shown in dumps, reports and errors. Default: the coroutine's own name. */
  readonly name?: string;
  /** Cancelled, instead of waited for, when the scope's body is done. */
  readonly daemon?: boolean;
}

/** Unobserved failures that a supervising scope keeps; of any more, only the number. */
const MAX_UNOBSERVED = 1000;

/** What the body of `scope` or `supervise` is given: where its children are spawned. */
export class Scope {
  readonly runtime: Runtime;
  readonly supervising: boolean;
  /** @internal Its deadlines: its own, or those of the scope around it. */
  readonly terms: Terms;
  /** @internal What to wake when a child's end may concern the owner. */
  ownerWaker: Waker;
  private readonly children = new ChildList();
  /** Children that are waited for. */
  private ordinary = 0;
  private daemons = 0;
  private failures: unknown[] = [];
  private unobserved: Task<unknown>[] = [];
  private dropped = 0;
  /** @internal The body has ended, or is to be cancelled. */
  private aborting: { reason: unknown } | null = null;
  /** @internal Its end has been delivered. */
  closed = false;
  /** @internal The owner's body has ended and it waits for the children. */
  waiting = false;
  /** @internal Told of each failure of a supervised child, which then counts as observed. */
  onFailure: ((error: unknown, task: JoinHandle<unknown>) => void) | undefined;

  constructor(runtime: Runtime, supervising: boolean, ownerWaker: Waker, terms: Terms) {
    this.runtime = runtime;
    this.supervising = supervising;
    this.terms = terms;
    this.ownerWaker = ownerWaker;
  }

  /** True once a child has failed an ordinary scope. */
  get failed(): boolean {
    return this.failures.length > 0;
  }

  /** Children that have not ended, daemons included. */
  get size(): number {
    return this.children.size;
  }

  /** @internal True when only daemons are left. */
  get idle(): boolean {
    return this.ordinary === 0;
  }

  /** Spawns a child. Throws SCOPE_CLOSED after the scope has ended, NOT_A_FUTURE for anything but a future or a function that makes one. */
  spawn<T>(what: Future<T> | Body<[], T>, options?: SpawnOptions): JoinHandle<Flattened<T>> {
    return this.adopt(toFuture(what), options) as JoinHandle<unknown> as JoinHandle<Flattened<T>>;
  }

  /** @internal A scope for the children of one of its own children: a task knows what a scope does, not how one is made. */
  nested(owner: Waker): Scope {
    return new Scope(this.runtime, false, owner, this.terms);
  }

  /** @internal */
  adopt<T>(future: Future<T>, options: SpawnOptions | undefined): Task<T> {
    if (this.closed)
      throw new PawlError('SCOPE_CLOSED', 'spawn into a scope that has ended: its tasks would belong to nobody');
    const daemon = options?.daemon === true;
    const task = new Task(future, this, daemon);
    this.children.add(task);
    if (daemon) this.daemons++;
    else this.ordinary++;
    this.runtime.started(task, options?.name);
    if (this.aborting === null) task.wake();
    else task.abort(this.aborting.reason);
    return task;
  }

  /** @internal */
  childEnded(task: Task<unknown>, failed: boolean): void {
    this.children.remove(task);
    if (task.daemon) this.daemons--;
    else this.ordinary--;
    this.runtime.ended(task);
    if (failed) this.childFailed(task);
    if (this.waiting && this.ordinary === 0) this.ownerWaker.wake();
  }

  private childFailed(task: Task<unknown>): void {
    if (this.runtime.mode === 'development') appendSpawn(task.outcome, task);
    if (!this.supervising) {
      task.observe();
      this.fail(task.outcome);
      return;
    }
    if (this.onFailure !== undefined) {
      task.observe();
      try {
        this.onFailure(task.outcome, task);
      } catch (error) {
        this.fail(error);
      }
    } else if (!task.observed) {
      // What has been received meanwhile need not be kept: this list stays as short as the failures nobody has looked at.
      if (this.unobserved.length >= MAX_UNOBSERVED) this.unobserved = this.unobserved.filter((kept) => !kept.observed);
      if (this.unobserved.length < MAX_UNOBSERVED) this.unobserved.push(task);
      else {
        this.dropped++;
        task.count();
      }
    }
  }

  /** @internal A failure that was only counted has been received. */
  uncount(): void {
    this.dropped--;
  }

  /** @internal A failure of a child or of the body: the first one cancels everybody else. */
  fail(error: unknown): void {
    this.failures.push(error);
    if (this.failures.length === 1) {
      this.abortAll(new PawlError('CANCELLED', 'a sibling failed', { cause: error }));
      this.ownerWaker.wake();
    }
  }

  /** @internal A failure that concerns nobody any more, because the scope itself has been cancelled. */
  withdraw(error: unknown): void {
    this.failures = this.failures.filter((failure) => failure !== error);
  }

  /** @internal Aborts every child, and whatever is spawned from now on. */
  abortAll(reason: unknown): void {
    this.aborting ??= { reason };
    for (const task of this.children.toArray()) task.abort(reason);
  }

  /** @internal The body is done: daemons have nothing left to serve. */
  abortDaemons(): void {
    if (this.daemons === 0) return;
    for (const task of this.children.toArray()) if (task.daemon) task.abort('the scope is done');
  }

  /** @internal The cleanup deadline has passed: ends every child now. */
  expire(): void {
    for (const task of this.children.toArray()) task.expire();
  }

  /** @internal After the end: the failures that the owner must receive. Closes the scope. */
  close(): unknown[] {
    this.closed = true;
    const failures = this.failures;
    for (const task of this.unobserved) if (!task.observed) failures.push(task.outcome);
    if (this.dropped > 0)
      failures.push(new Error(`${this.dropped} more supervised tasks failed and were never awaited`));
    this.unobserved = [];
    return failures;
  }

  /** @internal Throws what {@link close} found. */
  throwFailures(failures: readonly unknown[]): void {
    if (failures.length > 0) throw combine(failures);
  }

  /** The children that have not ended, in the order of their spawning. */
  tasks(): readonly JoinHandle<unknown>[] {
    return this.children.toArray();
  }

  /** @internal */
  get list(): readonly Task<unknown>[] {
    return this.children.toArray();
  }
}
