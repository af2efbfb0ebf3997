/**
 * ScopeBody: drives a scope's body, then waits for the scope's children.
 *
 * What must hold: the body is polled first; when a child fails, the body is cancelled like the siblings. The outcome is delivered
 * when the body and every child have ended: the first failure with the others suppressed, else the body's value. Cancelled from
 * outside, body and children are cancelled at once, and it is done when all of them are.
 */
import type { Context, RuntimeRef, Waker } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from '../future/poll.ts';
import { current, setCurrent } from '../future/register.ts';
import { waitInfo, type WaitInfo } from '../future/wait-info.ts';
import type { Scope } from './scope.ts';
import { suspectTasks, suspicious } from './suspicion.ts';
import type { Task } from './task.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

const BODY = 0;
const CANCEL_BODY = 1;
const CHILDREN = 2;
const DONE = 3;

export class ScopeBody<T> extends Future<T> implements Context {
  private body: Future<T> | null;
  /** Makes the body at the first poll: within the scope, so that what it spawns on the way belongs there. */
  private readonly make: (() => Future<T>) | null;
  /** @internal */
  readonly scope: Scope;
  /** True when the scope is a task's own: the task itself is then the body's context. */
  private readonly implicit: boolean;
  private phase = BODY;
  private value: unknown = undefined;
  private polled = false;
  private outer: Context | null = null;
  private expired = false;
  private external = false;
  private deadline: Disposable | null = null;

  constructor(body: Future<T> | (() => Future<T>) | null, scope: Scope, implicit: boolean) {
    super();
    this.body = typeof body === 'function' ? null : body;
    this.make = typeof body === 'function' ? body : null;
    this.scope = scope;
    this.implicit = implicit;
    // A task wraps its body after having polled it.
    this.polled = implicit;
  }

  /** @internal The body's name. */
  get label(): string | undefined {
    return (this.body as { label?: string } | null)?.label;
  }

  /** @internal What is awaited now, for dumps. */
  get awaited(): Future<unknown> | null {
    return this.phase === CHILDREN ? null : this.body;
  }

  /** @internal Asked when the body has ended: the children are listed by their scope. */
  [waitInfo](): WaitInfo {
    const { size } = this.scope;
    return { what: size === 1 ? 'the end of its child' : `the end of its ${size} children` };
  }

  // ---- the body's context

  get waker(): Waker {
    return (this.outer as Context).waker;
  }

  get runtime(): RuntimeRef {
    return (this.outer as Context).runtime;
  }

  get task(): object {
    return (this.outer as Context).task;
  }

  get overdue(): boolean {
    return this.expired || (this.outer as Context).overdue;
  }

  nursery(): Scope {
    return this.scope;
  }

  collect(error: unknown): void {
    this.scope.fail(error);
  }

  armCleanup(expired: () => void): Disposable {
    const { runtime, terms } = this.scope;
    return runtime.armCleanup(expired, terms.cleanupTimeout);
  }

  reportOverrun(code: 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED'): void {
    const { runtime, terms } = this.scope;
    // Its own deadline has passed, or one further out that knows its time better.
    if (this.expired) runtime.reportOverrun(code, this.task as Task<unknown>, terms.cleanupTimeout);
    else (this.outer as Context).reportOverrun(code);
  }

  // ---- the future

  /** @internal The body has ended elsewhere. */
  settle(failed: boolean, value: unknown): void {
    if (failed) this.scope.fail(value);
    else this.value = value;
    this.childrenOnly();
  }

  override poll(cx: Context): Poll<T> {
    this.enter(cx);
    if (this.phase === BODY && this.pollBody(cx)) return PENDING;
    if (this.phase === DONE) throw alreadyCompleted('scope');
    if (this.phase === CANCEL_BODY) this.cancelBody();
    if (this.phase !== CHILDREN) return PENDING;
    if (this.waitForChildren() === PENDING) {
      if (suspicious) suspectTasks(this, cx);
      return PENDING;
    }
    const failures = this.finish();
    this.scope.throwFailures(failures);
    return this.value as T;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.phase === DONE) return undefined;
    this.enter(cx);
    if (!this.external) {
      this.external = true;
      this.scope.abortAll('the scope was cancelled');
      if (this.phase === BODY) this.phase = CANCEL_BODY;
    }
    if (this.phase === CANCEL_BODY) this.cancelBody();
    if (this.phase !== CHILDREN || this.waitForChildren() === PENDING) return PENDING;
    for (const failure of this.finish()) cx.collect(failure);
    return undefined;
  }

  private enter(cx: Context): void {
    if (this.outer !== cx) this.outer = cx;
    // A task's own scope has woken the task from the start.
    if (!this.implicit) this.scope.ownerWaker = cx.waker;
  }

  /** True when there is nothing to do but to wait for the body. */
  private pollBody(outer: Context): boolean {
    const { scope } = this;
    let value: unknown = PENDING;
    if (!scope.failed) {
      this.polled = true;
      try {
        // A task is its own body's context already: only a scope of its own needs the register changed.
        value = this.implicit ? this.made().poll(outer) : this.within((cx) => this.made().poll(cx));
      } catch (error) {
        scope.fail(error);
        this.childrenOnly();
        return false;
      }
    }
    if (value !== PENDING) {
      this.value = value;
      this.childrenOnly();
      return false;
    }
    // A child may have failed during this poll, and its wake of the owner merged with the running poll.
    if (scope.failed) this.phase = CANCEL_BODY;
    return !scope.failed;
  }

  private cancelBody(): void {
    if (this.polled) {
      try {
        if (this.within((cx) => this.made().cancel(cx)) === PENDING) {
          if (!this.bodyContext().overdue) {
            // A task's own scope lives by the task's deadline when the task is aborted; a failed scope needs one of its own.
            if (!this.external) this.deadline ??= this.armCleanup(() => this.expire());
            return;
          }
          this.reportOverrun('CLEANUP_ABANDONED');
        }
      } catch (error) {
        this.scope.fail(error);
      }
    }
    this.childrenOnly();
  }

  /** @internal The cleanup deadline has passed. */
  expire(): void {
    this.expired = true;
    this.waker.wake();
  }

  private childrenOnly(): void {
    this.phase = CHILDREN;
    this.scope.waiting = true;
    this.scope.abortDaemons();
  }

  private waitForChildren(): Poll<void> {
    const { scope } = this;
    if (scope.idle && scope.size > 0) scope.abortDaemons();
    if (scope.size > 0 && this.overdue) scope.expire();
    return scope.size > 0 ? PENDING : undefined;
  }

  private finish(): unknown[] {
    this.phase = DONE;
    this.deadline?.[Symbol.dispose]();
    this.deadline = null;
    return this.scope.close();
  }

  private bodyContext(): Context {
    if (!this.implicit) return this;
    // The body of a task's own scope keeps the task as its context, so that its wakers stay the task itself.
    return this.expired ? this : (this.outer as Context);
  }

  private made(): Future<T> {
    return (this.body ??= (this.make as () => Future<T>)());
  }

  private within<R>(step: (cx: Context) => R): R {
    const cx = this.bodyContext();
    const previous = current;
    setCurrent(cx);
    try {
      return step(cx);
    } finally {
      setCurrent(previous);
    }
  }
}
