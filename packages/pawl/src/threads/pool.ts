/**
 * BlockingPool: a bounded number of threads, on which functions run that would keep this one from its other tasks.
 *
 * What must hold: a thread has one call at a time. A call waits only while every thread has one and no more may be started; those that wait
 * are at most `queueLimit`, and are taken by priority, then in order. A thread that has nothing to do keeps nothing alive and ends after
 * `idleTimeout`; one that has died is replaced when there is work.
 */
import { availableParallelism } from 'node:os';
import type { Transferable, Worker } from 'node:worker_threads';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { WaitList } from '../future/wait-list.ts';
import { Notify } from '../sync/notify.ts';
import { type BlockingCall, BlockingCallFuture, type CallOptions } from './call.ts';
import { type ModuleName, moduleUrl, sourceOf } from './callee.ts';
import type { AnswerMessage } from './messages.ts';
import { PRIORITIES, type Priority } from './priority.ts';
import { startWorker, threadEnded, type WorkerEnd } from './worker.ts';

// Taken now: fake timers, installed later, must not keep threads for ever.
const startTimeout = setTimeout;
const dropTimeout = clearTimeout;

/** How a pool is bounded. Bad numbers throw BAD_ARGUMENT. */
export interface PoolOptions {
  /** In dumps and errors. Default `blocking`. */
  readonly name?: string;
  /** Threads at most. Default: as many as the machine runs at once. */
  readonly threads?: number;
  /** Calls that may wait for a thread. One more fails with LIMIT_EXCEEDED. Default 10,000. */
  readonly queueLimit?: number;
  /** After how many ms without work a thread ends. Default 10,000. */
  readonly idleTimeout?: number;
}

/** What a pool has done and has to do. */
export interface PoolMetrics {
  /** That have not ended. */
  readonly threads: number;
  readonly idle: number;
  readonly running: number;
  readonly queued: number;
  /** Calls that were answered, with a value or an error. */
  readonly answered: number;
  /** Threads that were terminated because what they ran was cancelled. */
  readonly terminated: number;
}

/** A thread of the pool. */
export class PoolThread {
  readonly worker: Worker;
  readonly name: string;
  call: BlockingCall | null = null;
  timer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** It was told to end: its last answer may still be under way, is not heard, and no call is given to it. */
  ending = false;

  constructor(pool: BlockingPool, number: number) {
    this.name = `thread ${number} of pool "${pool.name}"`;
    this.worker = startWorker('answer-calls', { name: this.name, onEnd: (end) => pool.ended(this, end) });
    this.worker.on('message', (answer: AnswerMessage) => pool.answered(this, answer));
    this.worker.on('messageerror', (error) => pool.garbled(this, error));
  }
}

/**
 * Threads for functions that compute or block: see {@link spawnBlocking}, which uses a pool of its own. Dispose of a pool that is not for the
 * whole process.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { BlockingPool } from 'pawl/threads';
 * await run(function* () {
 *   using pool = new BlockingPool({ threads: 1, queueLimit: 10 });
 *   const square = (n: number): number => n * n;
 *   console.log(yield* join([pool.call(square, [6]), pool.call(square, [7], { priority: 'high' })])); // [ 36, 49 ]
 * });
 * ```
 */
export class BlockingPool implements Disposable {
  readonly name: string;
  private readonly most: number;
  private readonly queueLimit: number;
  private readonly idleTimeout: number;
  private readonly live = new Set<PoolThread>();
  private readonly idle: PoolThread[] = [];
  private readonly queues: Readonly<Record<Priority, WaitList<BlockingCall>>> = {
    high: new WaitList(),
    normal: new WaitList(),
    low: new WaitList(),
  };
  private started = 0;
  private answers = 0;
  private terminations = 0;
  private closed = false;
  private readonly endings = new Notify();

  constructor(options: PoolOptions = {}) {
    knownOptions('a pool', options, { name: true, threads: true, queueLimit: true, idleTimeout: true });
    this.name = options.name ?? 'blocking';
    this.most = whole('threads', options.threads ?? availableParallelism(), 1, 1024);
    this.queueLimit = whole('queueLimit', options.queueLimit ?? 10_000, 0);
    this.idleTimeout = whole('idleTimeout', options.idleTimeout ?? 10_000, 0, 0x7fffffff);
  }

  /** Runs a self-contained function on a thread of the pool, as {@link spawnBlocking} does. */
  call<A extends readonly unknown[], R>(fn: (...args: A) => R, args: A, options: CallOptions = {}): Future<Awaited<R>> {
    const callee = { source: sourceOf(fn), name: fn.name };
    return new BlockingCallFuture(this, callee, args, options) as unknown as Future<Awaited<R>>;
  }

  /** Runs an export of a module on a thread of the pool, as {@link spawnBlocking} does. */
  callExport<R = unknown>(
    module: ModuleName,
    name: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ): Future<R> {
    return new BlockingCallFuture(this, { module: moduleUrl(module), name }, args, options) as unknown as Future<R>;
  }

  get metrics(): PoolMetrics {
    const { live, idle, queued, answers, terminations } = this;
    return {
      threads: live.size,
      idle: idle.length,
      running: [...live].filter(({ call }) => call !== null).length,
      queued,
      answered: answers,
      terminated: terminations,
    };
  }

  /** Ends it, as disposing of it does, and waits until its threads have ended. Cancelling it is *safe*: they end all the same. */
  close(): Future<void> {
    return closing(this, this.live, this.endings);
  }

  /** Ends it: what waits fails with CLOSED, what runs is terminated and fails with THREAD_ENDED. Harmless when closed. */
  [Symbol.dispose](): void {
    if (this.closed) return;
    this.closed = true;
    for (let call = this.next(); call !== null; call = this.next()) call.fail(this.closedError());
    for (const thread of this.live) this.end(thread);
    this.idle.length = 0;
  }

  private get queued(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.queues[priority].size, 0);
  }

  private closedError(): PawlError {
    return new PawlError('CLOSED', `pool "${this.name}" is closed`);
  }

  private next(): BlockingCall | null {
    return this.queues.high.shift() ?? this.queues.normal.shift() ?? this.queues.low.shift();
  }

  /** @internal Gives the call to a thread, or queues it. */
  submit(call: BlockingCall): void {
    if (this.closed) throw this.closedError();
    let thread = this.idle.pop();
    if (thread === undefined && this.live.size < this.most) {
      thread = this.start();
    }
    if (thread !== undefined) {
      if (!this.begin(thread, call)) this.rest(thread);
      return;
    }
    if (this.queued >= this.queueLimit)
      throw new PawlError(
        'LIMIT_EXCEEDED',
        `pool "${this.name}": all of its ${this.most} threads have work, and ${this.queueLimit} calls wait already`,
      );
    this.queues[call.priority].push(call);
    call.queued = true;
  }

  private start(): PoolThread {
    try {
      const thread = new PoolThread(this, ++this.started);
      this.live.add(thread);
      return thread;
    } catch (error) {
      const what = `pool "${this.name}" cannot start a thread`;
      throw new PawlError('THREAD_ENDED', `${what}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** @internal A call that has not begun is not wanted any more. */
  withdraw(call: BlockingCall): void {
    this.queues[call.priority].remove(call);
    call.queued = false;
  }

  /** @internal What runs is not wanted any more: it is told its end like every other call of a thread that dies. */
  terminate(thread: PoolThread): void {
    this.terminations++;
    this.end(thread);
  }

  private end(thread: PoolThread): void {
    dropTimeout(thread.timer);
    thread.ending = true;
    void thread.worker.terminate();
  }

  /** False when the call cannot be sent, and has failed. */
  private begin(thread: PoolThread, call: BlockingCall): boolean {
    dropTimeout(thread.timer);
    call.queued = false;
    const { message, transfer } = call;
    try {
      thread.worker.postMessage(message, transfer as Transferable[]);
    } catch (error) {
      const what = `the arguments of ${message.callee.name || 'the function'} cannot be sent to another thread`;
      call.fail(new PawlError('NOT_CLONEABLE', `${what}: ${(error as Error).message}`, { cause: error }));
      return false;
    }
    thread.worker.ref();
    thread.call = call;
    call.thread = thread;
    return true;
  }

  /** @internal */
  answered(thread: PoolThread, answer: AnswerMessage): void {
    const { call } = thread;
    if (call === null || thread.ending) return;
    this.answers++;
    thread.call = null;
    call.thread = null;
    this.rest(thread);
    call.answer(answer);
  }

  /** @internal What was sent cannot be understood here. */
  garbled(thread: PoolThread, error: Error): void {
    const { call } = thread;
    if (call === null || thread.ending) return;
    thread.call = null;
    call.thread = null;
    this.rest(thread);
    call.fail(new PawlError('NOT_CLONEABLE', `an answer of ${thread.name} could not be read`, { cause: error }));
  }

  /** The thread has nothing to do: the next call is its, or it waits for one. */
  private rest(thread: PoolThread): void {
    if (this.closed || thread.ending || !this.live.has(thread)) return;
    for (let call = this.next(); call !== null; call = this.next()) if (this.begin(thread, call)) return;
    thread.worker.unref();
    this.idle.push(thread);
    thread.timer = startTimeout(() => this.retire(thread), this.idleTimeout);
    thread.timer.unref();
  }

  private retire(thread: PoolThread): void {
    const at = this.idle.indexOf(thread);
    if (at < 0) return;
    this.idle.splice(at, 1);
    this.end(thread);
  }

  /** @internal */
  ended(thread: PoolThread, end: WorkerEnd): void {
    dropTimeout(thread.timer);
    this.live.delete(thread);
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    const { call } = thread;
    thread.call = null;
    if (call !== null) {
      call.thread = null;
      call.fail(threadEnded(thread.name, end));
    }
    if (this.closed) {
      if (this.live.size === 0) this.endings.notifyAll();
      return;
    }
    // Its place is free for somebody who waits.
    for (let waiting = this.next(); waiting !== null; waiting = this.next()) {
      try {
        this.submit(waiting);
        return;
      } catch (error) {
        waiting.fail(error as PawlError);
        // With no thread left nobody would ever take the others.
        if (this.live.size > 0) return;
      }
    }
  }
}

const closing = coroutine(function* close(pool: BlockingPool, live: ReadonlySet<PoolThread>, endings: Notify) {
  pool[Symbol.dispose]();
  if (live.size > 0) yield* endings.notified();
});

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number from ${least} to ${most}, got ${value}`);
}
