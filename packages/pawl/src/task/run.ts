/** Entering the runtime: `run` beside Node's loop, `blockOn` in its stead. */
import { PawlError } from '../error/index.ts';
import { defaultDriver } from '../driver/default.ts';
import type { Driver } from '../driver/driver.ts';
import { toFuture, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { current } from '../future/register.ts';
import { listen, unlisten } from '../future/signals.ts';
import { MainTask } from './main.ts';
import { Runtime, type RuntimeOptions } from './runtime.ts';

/** How `run` and `blockOn` set their runtime up. */
export interface RunOptions extends RuntimeOptions {
  /** The main task's name in dumps and errors. */
  readonly name?: string;
  /** The world to run in. Default: this thread's native driver. */
  readonly driver?: Driver;
}

/** What `run` takes besides: how main is stopped and observed from outside. */
export interface RunAsyncOptions extends RunOptions {
  /** Cancels main: its cleanup runs, then the promise rejects with CANCELLED, the signal's reason as its cause. */
  readonly signal?: AbortSignal;
  /** Receives the runtime before main's first poll: for `dump`, `spawn` and metrics from outside. */
  readonly onRuntime?: (runtime: Runtime) => void;
}

/**
 * Runs a future, or a function that makes one, as the main task of a new runtime, beside Node's own event loop on this thread. The
 * promise settles when main and every task under it have ended, and what it detached has been cancelled and cleaned up.
 *
 * Rejects with main's error; CANCELLED when `signal` aborts; BAD_ARGUMENT for a bad option, and what `onRuntime` throws; a SuppressedError when several things failed. Touches no signals and does
 * not keep the process alive by itself: tasks that nothing can wake any more are dumped, and the process ends with code 13.
 *
 * @example
 * ```ts
 * import { run, sleep } from 'pawl';
 * const value = await run(function* () {
 *   yield* sleep(1);
 *   return 'hello';
 * });
 * console.log(value); // hello
 * ```
 */
export function run<T>(main: Future<T> | Body<[], T>, options: RunAsyncOptions = {}): Promise<Flattened<T>> {
  return new Promise<T>((resolve, reject) => {
    const { signal } = options;
    checkSignal(signal);
    const runtime = new Runtime(options.driver ?? defaultDriver(), options);
    if (signal?.aborted === true) {
      reject(
        new PawlError('CANCELLED', 'run was given an aborted signal: main was never started', { cause: signal.reason }),
      );
      return;
    }
    const task: MainTask<T> = new MainTask(runtime, toFuture(main), options.name, () => {
      if (signal !== undefined) unlisten(signal, abort);
      if (runtime.muted) return;
      try {
        resolve(task.take());
      } catch (error) {
        reject(error);
      }
    });
    const abort = (): void => task.abort(signal?.reason);
    if (signal !== undefined) listen(signal, abort);
    try {
      options.onRuntime?.(runtime);
    } catch (error) {
      reject(error);
      task.abort(error);
    }
  }) as Promise<unknown> as Promise<Flattened<T>>;
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.addEventListener === 'function') return;
  throw new PawlError('BAD_ARGUMENT', `signal must be an AbortSignal, got ${typeof signal}`);
}

/**
 * Runs a future to its end and returns its value, blocking this thread: only our own timers and I/O make progress, nothing of Node's
 * does. A future that waits for Node's world (a promise) fails with BLOCKING_NODE.
 *
 * Errors: what the future throws; NESTED_BLOCK_ON inside a task; DEADLOCK, with a dump, when nothing can ever wake it.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, sleep } from 'pawl';
 * const main = coroutine(function* () {
 *   yield* sleep(2);
 *   return 'slept';
 * });
 * console.log(blockOn(main())); // slept
 * ```
 */
export function blockOn<T>(main: Future<T> | Body<[], T>, options: RunOptions = {}): Flattened<T> {
  if (current !== null) {
    throw new PawlError(
      'NESTED_BLOCK_ON',
      'blockOn inside a task would stop the executor that it waits for: use yield* instead',
    );
  }
  const runtime = new Runtime(options.driver ?? defaultDriver(), options);
  const task = new MainTask(runtime, toFuture(main), options.name);
  try {
    runtime.driver.block(runtime, () => task.ended);
  } catch (error) {
    const dump = runtime.dump();
    runtime.drop();
    if (!(error instanceof PawlError && error.code === 'DEADLOCK')) throw error;
    throw new PawlError('DEADLOCK', `blockOn: every task is waiting and nothing can wake any of them\n${dump}`, {
      cause: error,
    });
  }
  return task.take() as Flattened<T>;
}
