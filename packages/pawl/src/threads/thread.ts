/**
 * Thread: an executor on a thread of its own, as whoever has started it sees it.
 *
 * What must hold: each task that runs there has one that waits here; when the thread ends, however it does, all of those are told. After
 * `stop` no task is begun.
 */
import type { Transferable, Worker } from 'node:worker_threads';
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { threadCounts } from '../task/metrics.ts';
import { closeMoved, hasEndWithin, moveArguments } from './channel/moving.ts';
import type { ThreadInfo } from './current.ts';
import type { AnswerMessage, TaskAnswer, TaskOrder } from './messages.ts';
import { startWorker, threadEnded, type WorkerEnd } from './worker.ts';

/** A task here that waits for one there. */
export interface Asker {
  answer(answer: AnswerMessage): void;
  fail(error: PawlError): void;
}

/** A thread that runs tasks: see {@link spawnOn}. Started by {@link withThreads}, which also ends it. */
export class Thread {
  readonly name: string;
  /** Its number among those that were started with it, from 0. */
  readonly index: number;
  private readonly worker: Worker;
  private readonly askers = new Map<number, Asker>();
  private readonly watchers = new Set<() => void>();
  /** The number of the last order: without a gap, so that the thread knows which it could not read. */
  private last = 0;
  private stopping = false;
  private end: WorkerEnd | null = null;

  /** @internal */
  constructor(info: ThreadInfo) {
    this.name = info.name;
    this.index = info.index;
    this.worker = startWorker('run-tasks', { name: info.name, data: info, onEnd: (end) => this.ended(end) });
    this.worker.on('message', ({ id, answer }: TaskAnswer) => this.take(id)?.answer(answer));
    this.worker.on('messageerror', (error: Error) => {
      // Nobody knows whose answer it was.
      for (const asker of this.takeAll())
        asker.fail(new PawlError('NOT_CLONEABLE', `an answer of ${this.name} could not be read`, { cause: error }));
    });
  }

  /** True until it has ended. */
  get alive(): boolean {
    return this.end === null;
  }

  /** Tasks that were begun from here and have not ended. */
  get taskCount(): number {
    return this.askers.size;
  }

  /** Ends it wherever it is: no cleanup runs there. What waits for it fails with THREAD_ENDED; what it had open is closed. */
  terminate(): void {
    void this.worker.terminate();
  }

  /** @internal Begins a task there; its number. */
  ask(asker: Asker, module: string, name: string, args: readonly unknown[], transfer: readonly Transferable[]): number {
    if (this.end !== null) throw threadEnded(this.name, this.end);
    if (this.stopping) throw new PawlError('CLOSED', `${this.name} is to end: no task is begun on it`);
    const moved = moveArguments(args);
    const id = this.last + 1;
    try {
      const order: TaskOrder = { order: 'run', id, module, name, args: moved.args };
      this.worker.postMessage(order, [...moved.transfer, ...transfer]);
    } catch (error) {
      closeMoved(moved);
      const what = `the arguments of ${name} cannot be sent to another thread`;
      const why = moved.args.some((arg) => hasEndWithin(arg))
        ? 'an end of a channel inside of an object is not moved: give it as an argument of its own'
        : (error as Error).message;
      throw new PawlError('NOT_CLONEABLE', `${what}: ${why}`, { cause: error });
    }
    this.last = id;
    this.askers.set(id, asker);
    threadCounts.tasks++;
    return id;
  }

  /** @internal The answer comes when the task there has cleaned up. */
  cancel(id: number, reason: string): void {
    this.tell({ order: 'cancel', id, reason });
  }

  /** @internal Its tasks are cancelled, and it ends when they have. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.tell({ order: 'stop' });
  }

  /** @internal Until it has ended. */
  exited(): Future<WorkerEnd> {
    return new Exited(this, () => this.end, this.watchers);
  }

  private tell(order: TaskOrder): void {
    if (this.end === null) this.worker.postMessage(order, []);
  }

  private take(id: number): Asker | undefined {
    const asker = this.askers.get(id);
    if (this.askers.delete(id)) threadCounts.tasks--;
    return asker;
  }

  private takeAll(): Asker[] {
    const all = [...this.askers.values()];
    this.askers.clear();
    threadCounts.tasks -= all.length;
    return all;
  }

  private ended(end: WorkerEnd): void {
    this.end = end;
    for (const asker of this.takeAll()) asker.fail(threadEnded(this.name, end));
    for (const tell of this.watchers) tell();
  }
}

class Exited extends Future<WorkerEnd> {
  private readonly thread: Thread;
  private readonly look: () => WorkerEnd | null;
  private readonly watchers: Set<() => void>;
  private waker: Waker | null = null;
  private readonly tell = (): void => this.waker?.wake();

  constructor(thread: Thread, look: () => WorkerEnd | null, watchers: Set<() => void>) {
    super();
    this.thread = thread;
    this.look = look;
    this.watchers = watchers;
  }

  override poll(cx: Context): Poll<WorkerEnd> {
    const end = this.look();
    if (end === null) {
      this.waker = cx.waker;
      this.watchers.add(this.tell);
      return PENDING;
    }
    this.watchers.delete(this.tell);
    return end;
  }

  override cancel(): Poll<void> {
    this.waker = null;
    this.watchers.delete(this.tell);
    return undefined;
  }

  static {
    // As in future/waiter.ts: a declaration file can be made of one file alone only if no member has a computed name.
    void Object.defineProperty(this.prototype, waitInfo, {
      value(this: Exited): WaitInfo {
        const { name, taskCount } = this.thread;
        return { what: `the end of ${name}, which runs ${taskCount} tasks of ours`, outside: true };
      },
    });
  }
}
