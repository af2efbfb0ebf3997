/**
 * A call on a thread of a pool, as a future.
 *
 * What must hold: it is submitted at its first poll. What waits in the queue when it is cancelled never runs; what runs is waited for, or its
 * thread is terminated, and only then is the cancellation done: nothing goes on behind anybody's back.
 */
import type { Transferable } from 'node:worker_threads';
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo } from '../future/wait-info.ts';
import type { Link } from '../future/wait-list.ts';
import { threadCounts } from '../task/metrics.ts';
import { unpackError } from './carried-error.ts';
import type { AnswerMessage, Callee, CallMessage } from './messages.ts';
import type { BlockingPool, PoolThread } from './pool.ts';
import { PRIORITIES, type Priority } from './priority.ts';
import { checkThreads } from './world.ts';

/** How a function runs on a thread of a pool. */
export interface CallOptions {
  /** Who is taken first when a thread is free. Default `normal`. What is low waits as long as there is anything else. */
  readonly priority?: Priority;
  /** Buffers and ports of the arguments that are moved instead of copied, when the call begins: they are gone here then. */
  readonly transfer?: readonly Transferable[];
  /** The buffers of what it gives (its own, and those of what it directly holds) are moved instead of copied. Default false. */
  readonly moveResult?: boolean;
  /**
   * What a cancellation does when the function runs already: `wait` until it has ended (the default; the time that a cleanup may take limits
   * it), or `terminate` its thread, wherever that is: what it had under way outside (a file half written) stays as it is.
   */
  readonly onCancel?: 'wait' | 'terminate';
}

/** What a pool sees of a call. */
export interface BlockingCall extends Link {
  readonly message: CallMessage;
  readonly transfer: readonly Transferable[];
  readonly priority: Priority;
  queued: boolean;
  thread: PoolThread | null;
  answer(answer: AnswerMessage): void;
  fail(error: PawlError): void;
}

const NEW = 0;
const SUBMITTED = 1;
const SETTLED = 2;
const DONE = 3;

export class BlockingCallFuture extends Future<unknown> implements BlockingCall {
  before: Link | null = null;
  after: Link | null = null;
  readonly message: CallMessage;
  readonly transfer: readonly Transferable[];
  readonly priority: Priority;
  queued = false;
  thread: PoolThread | null = null;
  private readonly pool: BlockingPool;
  private readonly terminates: boolean;
  private state = NEW;
  private failed = false;
  private outcome: unknown = undefined;
  private waker: Waker | null = null;

  constructor(pool: BlockingPool, callee: Callee, args: readonly unknown[], options: CallOptions) {
    super();
    const { priority = 'normal', transfer = [], moveResult = false, onCancel = 'wait' } = options;
    knownOptions('a call on another thread', options, {
      priority: true,
      transfer: true,
      moveResult: true,
      onCancel: true,
    });
    if (!Array.isArray(args)) throw new PawlError('BAD_ARGUMENT', 'the arguments of a call are given as an array');
    if (!PRIORITIES.includes(priority))
      throw new PawlError('BAD_ARGUMENT', `priority must be high, normal or low, got ${priority as string}`);
    if (onCancel !== 'wait' && onCancel !== 'terminate')
      throw new PawlError('BAD_ARGUMENT', `onCancel must be wait or terminate, got ${onCancel as string}`);
    this.pool = pool;
    this.message = { callee, args, moveResult };
    this.transfer = transfer;
    this.priority = priority;
    this.terminates = onCancel === 'terminate';
    if (creations !== null) creations.leaf(this, 'spawnBlocking(…)');
  }

  /** @internal */
  get untouched(): boolean {
    return this.state === NEW;
  }

  override poll(cx: Context): Poll<unknown> {
    if (this.state === DONE) throw alreadyCompleted('a call on another thread');
    if (this.state === NEW) {
      this.state = DONE;
      checkThreads(driverOf(cx), 'a call on another thread');
      this.state = SUBMITTED;
      threadCounts.calls++;
      try {
        this.pool.submit(this);
      } catch (error) {
        threadCounts.calls--;
        this.state = DONE;
        throw error;
      }
    }
    if (this.state === SUBMITTED) {
      this.waker = cx.waker;
      return PENDING;
    }
    const { outcome, failed } = this;
    this.finish();
    if (failed) throw outcome;
    return outcome;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.state === SUBMITTED) {
      if (!this.queued) {
        this.waker = cx.waker;
        if (this.terminates && this.thread !== null) {
          this.pool.terminate(this.thread);
          this.thread = null;
        }
        return PENDING;
      }
      this.pool.withdraw(this);
      threadCounts.calls--;
    }
    this.finish();
    return undefined;
  }

  static {
    // As in future/waiter.ts: a declaration file can be made of one file alone only if no member has a computed name.
    void Object.defineProperty(this.prototype, waitInfo, {
      value(this: BlockingCallFuture): WaitInfo {
        return this.tell();
      },
    });
  }

  answer(answer: AnswerMessage): void {
    if ('value' in answer) this.settle(false, answer.value);
    else if ('refused' in answer) {
      const { refused, message, error } = answer;
      this.settle(true, new PawlError(refused, message, error === undefined ? {} : { cause: unpackError(error) }));
    } else this.settle(true, unpackError(answer.error));
  }

  fail(error: PawlError): void {
    this.settle(true, error);
  }

  private tell(): WaitInfo {
    const { callee } = this.message;
    const what = 'module' in callee ? `${callee.name} of ${callee.module}` : callee.name || 'a function';
    const where = this.queued ? `a thread of pool "${this.pool.name}" for` : `the end of`;
    return { what: `${where} ${what}${this.thread === null ? '' : ` on ${this.thread.name}`}`, outside: true };
  }

  private settle(failed: boolean, outcome: unknown): void {
    if (this.state !== SUBMITTED) return;
    this.state = SETTLED;
    threadCounts.calls--;
    this.queued = false;
    this.failed = failed;
    this.outcome = outcome;
    this.waker?.wake();
  }

  private finish(): void {
    this.state = DONE;
    this.outcome = undefined;
    this.waker = null;
  }
}
