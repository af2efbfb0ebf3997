/**
 * spawnTest: a future in the hands of a test, which polls it itself and sees who wakes it.
 *
 * What must hold: the future is polled by `poll` alone, and cancelled by `cancel`, each once for each call; a wake is only counted. It
 * runs in a task of a runtime of its own, over a manual driver: what it spawns runs when the driver is drained or its time is moved.
 */
import { PawlError } from '../error/index.ts';
import { Branch, type BranchOwner } from '../future/branch.ts';
import type { Context } from '../future/context.ts';
import { toFuture, type Body } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { setWakerTaken, wakerTaken } from '../future/register.ts';
import type { Report } from '../task/report.ts';
import { Runtime } from '../task/runtime.ts';
import type { Task } from '../task/task.ts';
import { ManualDriver } from './manual-driver.ts';

/** How a tested future stands: pending, or how it has ended. */
export type TestResult<T> =
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'failed' | 'cancelled'; readonly error: unknown };

/** Polls the future that it holds when the test has asked for it, and not when a wake has. */
class Held<T> extends Future<T> implements BranchOwner {
  cx: Context;
  wakes = 0;
  woken = false;
  asked = false;
  tookWaker = false;
  private readonly branch: Branch;

  constructor(future: Future<T>) {
    super();
    this.branch = new Branch(this, 0, future);
    // Replaced before the branch is polled.
    this.cx = this.branch;
  }

  get overdue(): boolean {
    return this.cx.overdue;
  }

  /** For dumps. */
  get awaited(): Future<unknown> {
    return this.branch.future;
  }

  readonly transparent = true;

  override poll(cx: Context): Poll<T> {
    return this.once(cx, () => this.branch.poll() as Poll<T>);
  }

  override cancel(cx: Context): Poll<void> {
    return this.once(cx, () => this.branch.cancel());
  }

  enqueue(branch: Branch): void {
    this.wakes++;
    this.woken = true;
    // Each wake is to be seen.
    branch.queued = false;
  }

  isLive(): boolean {
    return true;
  }

  collect(error: unknown): void {
    this.cx.collect(error);
  }

  private once<R>(cx: Context, step: () => Poll<R>): Poll<R> {
    // Whoever polls unasked knows that it is woken by the test.
    void cx.waker;
    if (!this.asked) return PENDING;
    this.asked = false;
    this.woken = false;
    this.cx = cx;
    setWakerTaken(false);
    const result = step();
    this.tookWaker = wakerTaken;
    setWakerTaken(true);
    return result;
  }
}

/**
 * A future that a test polls by hand. {@link spawnTest} makes it; disposing of it cancels what is pending and throws LEAK when a timer or
 * a task is left then.
 */
export class TestTask<T> implements Disposable {
  /** The world it runs in: its time and its timers. */
  readonly driver: ManualDriver = new ManualDriver();
  /** What its runtime has reported: a future that was never awaited, … */
  readonly reports: Report[] = [];
  private readonly runtime: Runtime;
  private readonly held: Held<T>;
  private readonly task: Task<T>;

  /** @internal */
  constructor(future: Future<T>) {
    this.runtime = new Runtime(this.driver, {
      mode: 'development',
      onReport: (report) => this.reports.push(report),
      slowPoll: Infinity,
    });
    this.held = new Held(future);
    this.task = this.runtime.root.adopt(this.held, { name: 'tested' });
    // Its first wake is not the test's.
    this.driver.drain();
  }

  /** Woken since it was last polled. */
  get isWoken(): boolean {
    return this.held.woken;
  }

  /** How often it has been woken in all. */
  get wakes(): number {
    return this.held.wakes;
  }

  /** Whether the last poll has taken the waker: a PENDING without it is a wake-up that will be lost. */
  get tookWaker(): boolean {
    return this.held.tookWaker;
  }

  /** How it stands. */
  get result(): TestResult<T> {
    const { outcome, state } = this.task;
    if (!this.task.finished) return { state: 'pending' };
    if (state === 'done') return { state, value: outcome as T };
    return { state: state === 'cancelled' ? 'cancelled' : 'failed', error: outcome };
  }

  /**
   * Polls it once: its value, or PENDING; throws what it throws. A future that has spawned tasks is done when they are: move the time or
   * drain the driver, and poll again. Errors besides: ALREADY_COMPLETED after its end.
   */
  poll(): Poll<T> {
    if (this.task.finished) throw new PawlError('ALREADY_COMPLETED', 'the tested future was polled after its end');
    this.step();
    const { result } = this;
    if (result.state === 'pending') return PENDING;
    this.task.observe();
    if (result.state === 'done') return result.value;
    throw result.error;
  }

  /** Asks it to stop, and polls that once: PENDING while its cleanup takes, undefined when it has ended (also before). */
  cancel(reason: unknown = 'cancelled by the test'): Poll<void> {
    if (this.task.finished) return undefined;
    this.task.abort(reason);
    this.step();
    return this.task.finished ? undefined : PENDING;
  }

  /** Moves the time by so many milliseconds: timers fire, and tasks that it has spawned run; it is not polled. */
  advance(ms: number): void {
    if (typeof ms !== 'number' || !(ms >= 0))
      throw new PawlError('BAD_ARGUMENT', `advance takes a number of milliseconds, zero or more, got ${String(ms)}`);
    this.driver.advance(ms);
  }

  [Symbol.dispose](): void {
    for (let turn = 0; this.cancel() === PENDING && turn < 1000; turn++) this.driver.advance(100);
    this.driver.drain();
    const { timerCount } = this.driver;
    const left = this.runtime.dump();
    if (left === '' && timerCount === 0) return;
    throw new PawlError('LEAK', `the tested future has left ${timerCount} timers and these tasks:\n${left}`);
  }

  private step(): void {
    this.held.asked = true;
    this.runtime.enter(this.task);
    this.held.asked = false;
  }
}

/**
 * Takes a future, or a function that makes one, into the hands of a test: it is polled when the test polls it, and what it stores as a
 * waker counts its wakes. It has a world of its own, without a network and with a clock that the test moves.
 *
 * Errors: NOT_A_FUTURE.
 *
 * @example
 * ```ts
 * import { PENDING, sleep } from 'pawl';
 * import { spawnTest } from 'pawl/testing';
 * using nap = spawnTest(sleep(10));
 * console.log(nap.poll() === PENDING, nap.isWoken); // true false
 * nap.advance(10);
 * console.log(nap.isWoken, nap.poll(), nap.result.state); // true undefined done
 * ```
 */
export function spawnTest<T>(future: Future<T> | Body<[], T>): TestTask<T> {
  return new TestTask(toFuture(future));
}
