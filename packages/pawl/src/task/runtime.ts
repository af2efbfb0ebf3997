/**
 * Runtime: the executor. It polls woken tasks when the driver gives it a turn, and knows the tree of its tasks.
 *
 * What must hold: a task is polled only between `enter` and its return, with itself as the current context; `turn` never throws. A
 * runtime is attached to its driver exactly while it has tasks. Nothing of a runtime is global, and many of them may share a thread's driver.
 */
import { PawlError } from '../error/index.ts';
import type { Driver, DriverClient, DriverHolder } from '../driver/driver.ts';
import type { Body, Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { current, setCurrent } from '../future/register.ts';
import { awaitLine } from './await-tree.ts';
import { keepAsyncContext } from './async-context.ts';
import { BUDGET } from './budget.ts';
import { CallbackTimer } from './callback-timer.ts';
import { onEnd, onPoll, onSpawn, onWake, type PollEvent, type TaskEvent } from './channels.ts';
import { dumpText } from './dump.ts';
import type { Holdings } from './holdings.ts';
import { Linter } from './lint.ts';
import { type RuntimeMetrics, threadCounts } from './metrics.ts';
import { ReadyQueue } from './ready-queue.ts';
import { type DeadlockStep, emitReport, type Report, type ReportHook } from './report.ts';
import { Scope, type SpawnOptions } from './scope.ts';
import { spawnSite } from './site.ts';
import { Snapshots, standsAt, type TaskSnapshot } from './snapshot.ts';
import { bindings, inherit, withBindings } from './task-local.ts';
import type { JoinHandle } from './join-handle.ts';
import type { Task } from './task.ts';
import type { Forgotten } from './unpolled.ts';

/** `development` captures spawn sites, times each poll and reports lost wake-ups; `production` times polls only after a slow batch. */
export type Mode = 'development' | 'production';

/** How a runtime polls, cleans up and reports. Bad numbers throw BAD_ARGUMENT. */
export interface RuntimeOptions {
  /** Default: `production` when `NODE_ENV` says so, else `development`. */
  readonly mode?: Mode;
  /** How long a cancelled task's cleanup may take, in ms. Default 5000. */
  readonly cleanupTimeout?: number;
  /** A poll that takes longer than this many ms is reported. Default 100. */
  readonly slowPoll?: number;
  /**
   * Keeps Node's `AsyncLocalStorage` context in each task across its suspensions; a task begins in that of whoever has spawned it. It costs
   * each spawn and each poll of the runtime about 60 ns. Default false. See {@link TaskLocal} for values of our own, which cost nothing.
   */
  readonly asyncContext?: boolean;
  /** Told what the runtime reports; default `process.emitWarning`. */
  readonly onReport?: ReportHook;
}

/**
 * An executor with its tree of tasks. `run` and `blockOn` make one; {@link RunAsyncOptions.onRuntime} hands it out.
 *
 * @example
 * ```ts
 * import { run, sleep, type Runtime } from 'pawl';
 * const runtimes: Runtime[] = [];
 * const main = run(sleep(5), { name: 'main', onRuntime: (runtime) => runtimes.push(runtime) });
 * const [runtime] = runtimes;
 * console.log(runtime?.taskCount, runtime?.driver.kind, runtime?.dump().includes('main')); // 1 native true
 * await main;
 * ```
 */
export class Runtime implements DriverClient, DriverHolder {
  readonly driver: Driver;
  readonly mode: Mode;
  /** @internal What is left of the running poll's budget. */
  budget = 0;
  /** @internal The parent of main and of every detached task. */
  readonly root: Scope;
  private readonly slowPoll: number;
  private readonly onReport: ReportHook;
  private readonly queue = new ReadyQueue();
  private readonly picks: boolean;
  private readonly asyncContext: boolean;
  private running = false;
  private timed: boolean;
  private dropped = false;
  /** @internal True once `stop` was called: promises of its tasks stay pending. */
  muted = false;
  private spawned = 0;
  private over = 0;
  private polls = 0;
  private turns = 0;
  private deadlocked = false;
  /** The process's before it was set to 13. */
  private exitCode: typeof process.exitCode = undefined;
  private readonly linter: Linter | null;
  private snapshots: Snapshots | null = null;

  constructor(driver: Driver, options: RuntimeOptions = {}) {
    this.driver = driver;
    this.mode = options.mode ?? (process.env['NODE_ENV'] === 'production' ? 'production' : 'development');
    const cleanupTimeout = positive('cleanupTimeout', options.cleanupTimeout ?? 5000);
    this.slowPoll = positive('slowPoll', options.slowPoll ?? 100);
    this.onReport = options.onReport ?? emitReport;
    this.asyncContext = options.asyncContext === true;
    this.picks = driver.kind === 'sim';
    this.timed = this.mode === 'development';
    this.linter = this.timed ? new Linter((what, task) => this.reportForgotten(what, task)) : null;
    this.root = new Scope(this, true, { wake: (): void => {} }, { deadline: Infinity, cleanupTimeout });
  }

  /** Spawns a task that no scope waits for: it ends, with its cleanup, when the runtime's main does. RUNTIME_CLOSED after that. */
  spawn<T>(what: Future<T> | Body<[], T>, options?: SpawnOptions): JoinHandle<Flattened<T>> {
    if (this.dropped || this.root.closed)
      throw new PawlError('RUNTIME_CLOSED', 'spawn on a runtime that has ended: nothing would ever poll the task');
    return this.root.spawn(what, options);
  }

  /** Tasks that have not ended. */
  get taskCount(): number {
    return this.spawned - this.over;
  }

  /**
   * The live task tree as text: each task with its state and how long it has waited, where it was spawned, the chain of what it awaits
   * with the line on which each coroutine stands, and what it waits for in the end. The format is in `task/dump.ts`. Polls nothing; costs
   * some milliseconds, most of them for the lines.
   *
   * @example
   * ```ts
   * import { run, sleep, spawn, type Runtime } from 'pawl';
   * let runtime: Runtime | undefined;
   * await run(
   *   function* () {
   *     const task = spawn(sleep(60_000), { name: 'napping' });
   *     yield* sleep(1);
   *     console.log(runtime?.dump().includes('napping')); // true
   *     task.abort();
   *   },
   *   { onRuntime: (made) => (runtime = made) },
   * );
   * ```
   */
  dump(): string {
    return dumpText(this.snapshot());
  }

  /** What {@link dump} shows, as data. */
  snapshot(): TaskSnapshot[] {
    return this.observer.take(this.root, this.driver.refresh());
  }

  /** @internal The numbers that the live tasks have in snapshots. */
  get taskNumbers(): number[] {
    return this.observer.numbers(this.root);
  }

  /** @internal The number that a task has in snapshots. */
  numberOf(task: JoinHandle<unknown>): number {
    return this.observer.numberOf(task);
  }

  private get observer(): Snapshots {
    const { linter } = this;
    return (this.snapshots ??= new Snapshots(linter === null ? null : (task) => linter.since(task)));
  }

  /** Live counts. Cheap enough to be read every second. */
  get metrics(): RuntimeMetrics {
    const { spawned, over, polls, turns, queue, driver } = this;
    const { timers, waiting, descriptors, operations = 0, files = 0, signals = 0 } = driver.metrics;
    return {
      tasks: { live: spawned - over, spawned, ended: over },
      polls,
      // What was queued has been polled since or is queued still.
      wakes: polls + queue.length,
      ready: queue.length,
      turns,
      timers,
      ioWaiters: waiting,
      descriptors,
      openFiles: files,
      signalListeners: signals,
      fileOperations: operations,
      childProcesses: driver.processes?.children ?? 0,
      threads: { ...threadCounts },
    };
  }

  /** Forgets every task without any cleanup, as a crash would. What they had registered stays with the driver until it fires. */
  drop(): void {
    this.dropped = true;
    this.queue.clear();
    this.driver.detach(this);
  }

  /**
   * @internal Cancels every task, with its cleanup, in the place of whoever has lost interest in them: promises that wait for their outcomes
   * are not told, since nobody would take the rejections.
   */
  stop(reason: unknown): void {
    this.muted = true;
    this.root.abortAll(reason);
  }

  // ---- the driver's side

  turn(limit: number): number {
    if (this.dropped) return 0;
    if (this.deadlocked) this.revive();
    const { queue, driver } = this;
    this.running = true;
    // The driver has just read the clock.
    const began = driver.now();
    const watched = this.timed || onPoll.hasSubscribers;
    let polls = 0;
    try {
      while (polls < limit && queue.length > 0) {
        polls++;
        const task = this.picks ? queue.take(driver.choose(queue.length, queue)) : queue.shift();
        if (watched) this.enterTimed(task);
        else {
          this.budget = BUDGET;
          setCurrent(task);
          task.run();
        }
      }
    } catch (error) {
      // Only a waker or a hook of the user's can throw here: the loop goes on, and Node reports it as uncaught.
      queueMicrotask(() => {
        throw error;
      });
    }
    setCurrent(null);
    this.running = false;
    this.polls += polls;
    this.turns++;
    // The clock is read once for a batch; each poll is timed only after a slow batch (a read at each poll costs half a ping-pong).
    if (this.mode === 'production') this.timed = driver.refresh() - began > this.slowPoll;
    return queue.length;
  }

  stranded(): void {
    // Once: where telling itself makes Node do something more (in a worker, writing to stderr does), this would be called for ever.
    const { taskCount } = this;
    if (taskCount === 0 || this.dropped || this.deadlocked) return;
    this.deadlocked = true;
    this.exitCode = process.exitCode;
    process.exitCode = 13;
    this.tell({
      code: 'DEADLOCK',
      task: '',
      message: `DEADLOCK: ${taskCount} task(s) are waiting and nothing can wake them:\n${this.dump()}`,
    });
  }

  /** Something woke a task after all (a handler of Node's own `beforeExit`): the verdict is withdrawn. */
  private revive(): void {
    this.deadlocked = false;
    if (process.exitCode === 13) process.exitCode = this.exitCode;
  }

  // ---- the tasks' side

  /** @internal */
  enqueue(task: Task<unknown>): void {
    if (this.dropped) return;
    this.queue.push(task);
    if (onWake.hasSubscribers) onWake.publish({ task, runtime: this } satisfies TaskEvent);
    if (!this.running) this.driver.schedule(this);
  }

  /** @internal Polls a task here and now, whatever is under way. */
  enter(task: Task<unknown>): void {
    const previous = current;
    const { budget } = this;
    setCurrent(task);
    this.budget = BUDGET;
    withBindings(null, () => task.run());
    this.budget = budget;
    setCurrent(previous);
  }

  private enterTimed(task: Task<unknown>): void {
    const began = this.driver.refresh();
    this.budget = BUDGET;
    setCurrent(task);
    let lost: Future<unknown> | null = null;
    if (this.linter === null) task.run();
    else lost = this.linter.watch(task, began, () => task.run());
    const took = this.driver.refresh() - began;
    if (onPoll.hasSubscribers) onPoll.publish({ task, runtime: this, took } satisfies PollEvent);
    if (took > this.slowPoll) {
      const line = standsAt(task);
      const until = line === undefined ? '' : `, until it suspended at ${line}`;
      this.report(
        'SLOW_POLL',
        task,
        (name) =>
          `a poll of task "${name}" took ${took.toFixed(1)} ms${until}: nothing else ran on this thread meanwhile`,
        line,
      );
    }
    if (lost !== null) {
      const { name: what } = lost.constructor;
      this.report(
        'LOST_WAKEUP',
        task,
        (name) => `${what} said PENDING to task "${name}" and took no waker: nothing will ever wake it`,
      );
    }
  }

  private report(code: Report['code'], task: Task<unknown>, message: (name: string) => string, line?: string): void {
    const name = label(task);
    this.tell({ code, task: name, message: message(name), ...(line === undefined ? {} : { line }) });
  }

  private reportForgotten({ what, site }: Forgotten, task: Task<unknown>): void {
    const made = site === undefined ? '' : `, made at ${site},`;
    this.report(
      'NEVER_POLLED',
      task,
      (name) => `${what}${made} was never awaited by task "${name}", so nothing of it has run: is a yield* missing?`,
      site,
    );
  }

  private lintEnd(linter: Linter, task: Task<unknown>): void {
    linter.unpolled.ended(task);
    for (const what of linter.holdings.of(task, task.outcome)) {
      this.report('HELD_AT_END', task, (name) => `task "${name}" ended while it held ${what}: nobody else can have it`);
    }
  }

  /** A hook that throws must not stop the executor, nor the cleanup that is being reported. */
  private tell(report: Report): void {
    try {
      this.onReport(report);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** @internal */
  started(task: Task<unknown>, name: string | undefined): void {
    if (this.linter !== null) {
      task.describe(name, spawnSite());
      this.linter.unpolled.taken(task.body as Future<unknown>);
    } else if (name !== undefined) task.describe(name, undefined);
    if (bindings !== null || this.asyncContext) this.surround(task);
    if (this.spawned++ === this.over) this.driver.attach(this);
    if (onSpawn.hasSubscribers) onSpawn.publish({ task, runtime: this } satisfies TaskEvent);
  }

  /** What a task takes over from whoever has spawned it. */
  private surround(task: Task<unknown>): void {
    task.body = inherit(task.body as Future<unknown>);
    if (this.asyncContext) task.body = keepAsyncContext(task.body);
  }

  /** @internal */
  ended(task: Task<unknown>): void {
    if (this.linter !== null) this.lintEnd(this.linter, task);
    if (onEnd.hasSubscribers) onEnd.publish({ task, runtime: this } satisfies TaskEvent);
    if (++this.over === this.spawned) this.driver.detach(this);
  }

  /** @internal What tasks hold; null in production mode. */
  get holdings(): Holdings | null {
    return this.linter === null ? null : this.linter.holdings;
  }

  /** @internal */
  armCleanup(expired: () => void, after: number): Disposable {
    const timer = new CallbackTimer(expired);
    this.driver.timers.insert(timer, this.driver.now() + after);
    return { [Symbol.dispose]: () => this.driver.timers.cancel(timer) };
  }

  /** @internal Tasks wait for each other: known at once, because holders are. A timeout may still break the cycle. */
  reportCycle(task: Task<unknown>, message: string, cycle: readonly DeadlockStep[]): void {
    this.tell({ code: 'DEADLOCK', task: label(task), message, cycle });
  }

  /** @internal */
  reportOverrun(code: 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED', task: Task<unknown>, after: number): void {
    const what =
      code === 'CLEANUP_TIMEOUT'
        ? 'had not ended: its await was cancelled and throws CLEANUP_TIMEOUT'
        : 'could not be ended and was left behind';
    const chain = awaitLine(task.body);
    this.report(code, task, (name) => `after ${after} ms the cleanup of task "${name}" ${what}. It stood at ${chain}`);
  }
}

function label(task: Task<unknown>): string {
  return task.site === undefined ? task.name : `${task.name} (spawned at ${task.site})`;
}

function positive(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a number of milliseconds, zero or more, got ${String(value)}`);
}
