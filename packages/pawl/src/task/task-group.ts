/**
 * TaskGroup: a scope whose tasks' results come out in the order of their completion, with a limit on how many run at once.
 *
 * What must hold: at most `limit` tasks run; whoever spawns one more waits for a slot, first come, first served, and a slot that was
 * handed to somebody who left goes to the next. Every result is given to one `next` and is taken only when it is delivered, so a `next`
 * that is cancelled loses nothing. Otherwise the laws of a scope hold.
 */
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { start, toFuture, type Body, type Flattened } from '../future/coroutine.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, type Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import { Queued, WaitList, wakeFirst } from '../future/wait-list.ts';
import { DONE, Waiter } from '../future/waiter.ts';
import { spend } from './budget.ts';
import { openScope, type ScopeOptions } from './limited-scope.ts';
import type { Scope, SpawnOptions } from './scope.ts';
import type { JoinHandle } from './join-handle.ts';
import { suspectTasks } from './suspicion.ts';
import type { Task } from './task.ts';

/** How a task group runs its tasks. */
export interface TaskGroupOptions extends ScopeOptions {
  /** Tasks that run at once. Default: no limit. */
  readonly limit?: number;
  /** Tasks fail alone: `next` throws the failure, the others go on. Default: the first failure ends the group, as in a scope. */
  readonly supervise?: boolean;
}

/** A task of a group, told of its end; from then on a node in the list of results. */
class Member<T> implements Waker {
  readonly task: Task<T>;
  next: Member<T> | null = null;
  private readonly group: TaskGroup<T>;

  constructor(task: Task<T>, group: TaskGroup<T>) {
    this.task = task;
    this.group = group;
  }

  wake(): void {
    this.group.ended(this);
  }
}

/** The group that the body of {@link taskGroup} is given. */
export class TaskGroup<in out T> implements Disposable {
  /** The scope of the group's tasks: what it spawns is waited for like them, but counts neither for the limit nor for `next`. */
  readonly scope: Scope;
  /** How many tasks may run at once. */
  readonly limit: number;
  private running = 0;
  private head: Member<T> | null = null;
  private tail: Member<T> | null = null;
  /** @internal */
  readonly spawning: WaitList<GroupSpawn<T>> = new WaitList();
  /** @internal */
  readonly waiting: WaitList<Queued<unknown>> = new WaitList();

  /** @internal */
  constructor(scope: Scope, limit: number) {
    this.scope = scope;
    this.limit = limit;
  }

  /** Tasks that have not ended. */
  get size(): number {
    return this.running;
  }

  /**
   * Spawns a task as soon as fewer than `limit` run; its result comes from {@link next}. It gives no handle, because an awaited handle is
   * easily taken for its task's value: see {@link trySpawn}. Cancelling it *loses its place* among those who wait for a slot; the task
   * is not spawned then. Errors: NOT_A_FUTURE at the call; SCOPE_CLOSED after the group's end.
   */
  spawn(what: Future<T> | Body<[], T>, options?: SpawnOptions): Future<void> {
    return new GroupSpawn<T>(this, toFuture<T>(what), options);
  }

  /**
   * Spawns a task at once and gives its handle, or `null` when `limit` of them run or others wait for a slot. Errors: NOT_A_FUTURE;
   * SCOPE_CLOSED after the group's end.
   */
  trySpawn<U extends T>(what: Future<U> | Body<[], U>, options?: SpawnOptions): JoinHandle<Flattened<U>> | null {
    const future = toFuture<T>(what);
    if (!this.reserve()) return null;
    return this.begin(future, options) as JoinHandle<unknown> as JoinHandle<Flattened<U>>;
  }

  /**
   * The result of the task that has ended next: `{ done: false, value }`, or `{ done: true }` when no task is left. A task that was
   * aborted has no result. In a supervising group it throws what the task has thrown. Cancelling it is *safe*.
   */
  next(): Future<IteratorResult<Flattened<T>, undefined>> {
    return new GroupNext<T>(this) as Future<unknown> as Future<IteratorResult<Flattened<T>, undefined>>;
  }

  /** Aborts every task; the group ends when they have cleaned up. What is spawned from now on is aborted at once. */
  abortAll(reason?: unknown): void {
    this.scope.abortAll(reason);
  }

  /** Aborts every task: what a `using` of the group does when the block is left. */
  [Symbol.dispose](): void {
    this.abortAll('the group was disposed of');
  }

  /** @internal Takes a slot if there is one. */
  reserve(): boolean {
    if (this.running >= this.limit || this.spawning.size > 0) return false;
    this.running++;
    return true;
  }

  /** @internal Gives a slot to whoever has waited longest, or back. */
  release(): void {
    const first = this.spawning.shift();
    if (first === null) {
      this.running--;
      // Nothing may be left: whoever waits for a result has to look.
      if (this.running === 0) wakeFirst(this.waiting);
    } else first.grant();
  }

  /** @internal Spawns into a slot that has been taken. */
  begin(future: Future<T>, options: SpawnOptions | undefined): Task<T> {
    let task: Task<T>;
    try {
      task = this.scope.adopt(future, options);
    } catch (error) {
      this.release();
      throw error;
    }
    task.addWaiter(new Member(task, this));
    return task;
  }

  /** @internal */
  ended(member: Member<T>): void {
    const { state } = member.task;
    if (state === 'done' || (state === 'failed' && this.scope.supervising)) {
      if (this.tail === null) this.head = member;
      else this.tail.next = member;
      this.tail = member;
      wakeFirst(this.waiting);
    }
    this.release();
  }

  /** @internal True when a `next` would not wait: there is a result, or nothing more to come. */
  get settled(): boolean {
    return this.head !== null || this.running === 0;
  }

  /** @internal */
  take(): Task<T> | null {
    const member = this.head;
    if (member === null) return null;
    this.head = member.next;
    if (this.head === null) this.tail = null;
    return member.task;
  }
}

/** What it is granted is the slot of a task that has ended. */
class GroupSpawn<T> extends Waiter<void> {
  private readonly group: TaskGroup<T>;
  private readonly future: Future<T>;
  private readonly options: SpawnOptions | undefined;

  constructor(group: TaskGroup<T>, future: Future<T>, options: SpawnOptions | undefined) {
    super();
    this.group = group;
    this.future = future;
    this.options = options;
    if (creations === null) return;
    creations.leaf(this, 'group.spawn(…)');
    creations.taken(future);
  }

  protected override get list(): WaitList<GroupSpawn<T>> {
    return this.group.spawning;
  }

  protected override begin(cx: Context): Poll<void> {
    if (!this.group.reserve()) {
      this.wait(cx);
      suspectTasks(this, cx);
      return PENDING;
    }
    this.state = DONE;
    return this.take();
  }

  protected override take(): void {
    void this.group.begin(this.future, this.options);
  }

  protected override giveBack(): void {
    this.group.release();
  }

  override holders(): Waker[] {
    return [...this.group.scope.list];
  }

  protected override tell(): WaitInfo {
    const { group } = this;
    return { what: `slot of a task group of ${group.limit}`, resource: group, holders: group.scope.list };
  }
}

class GroupNext<T> extends Queued<IteratorResult<T, undefined>> implements Waiting {
  private readonly group: TaskGroup<T>;
  private ended = false;

  constructor(group: TaskGroup<T>) {
    super();
    this.group = group;
  }

  override poll(cx: Context): Poll<IteratorResult<T, undefined>> {
    const { group } = this;
    const { waiting } = group;
    if (this.ended) throw alreadyCompleted('next of a task group');
    if (!group.settled || (waiting.first !== null && waiting.first !== this)) {
      const first = this.waker === null;
      this.standIn(waiting, cx.waker);
      if (first) suspectTasks(this, cx);
      return PENDING;
    }
    if (!spend(cx)) return PENDING;
    const task = group.take();
    this.leave();
    if (task === null) return { done: true, value: undefined };
    // The task has ended: it gives its value or throws its failure, which is observed by that.
    return { done: false, value: task.poll(cx) as T };
  }

  override cancel(_cx: Context): Poll<void> {
    this.leave();
    return undefined;
  }

  /** Whoever is first now may have been woken for nothing, or not at all. */
  private leave(): void {
    this.ended = true;
    const { group } = this;
    this.stepOut();
    if (group.settled) wakeFirst(group.waiting);
  }

  [waitInfo](): WaitInfo {
    const { group } = this;
    return { what: `next result of a task group (${group.size} running)`, resource: group, holders: group.scope.list };
  }
}

/**
 * Runs a body with a {@link TaskGroup}: tasks whose results come in the order of their completion, at most `limit` of them at a time.
 * It ends, like a scope, when the body and all tasks have ended; results that nobody took are dropped. `group.abortAll()` ends it early.
 *
 * The first failure of a task cancels the body and the other tasks and is thrown after their cleanup. With `{ supervise: true }` tasks
 * fail alone and `next` throws their failure; one that nobody has received is thrown at the end.
 *
 * Cancelling it cancels body and tasks, and is done when they have ended. Errors: BAD_ARGUMENT when `limit` is no whole number above
 * zero; what the body or a task throws.
 *
 * @example
 * ```ts
 * import { blockOn, sleep, taskGroup, type TaskGroup } from 'pawl';
 * const main = taskGroup(function* (group: TaskGroup<string>) {
 *   for (const [name, ms] of [['slow', 9], ['fast', 2]] as const) {
 *     yield* group.spawn(function* () {
 *       yield* sleep(ms);
 *       return name;
 *     });
 *   }
 *   const names: string[] = [];
 *   for (let result = yield* group.next(); result.done !== true; result = yield* group.next()) names.push(result.value);
 *   return names;
 * }, { limit: 8 });
 * console.log(blockOn(main)); // [ 'fast', 'slow' ]
 * ```
 */
export function taskGroup<T, R>(
  body: Body<[group: TaskGroup<T>], R>,
  options: TaskGroupOptions = {},
): Future<Flattened<R>> {
  const { limit = Infinity, supervise = false } = options;
  if (!(limit === Infinity || (Number.isSafeInteger(limit) && limit > 0)))
    throw new PawlError('BAD_ARGUMENT', `taskGroup: limit must be a whole number above zero, got ${String(limit)}`);
  const made = openScope<R>((scope) => start(body, new TaskGroup<T>(scope, limit)), supervise, options);
  return made as Future<unknown> as Future<Flattened<R>>;
}
