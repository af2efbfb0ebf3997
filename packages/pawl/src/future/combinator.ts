/**
 * Combinator: polls several futures concurrently in one task until one of them, or all of them, decide the outcome.
 *
 * What must hold: futures are first polled in order; the first that decides ends it. The losers that were polled are cancelled,
 * all at once, and have finished their cleanup before the outcome is delivered. An error in a loser's cleanup is suppressed by the
 * outcome's error, or, where the outcome is a value, thrown in its place: it is never lost. Cleanup is bounded by the runtime's deadline.
 */
import { PawlError } from '../error/index.ts';
import { Branch, type BranchOwner } from './branch.ts';
import type { Context } from './context.ts';
import { alreadyCompleted, Future } from './future.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from './poll.ts';
import { combine, suppress } from './suppressed.ts';
import { creations } from './creations.ts';
import { type WaitBranch, waitInfo, type WaitInfo } from './wait-info.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

const START = 0;
const RUNNING = 1;
const CLOSING = 2;
const DONE = 3;

/** What a combinator throws that is given something else. */
export function notAFuture(what: string, value: unknown): PawlError {
  return new PawlError('NOT_A_FUTURE', `${what} is not a future but ${typeof value}`);
}

/** What an ended combinator has: to set an array's length to 0 costs more than a small one. */
const NOTHING: never[] = [];

export abstract class Combinator<R> extends Future<R> implements BranchOwner {
  declare private context: Context | null;
  declare private phase: number;
  /** Each future until it is first polled; its branch while it is pending; null afterwards. */
  declare private slots: (Future<unknown> | Branch | null)[];
  declare private live: number;
  declare private head: Branch | null;
  declare private tail: Branch | null;
  declare private outcome: unknown;
  declare private failed: boolean;
  declare private errors: unknown[] | null;
  declare private deadline: Disposable | null;
  declare private closing: boolean;
  /** @internal */
  declare overdue: boolean;

  /**
   * An array that is handed over is kept, not copied, and whoever hands it over has seen that it holds futures: a fifth of a select of
   * two, because V8 inlines a constructor that is as short as this.
   */
  constructor(futures: Iterable<Future<unknown>>, handedOver = false) {
    super();
    this.context = null;
    this.phase = START;
    this.slots = handedOver ? (futures as Future<unknown>[]) : this.checked([...futures]);
    this.live = 0;
    this.head = null;
    this.tail = null;
    this.outcome = undefined;
    this.failed = false;
    this.errors = null;
    this.deadline = null;
    this.closing = false;
    this.overdue = false;
  }

  private checked(slots: readonly unknown[]): Future<unknown>[] {
    for (let at = 0; at < slots.length; at++)
      if (!(slots[at] instanceof Future)) throw notAFuture(`${this.label}: item ${at}`, slots[at]);
    const futures = slots as Future<unknown>[];
    if (creations !== null) checkDistinct(this.label, futures);
    return futures;
  }

  /** @internal The name of the function that made it, for dumps and errors. */
  get label(): string {
    const { name } = this.constructor;
    return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  }

  /** What dumps call one of the futures: its place, unless they have names. */
  protected branchName(index: number): string {
    return String(index);
  }

  /** What dumps say of it before they list its pending branches. */
  protected get title(): string {
    return `${this.label} of ${this.slots.length}`;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const branches: WaitBranch[] = [];
    for (const slot of this.slots) {
      if (slot instanceof Branch) branches.push({ name: this.branchName(slot.index), future: slot.future });
    }
    const closing = this.phase === CLOSING ? ', decided, until the losers have let go' : '';
    return { what: `${this.title}${closing}`, branches };
  }

  /** @internal What has not ended: branches, and futures that have not been polled yet. */
  get pending(): readonly (Future<unknown> | Branch)[] {
    return this.slots.filter((slot) => slot !== null);
  }

  /** @internal */
  get cx(): Context {
    return this.context as Context;
  }

  /** How many futures there are. */
  protected get size(): number {
    return this.slots.length;
  }

  /** A future has given its value: decide, or wait for more. */
  protected abstract onValue(index: number, value: unknown): void;

  /** Called before the first poll of any future: decides at once where nothing is to be waited for. */
  protected onStart(): void {}

  /** Which future is polled first; the others follow in their order, and round. Called once, at the first poll. */
  protected first(): number {
    return 0;
  }

  /** Called whenever futures have been polled and nothing is decided: {@link launch}es more. */
  protected refill(): void {}

  /** Called once, when the outcome is about to be delivered or everything has been cancelled. */
  protected onEnd(): void {}

  /** The woken branches, linked by `next`, in the order in which they are polled: that of their wakes. */
  protected arrange(woken: Branch): Branch {
    return woken;
  }

  /** A future has failed. By default that decides. */
  protected onError(_index: number, error: unknown): void {
    this.reject(error);
  }

  protected resolve(value: R): void {
    this.outcome = value;
    this.phase = CLOSING;
  }

  protected reject(error: unknown): void {
    this.outcome = error;
    this.failed = true;
    this.phase = CLOSING;
  }

  /** @internal */
  enqueue(branch: Branch): void {
    if (this.tail === null) {
      this.head = branch;
      this.tail = branch;
    } else {
      this.tail.next = branch;
      this.tail = branch;
    }
    this.context?.waker.wake();
  }

  /** @internal */
  collect(error: unknown): void {
    (this.errors ??= []).push(error);
  }

  override poll(cx: Context): Poll<R> {
    this.context = cx;
    if (this.phase === START) this.start();
    else if (this.phase === RUNNING) this.pollWoken();
    else if (this.phase === DONE) throw alreadyCompleted(this.label);
    if (this.phase === RUNNING) this.refill();
    if (this.phase === RUNNING) return PENDING;
    if (this.close() === PENDING) return PENDING;
    this.end();
    const { errors, outcome } = this;
    if (errors !== null) {
      if (this.failed) throw suppress(outcome, combine(errors));
      throw suppress(new PawlError('CANCELLED', 'a loser failed while it was cleaned up'), combine(errors));
    }
    if (this.failed) throw outcome;
    return outcome as R;
  }

  private start(): void {
    this.phase = RUNNING;
    this.onStart();
    const { slots } = this;
    // A future that is ready at once needs no branch of its own: the unused one serves the next future.
    let spare: Branch | null = null;
    let index = slots.length > 0 ? this.first() : 0;
    for (let left = slots.length; left > 0 && this.phase === RUNNING; left--) {
      const future = slots[index] as Future<unknown>;
      const branch: Branch = spare ?? new Branch(this, index, future);
      branch.index = index;
      branch.future = future;
      spare = this.launch(branch) ? null : branch;
      if (++index === slots.length) index = 0;
    }
  }

  /** True once the outcome is known. */
  protected get decided(): boolean {
    return this.phase !== RUNNING;
  }

  /** Polls a branch's future for the first time; true when it is pending, and the branch is its slot's from now on. */
  protected launch(branch: Branch): boolean {
    this.slots[branch.index] = null;
    if (this.step(branch)) return false;
    this.slots[branch.index] = branch;
    this.live++;
    return true;
  }

  /** Polls one branch and hands on what it gives. False when it is still pending. */
  private step(branch: Branch): boolean {
    let value: unknown;
    try {
      value = branch.poll();
    } catch (error) {
      this.remove(branch);
      this.onError(branch.index, error);
      return true;
    }
    if (value === PENDING) return false;
    this.remove(branch);
    this.onValue(branch.index, value);
    return true;
  }

  private pollWoken(): void {
    // Only what was woken before this poll: a branch that wakes itself waits for the next one, so that one poll stays bounded.
    let branch = this.head === null ? null : this.arrange(this.head);
    this.head = null;
    this.tail = null;
    while (branch !== null) {
      const next: Branch | null = branch.next;
      branch.next = null;
      branch.queued = false;
      if (this.phase === RUNNING && this.isLive(branch)) this.step(branch);
      branch = next;
    }
  }

  /**
   * Cancels what is still live: everything at first and again once the deadline has passed, in between only what was woken. PENDING
   * until every loser has let go.
   */
  private close(): Poll<void> {
    if (this.live === 0) return undefined;
    let branch = this.head;
    this.head = null;
    this.tail = null;
    const everything = !this.closing || this.overdue || this.cx.overdue;
    this.closing = true;
    while (branch !== null) {
      const next: Branch | null = branch.next;
      branch.next = null;
      branch.queued = false;
      if (!everything && this.isLive(branch)) this.letGo(branch);
      branch = next;
    }
    if (everything) for (const loser of this.slots) if (loser instanceof Branch) this.letGo(loser);
    if (this.live === 0) return undefined;
    this.deadline ??= this.cx.armCleanup(() => {
      this.overdue = true;
      this.context?.waker.wake();
    });
    return PENDING;
  }

  private letGo(branch: Branch): void {
    try {
      if (branch.cancel() === PENDING) {
        if (!branch.overdue) return;
        branch.reportOverrun('CLEANUP_ABANDONED');
      }
    } catch (error) {
      this.collect(error);
    }
    this.remove(branch);
  }

  /** @internal */
  isLive(branch: Branch): boolean {
    return this.slots[branch.index] === branch;
  }

  private remove(branch: Branch): void {
    if (!this.isLive(branch)) return;
    this.slots[branch.index] = null;
    this.live--;
  }

  private end(): void {
    this.phase = DONE;
    this.onEnd();
    this.deadline?.[Symbol.dispose]();
    this.deadline = null;
    // Futures that were never polled because the outcome came first are nobody's mistake.
    if (creations !== null) for (const slot of this.slots) if (slot instanceof Future) creations.taken(slot);
    this.slots = NOTHING;
  }

  override cancel(cx: Context): Poll<void> {
    this.context = cx;
    if (this.phase === DONE) return undefined;
    if (this.close() === PENDING) return PENDING;
    this.end();
    for (const error of this.errors ?? []) cx.collect(error);
    return undefined;
  }
}

/**
 * @internal A future that is there twice would be woken for one of its places only. Looked for in development mode, because the search costs something
 * for each future. A task's handle may be awaited from several places.
 */
export function checkDistinct(label: string, futures: Iterable<Future<unknown>>): void {
  const places = new Map<Future<unknown>, number>();
  let at = 0;
  for (const future of futures) {
    const before = places.get(future);
    if (before !== undefined && !('abort' in future)) {
      throw new PawlError(
        'BAD_ARGUMENT',
        `${label}: items ${before} and ${at} are the same future, which is awaited once: spawn it, and await its handle twice`,
      );
    }
    places.set(future, at++);
  }
}
