/** spawnOn: a task on another thread, awaited on this one. */
import type { Transferable } from 'node:worker_threads';
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { type ModuleName, moduleUrl } from './callee.ts';
import { unpackError } from './carried-error.ts';
import type { AnswerMessage } from './messages.ts';
import { type Asker, Thread } from './thread.ts';
import { checkThreads } from './world.ts';

/** How a task on another thread is begun. */
export interface SpawnOnOptions {
  /** Buffers and ports of the arguments that are moved instead of copied, at the first poll: they are gone here then. */
  readonly transfer?: readonly Transferable[];
}

const NEW = 0;
const WAITING = 1;
const SETTLED = 2;
const DONE = 3;

class RemoteTask extends Future<unknown> implements Asker {
  private readonly thread: Thread;
  private readonly module: string;
  private readonly name: string;
  private args: readonly unknown[];
  private readonly transfer: readonly Transferable[];
  private state = NEW;
  private id = 0;
  private cancelled = false;
  private failed = false;
  private outcome: unknown = undefined;
  private waker: Waker | null = null;

  constructor(thread: Thread, module: string, name: string, args: readonly unknown[], options: SpawnOnOptions) {
    super();
    this.thread = thread;
    this.module = module;
    this.name = name;
    this.args = args;
    this.transfer = options.transfer ?? [];
    if (creations !== null) creations.leaf(this, 'spawnOn(…)');
  }

  /** @internal */
  get untouched(): boolean {
    return this.state === NEW;
  }

  override poll(cx: Context): Poll<unknown> {
    if (this.state === DONE) throw alreadyCompleted('a task on another thread');
    if (this.state === NEW) {
      const { thread, module, name, args, transfer } = this;
      this.state = DONE;
      this.args = [];
      checkThreads(driverOf(cx), 'a task on another thread');
      this.id = thread.ask(this, module, name, args, transfer);
      this.state = WAITING;
    }
    if (this.state === WAITING) {
      this.waker = cx.waker;
      return PENDING;
    }
    const { outcome, failed } = this;
    this.finish();
    if (failed) throw outcome;
    return outcome;
  }

  /** Waits for the cleanup there. */
  override cancel(cx: Context): Poll<void> {
    if (this.state === WAITING) {
      this.waker = cx.waker;
      if (!this.cancelled) this.thread.cancel(this.id, 'whoever has awaited it was cancelled');
      this.cancelled = true;
      return PENDING;
    }
    const { outcome, failed } = this;
    this.finish();
    if (failed && this.cancelled && !isEnd(outcome)) throw ofCleanup(outcome);
    return undefined;
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

  private settle(failed: boolean, outcome: unknown): void {
    this.state = SETTLED;
    this.failed = failed;
    this.outcome = outcome;
    this.waker?.wake();
  }

  private finish(): void {
    this.state = DONE;
    this.args = [];
    this.outcome = undefined;
    this.waker = null;
  }

  static {
    // As in future/waiter.ts: a declaration file can be made of one file alone only if no member has a computed name.
    void Object.defineProperty(this.prototype, waitInfo, {
      value(this: RemoteTask): WaitInfo {
        return { what: `task ${this.name} of ${this.module} on ${this.thread.name}`, outside: true };
      },
    });
  }
}

/** What a cancelled task there ends with; one whose thread has died has ended as well. */
function isEnd(outcome: unknown): boolean {
  return outcome instanceof PawlError && (outcome.code === 'CANCELLED' || outcome.code === 'THREAD_ENDED');
}

/** Of a cancellation whose cleanup has failed, the failure. */
function ofCleanup(outcome: unknown): unknown {
  const { name, error, suppressed } = outcome as Partial<SuppressedError>;
  return name === 'SuppressedError' && isEnd(error) ? suppressed : outcome;
}

/**
 * Runs an export of a module as a task on another thread: a coroutine, a function that gives a future or a promise, or any other. It begins at
 * the first poll; `spawn(spawnOn(…))` goes on beside it. The module may be TypeScript, and is loaded once a thread.
 *
 * Arguments and result are copied, as `structuredClone` copies. Ends of channels between threads among the arguments are moved there.
 *
 * Cancelling it cancels the task there, and is done when that has cleaned up; a value that comes meanwhile is lost (*loses data*). Errors: what
 * it throws, with its stack, code and cause; THREAD_ENDED when the thread dies, or has died; CLOSED when it is to end; NO_EXPORT;
 * NO_MODULE, with its cause, when the module cannot be loaded; NOT_CLONEABLE; BAD_ARGUMENT; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { spawnOn, withThreads } from 'pawl/threads';
 * await run(
 *   withThreads({ count: 1 }, function* ([thread]) {
 *     const digest = yield* spawnOn(thread!, 'node:crypto', 'hash', ['sha1', 'tea']);
 *     console.log(String(digest).length); // 40
 *   }),
 * );
 * ```
 */
export function spawnOn<R = unknown>(
  thread: Thread,
  module: ModuleName,
  name: string,
  args: readonly unknown[] = [],
  options: SpawnOnOptions = {},
): Future<R> {
  if (!(thread instanceof Thread)) throw new PawlError('BAD_ARGUMENT', 'spawnOn takes a thread of withThreads');
  knownOptions('spawnOn', options, { transfer: true });
  if (!Array.isArray(args)) throw new PawlError('BAD_ARGUMENT', 'the arguments of a task are given as an array');
  return new RemoteTask(thread, moduleUrl(module), name, args, options) as unknown as Future<R>;
}
