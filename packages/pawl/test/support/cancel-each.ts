/**
 * Cancels at every suspension, in a closed world, under many orders of the ready tasks.
 *
 * What must hold: for each order the program runs once to its end, and once for each of its suspensions (counted over the program and
 * every future it `watch`es), with one of the watched tasks aborted there. After each run `check` sees what is left of it; no timer and
 * no task may be (the world checks that itself).
 */
import assert from 'node:assert/strict';
import { coroutine } from '../../src/future/coroutine.ts';
import type { Future } from '../../src/future/future.ts';
import { PawlError } from '../../src/error/index.ts';
import { spawn } from '../../src/task/spawn.ts';
import type { JoinHandle } from '../../src/task/join-handle.ts';
import { supervise } from '../../src/task/scopes.ts';
import { dice } from '../../src/testing/dice.ts';
import { Watched } from '../../src/testing/watched.ts';
import { world } from './world.ts';

export { dice };

/** One run: spawns the tasks that may be aborted, and says afterwards whether all is well. */
export interface Play {
  /** Each is a task of its own; every one of them may be the one that is aborted. */
  readonly tasks: readonly Future<unknown>[];
  /** Called after the run; `aborted` is the task that was, or null when it ended by itself. */
  readonly check: (aborted: number | null) => void;
  /** Run after every task has ended, in the same world: what must still work. */
  readonly after?: Future<unknown>;
}

export interface CancelEachOptions {
  /** How many orders of the ready queue. Default 20. */
  readonly orders?: number;
  /** How many suspensions are tried at most in one order. Default 300. */
  readonly most?: number;
}

/** Runs a play in every order, aborting at every suspension; gives the number of runs. */
export function cancelEach(make: () => Play, options: CancelEachOptions = {}): number {
  const { orders = 20, most = 300 } = options;
  let runs = 0;
  for (let order = 0; order < orders; order++) {
    for (let at = 1; ; at++) {
      assert.ok(at <= most, `the program suspends more than ${most} times`);
      runs++;
      if (!once(make(), order, at)) break;
    }
  }
  return runs;
}

/** True when a task was aborted at the `at`th suspension; the abort is asked for within the poll that suspends. */
function once(play: Play, order: number, at: number): boolean {
  const { driver, run } = world();
  if (order > 0) driver.pick = dice(order);
  const victim = dice(order * 1000 + at);
  const handles: JoinHandle<unknown>[] = [];
  const started = new Set<number>();
  let count = 0;
  let aborted: number | null = null;
  const suspended = (task: number) => (): void => {
    started.add(task);
    if (++count !== at) return;
    // Half of the time the one that has just suspended, else any that has: some of those have been woken and not yet polled.
    aborted = victim(2) === 0 ? task : ([...started][victim(started.size)] as number);
    handles[aborted]?.abort(`at suspension ${at}`);
  };
  const where = (): string => `order ${order}, suspension ${at}, task ${aborted ?? 'none'} aborted`;
  try {
    run(
      coroutine(function* () {
        yield* supervise(function* () {
          for (const [index, task] of play.tasks.entries()) handles.push(spawn(new Watched(task, suspended(index))));
          for (const handle of handles) yield* ended(handle);
        });
        if (play.after !== undefined) yield* play.after;
      }),
    );
    play.check(aborted);
  } catch (error) {
    throw new Error(`${where()}: ${(error as Error).message}`, { cause: error });
  }
  return aborted !== null;
}

const ended = coroutine(function* (handle: JoinHandle<unknown>) {
  try {
    yield* handle;
  } catch (error) {
    if (!(error instanceof PawlError && ['CANCELLED', 'TIMEOUT'].includes(error.code))) throw error;
  }
});
