/**
 * Runs a program once for each of its suspensions and aborts it there, and compares what is open before and after.
 *
 * What must hold: a run is aborted at its n-th suspension, counted over the program and every task it `watch`es, for n from 1 until a run
 * ends by itself. After each run there are exactly as many tasks, timers, stored wakers and descriptors as before it.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { defaultDriver } from '../../src/driver/default.ts';
import type { Context } from '../../src/future/context.ts';
import { coroutine, start, type Body } from '../../src/future/coroutine.ts';
import { Future } from '../../src/future/future.ts';
import { PENDING, type Poll } from '../../src/future/poll.ts';
import { PawlError } from '../../src/error/index.ts';
import { run } from '../../src/task/run.ts';
import type { Runtime } from '../../src/task/runtime.ts';
import { spawn } from '../../src/task/spawn.ts';

/** Counts the suspensions of a future too: wrap what a child task runs. */
export type Watch = <T>(future: Future<T>) => Future<T>;

export interface CancelEverywhereOptions {
  /** Called after each run; `at` is the suspension where it was aborted. */
  readonly afterEach?: (at: number) => void;
  /** Awaited before what is open is counted: for the other ends of connections, where they are in this process. */
  readonly settle?: () => Promise<unknown>;
  /** A program with more suspensions than this has gone wild. Default 500. */
  readonly most?: number;
}

class Watched<T> extends Future<T> {
  private readonly future: Future<T>;
  private readonly suspended: () => void;

  constructor(future: Future<T>, suspended: () => void) {
    super();
    this.future = future;
    this.suspended = suspended;
  }

  override poll(cx: Context): Poll<T> {
    const value = this.future.poll(cx);
    if (value === PENDING) this.suspended();
    return value;
  }

  override cancel(cx: Context): Poll<void> {
    return this.future.cancel(cx);
  }
}

/** What is open: a leak in any of them shows after the run. */
function census(): Record<string, number> {
  const { descriptors, timers, waiting } = defaultDriver().metrics;
  return { descriptors, timers, waiting, files: readdirSync('/proc/self/fd').length };
}

/** Gives the number of suspensions of the run that was not aborted. */
export async function cancelEverywhere(
  program: Body<[watch: Watch], unknown>,
  options: CancelEverywhereOptions = {},
): Promise<number> {
  const { afterEach, most = 500, settle } = options;
  // The first run opens what the process keeps: the driver's own descriptors, loaded modules.
  await once(program, Infinity);
  await settle?.();
  const before = census();
  for (let at = 1; at <= most; at++) {
    const { aborted, left } = await once(program, at);
    await settle?.();
    assert.equal(left, 0, `tasks left after an abort at suspension ${at}`);
    assert.deepEqual(census(), before, `what is open after an abort at suspension ${at}`);
    afterEach?.(at);
    if (!aborted) return at - 1;
  }
  throw new assert.AssertionError({ message: `the program suspends more than ${most} times` });
}

async function once(program: Body<[watch: Watch], unknown>, at: number): Promise<{ aborted: boolean; left: number }> {
  let count = 0;
  let abort = (): void => {};
  const watch: Watch = (future) =>
    new Watched(future, () => {
      if (++count === at) abort();
    });
  let runtime: Runtime | undefined;
  const aborted = await run(
    coroutine(function* () {
      const task = spawn(watch(start(program, watch)), { name: 'program' });
      abort = () => task.abort(`suspension ${at}`);
      try {
        yield* task;
        return false;
      } catch (error) {
        if (error instanceof PawlError && error.code === 'CANCELLED') return true;
        throw error;
      }
    }),
    { onRuntime: (made) => (runtime = made) },
  );
  return { aborted, left: (runtime as Runtime).taskCount };
}
