/**
 * Task: a future that the executor polls, which is also its own waker, its own context and its own join handle.
 *
 * What must hold: a task is queued at most once; a wake during its own poll queues it again; a wake after its end does nothing.
 * Cancel beats a wake that has not been polled yet and takes effect at the next suspension. A task has ended when its body has and
 * all its children have. Awaiting a handle may be repeated, and by several tasks; ceasing to await it stops nothing.
 *
 * One object for four roles, and side data in `extra`, because a parked task's size is a bound of the project: 8 fields.
 */
import { PawlError } from '../error/index.ts';
import type { DriverHolder } from '../driver/driver.ts';
import type { Context, RuntimeRef, Waker } from '../future/context.ts';
import { Future } from '../future/future.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from '../future/poll.ts';
import { setWakerTaken } from '../future/register.ts';
import { suppress, combine } from '../future/suppressed.ts';
import { waitInfo, type WaitInfo } from '../future/wait-info.ts';
import { appendCaller } from '../future/trace.ts';
import type { JoinHandle, TaskState } from './join-handle.ts';
import type { Scope } from './scope.ts';
import { ScopeBody } from './scope-body.ts';
import { lineOf, type SpawnSite } from './site.ts';
import { suspectTasks } from './suspicion.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

const QUEUED = 1;
const RUNNING = 2;
const ABORTED = 4; // abort was asked for
const CANCELLING = 8; // the body has been polled through cancel
const OK = 16;
const FAILED = 32;
const CANCELLED = 64;
const DAEMON = 128;
const OBSERVED = 256; // somebody has received the failure
const OVERDUE = 512;
const SCOPED = 1024; // the body is wrapped, because the task has children
const STARTED = 2048;
const COUNTED = 4096; // its scope remembers the failure only by number
const ENDED = OK | FAILED | CANCELLED;

/** What few tasks need: kept beside the task. */
interface Extra {
  /** The scope of the task's own children, made by its first plain `spawn`. */
  children: Scope | null;
  name: string | undefined;
  site: SpawnSite | undefined;
  errors: unknown[] | null;
  deadline: Disposable | null;
}

export class Task<T> extends Future<T> implements JoinHandle<T>, Context, Waker {
  /** @internal */
  body: Future<T> | null;
  private flags: number;
  private result: unknown = undefined;
  private waiters: Waker | Set<Waker> | null = null;
  /** @internal The scope that it is a child of. */
  readonly parent: Scope;
  /** @internal Its neighbours among the parent's children. */
  previous: Task<unknown> | null = null;
  /** @internal */
  following: Task<unknown> | null = null;
  private extra: Extra | null = null;

  constructor(body: Future<T>, parent: Scope, daemon: boolean) {
    super();
    this.body = body;
    this.parent = parent;
    this.flags = daemon ? DAEMON : 0;
  }

  // ---- handle

  get name(): string {
    const label = (this.body as { label?: string } | null)?.label;
    return this.extra?.name ?? label ?? (this.body === null ? 'task' : this.body.constructor.name);
  }

  /** @internal */
  get site(): string | undefined {
    const site = this.extra?.site;
    return site === undefined ? undefined : lineOf(site);
  }

  /** @internal */
  describe(name: string | undefined, site: SpawnSite | undefined): void {
    const extra = this.side();
    extra.name = name ?? (this.body as { label?: string } | null)?.label;
    extra.site = site;
  }

  get state(): TaskState {
    const { flags } = this;
    if ((flags & OK) !== 0) return 'done';
    if ((flags & FAILED) !== 0) return 'failed';
    if ((flags & CANCELLED) !== 0) return 'cancelled';
    if ((flags & RUNNING) !== 0) return 'running';
    if ((flags & ABORTED) !== 0) return 'cancelling';
    return (flags & QUEUED) === 0 ? 'waiting' : 'ready';
  }

  get finished(): boolean {
    return (this.flags & ENDED) !== 0;
  }

  get daemon(): boolean {
    return (this.flags & DAEMON) !== 0;
  }

  /** @internal True once a failure has been received by somebody. */
  get observed(): boolean {
    return (this.flags & OBSERVED) !== 0;
  }

  /** @internal */
  observe(): void {
    if ((this.flags & (OBSERVED | COUNTED)) === COUNTED) this.parent.uncount();
    this.flags |= OBSERVED;
  }

  /** @internal Its scope has counted the failure instead of keeping it, and wants to hear if somebody receives it. */
  count(): void {
    this.flags |= COUNTED;
  }

  /** @internal The value or the error, after the end. */
  get outcome(): unknown {
    return this.result;
  }

  abort(reason?: unknown): void {
    if ((this.flags & (ENDED | ABORTED)) !== 0) return;
    this.flags |= ABORTED;
    this.result = reason;
    this.wake();
  }

  /** @internal Its owner's cleanup deadline has passed: ends now, whatever it takes. */
  expire(): void {
    if ((this.flags & (ENDED | RUNNING)) !== 0) return;
    this.flags |= ABORTED | OVERDUE;
    this.parent.runtime.enter(this);
  }

  override poll(cx: Context): Poll<T> {
    const { flags, parent } = this;
    if ((cx.runtime as DriverHolder).driver !== parent.runtime.driver) {
      throw new PawlError(
        'WRONG_RUNTIME',
        `task "${this.name}" belongs to another driver: await it on the thread and in the world where it was spawned`,
      );
    }
    if ((flags & ENDED) !== 0) {
      if ((flags & OK) !== 0) return this.result as T;
      this.observe();
      appendCaller(this.result, true);
      throw this.result;
    }
    if (cx === (this as Context)) throw new PawlError('DEADLOCK', `task "${this.name}" awaits itself`);
    this.addWaiter(cx.waker);
    if ((flags & (QUEUED | RUNNING)) === 0) suspectTasks(this, cx);
    return PENDING;
  }

  /** Stops waiting; the task goes on. */
  override cancel(cx: Context): Poll<void> {
    const { waiters } = this;
    if (waiters === cx.waker) this.waiters = null;
    else if (waiters instanceof Set) waiters.delete(cx.waker);
    return undefined;
  }

  /** A promise of the outcome. A handle is not consumed by it: it may still be awaited, here and elsewhere. */
  // oxlint-disable-next-line unicorn/no-thenable -- a handle is a PromiseLike, as every future
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.settled().then(onFulfilled, onRejected);
  }

  /** @internal Settles with the task's outcome, which then counts as observed. */
  settled(): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        this.observe();
        if (this.parent.runtime.muted) return;
        if ((this.flags & OK) !== 0) resolve(this.result as T);
        else reject(this.result);
      };
      if (this.finished) settle();
      else this.addWaiter({ wake: settle });
    });
  }

  /** @internal */
  addWaiter(waker: Waker): void {
    const { waiters } = this;
    if (waiters === null) this.waiters = waker;
    else if (waiters instanceof Set) waiters.add(waker);
    else if (waiters !== waker) this.waiters = new Set([waiters, waker]);
  }

  /** @internal What whoever awaits this handle waits for. */
  [waitInfo](): WaitInfo {
    return { what: `the end of task "${this.name}"`, resource: this, holders: [this] };
  }

  // ---- waker

  wake(): void {
    const { flags } = this;
    if ((flags & (QUEUED | ENDED)) !== 0) return;
    this.flags = flags | QUEUED;
    this.parent.runtime.enqueue(this);
  }

  // ---- context

  get waker(): Waker {
    setWakerTaken(true);
    return this;
  }

  get runtime(): RuntimeRef {
    return this.parent.runtime;
  }

  /** @internal */
  get task(): object {
    return this;
  }

  /** @internal */
  get overdue(): boolean {
    return (this.flags & OVERDUE) !== 0;
  }

  /** @internal The scope of its own children, if it has spawned any. */
  get children(): Scope | null {
    return this.extra === null ? null : this.extra.children;
  }

  /** @internal */
  nursery(): Scope {
    const scope = (this.side().children ??= this.parent.nested(this));
    // What a cancelled task's cleanup spawns is aborted at once, as in any scope that is being cancelled.
    if ((this.flags & CANCELLING) !== 0) scope.abortAll(this.result);
    return scope;
  }

  /** @internal */
  collect(error: unknown): void {
    (this.side().errors ??= []).push(error);
  }

  /** @internal */
  armCleanup(expired: () => void): Disposable {
    return this.parent.runtime.armCleanup(expired, this.parent.terms.cleanupTimeout);
  }

  /** @internal */
  reportOverrun(code: 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED'): void {
    this.parent.runtime.reportOverrun(code, this, this.parent.terms.cleanupTimeout);
  }

  // ---- executor

  /** @internal Polled by the executor, with this task as the current context. */
  run(): void {
    const { flags } = this;
    if ((flags & (ABORTED | ENDED)) !== 0) {
      // Woken during the poll that ended it, or ended by its owner while it was queued.
      if ((flags & ENDED) !== 0) return;
      this.flags = (flags & ~QUEUED) | RUNNING | STARTED;
      this.runCancel((flags & STARTED) !== 0);
      return;
    }
    this.flags = (flags & ~QUEUED) | RUNNING | STARTED;
    let value: Poll<T>;
    try {
      value = (this.body as Future<T>).poll(this);
    } catch (error) {
      this.bodyEnded(true, error);
      return;
    }
    if (value !== PENDING) {
      this.bodyEnded(false, value);
      return;
    }
    const left = (this.flags &= ~RUNNING);
    // What is rare is a call: within the turn's loop the engine inlines only so much (5 % of a ping-pong).
    if ((left & ABORTED) !== 0 || (this.extra !== null && (left & SCOPED) === 0)) this.suspended(left);
  }

  /** Suspended, and aborted meanwhile, or with something beside it. */
  private suspended(flags: number): void {
    if (this.children !== null && (flags & SCOPED) === 0) {
      this.flags |= SCOPED;
      this.body = new ScopeBody(this.body, this.children, true);
      // A child may have failed within the poll that spawned it.
      if (this.children.failed) this.wake();
    }
    if ((flags & ABORTED) !== 0) this.wake();
  }

  private bodyEnded(failed: boolean, value: unknown): void {
    this.flags &= ~RUNNING;
    const { children } = this;
    if (children === null || (this.flags & SCOPED) !== 0) {
      const errors = this.extra?.errors;
      const whole = failed && errors !== null && errors !== undefined ? suppress(value, combine(errors)) : value;
      return this.end(failed ? FAILED : OK, whole);
    }
    this.outlive(children, failed, value);
    this.flags |= RUNNING;
    this.run();
  }

  private runCancel(started: boolean): void {
    const body = this.body as Future<T>;
    this.flags |= CANCELLING;
    if (started) {
      if (this.children !== null && (this.flags & SCOPED) === 0) {
        this.flags |= SCOPED;
        this.body = new ScopeBody(body, this.children, true);
      }
      if (this.cancelBody() === PENDING) {
        if (!this.overdue) {
          this.flags &= ~RUNNING;
          this.side().deadline ??= this.armCleanup(() => {
            this.flags |= OVERDUE;
            this.wake();
          });
          return;
        }
        this.reportOverrun('CLEANUP_ABANDONED');
      }
    }
    this.flags &= ~RUNNING;
    const reason = this.result;
    const cancelled = new PawlError('CANCELLED', `task "${this.name}" was aborted${because(reason)}`, {
      cause: reason,
    });
    const errors = this.extra?.errors;
    if (errors === null || errors === undefined) this.end(CANCELLED, cancelled);
    else this.end(FAILED, suppress(cancelled, combine(errors)));
  }

  private cancelBody(): Poll<void> {
    try {
      if ((this.body as Future<T>).cancel(this) === PENDING) return PENDING;
    } catch (error) {
      this.collect(error);
    }
    const { children } = this;
    if (children === null || (this.flags & SCOPED) !== 0) return undefined;
    // The cleanup itself has spawned them.
    this.outlive(children, false, undefined);
    return (this.body as Future<T>).cancel(this);
  }

  /** The body has ended and its children have not: the task goes on until they have. */
  private outlive(children: Scope, failed: boolean, value: unknown): void {
    this.flags |= SCOPED;
    const scoped = new ScopeBody<T>(null, children, true);
    scoped.settle(failed, value);
    this.body = scoped;
  }

  private end(how: number, value: unknown): void {
    this.flags |= how;
    this.result = value;
    const { extra, waiters } = this;
    if (extra !== null) {
      extra.deadline?.[Symbol.dispose]();
      extra.deadline = null;
      extra.children = null;
      extra.name ??= (this.body as { label?: string }).label;
    }
    this.body = null;
    this.waiters = null;
    this.parent.childEnded(this, how === FAILED);
    if (waiters instanceof Set) for (const waiter of waiters) waiter.wake();
    else if (waiters !== null) waiters.wake();
  }

  private side(): Extra {
    return (this.extra ??= { children: null, name: undefined, site: undefined, errors: null, deadline: null });
  }
}

function because(reason: unknown): string {
  if (reason === undefined) return '';
  if (reason instanceof Error) return `: ${reason.message}`;
  return typeof reason === 'string' ? `: ${reason}` : '';
}
