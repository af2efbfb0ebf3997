/**
 * The ambient runtime: where futures go that ordinary async code awaits (`then`).
 *
 * What must hold: one for each driver, made on demand: the thread's own, a paused clock's, a simulated host's. A task in it belongs to no caller's scope;
 * the process waits for it as long as anything can wake it.
 */
import { defaultDriver } from '../driver/default.ts';
import type { Driver } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { setConsumer } from '../future/consume.ts';
import { Future } from '../future/future.ts';
import type { Poll } from '../future/poll.ts';
import { Runtime } from './runtime.ts';

/** A future that `then` has moved: the same computation under a new name. */
class Moved extends Future<unknown> {
  private readonly source: Pick<Future<unknown>, 'poll' | 'cancel'>;

  constructor(source: Pick<Future<unknown>, 'poll' | 'cancel'>) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<unknown> {
    return this.source.poll(cx);
  }

  override cancel(cx: Context): Poll<void> {
    return this.source.cancel(cx);
  }
}

const ambients = new WeakMap<Driver, Runtime>();

/**
 * The thread's ambient runtime, made at its first use.
 *
 * Errors: UNSUPPORTED_PLATFORM and FFI_DENIED where there is no driver.
 *
 * @example
 * ```ts
 * import { ambientRuntime, ready } from 'pawl';
 * console.log(await ready(1)); // 1, awaited as a promise: that task was the ambient runtime's
 * console.log(ambientRuntime().taskCount); // 0
 * ```
 */
export function ambientRuntime(): Runtime {
  const driver = defaultDriver();
  let runtime = ambients.get(driver);
  if (runtime === undefined) ambients.set(driver, (runtime = new Runtime(driver)));
  return runtime;
}

/** Ends the ambient runtime: its tasks are cancelled and cleaned up, and their promises reject with CANCELLED. */
export function shutdownAmbient(reason?: unknown): void {
  const driver = defaultDriver();
  const runtime = ambients.get(driver);
  ambients.delete(driver);
  runtime?.root.abortAll(reason);
}

setConsumer((source) => ambientRuntime().root.adopt(new Moved(source), undefined).settled());
