/**
 * A closed world for one program: a manual driver, the reports it caused, and the check that nothing is left of it.
 *
 * What must hold: however the program ends, no timer is armed and no task is alive afterwards (a runtime is attached to its driver
 * exactly while it has tasks).
 */
import assert from 'node:assert/strict';
import type { Body, Flattened } from '../../src/future/coroutine.ts';
import type { Future } from '../../src/future/future.ts';
import type { Report } from '../../src/task/report.ts';
import { blockOn, type RunOptions } from '../../src/task/run.ts';
import { spawn } from '../../src/task/spawn.ts';
import { ManualDriver } from './manual-driver.ts';

export interface World {
  readonly driver: ManualDriver;
  /** What the runtime reported, in order. */
  readonly reports: Report[];
  /** Runs a program to its end and checks that nothing is left of it. */
  readonly run: <T>(main: Future<T> | Body<[], T>, options?: RunOptions) => Flattened<T>;
}

export function world(): World {
  const driver = new ManualDriver();
  const reports: Report[] = [];
  return {
    driver,
    reports,
    run(main, options) {
      try {
        return blockOn(main, { driver, onReport: (report) => reports.push(report), ...options });
      } finally {
        assert.equal(driver.timerCount, 0, 'a timer is left');
        assert.equal(driver.attached.size, 0, 'a task is left');
      }
    },
  };
}

/** Runs a program in a world of its own. */
export function play<T>(main: Future<T> | Body<[], T>, options?: RunOptions): Flattened<T> {
  return world().run(main, options);
}

/** What a program throws, run in a world of its own. */
export function failure(main: Future<unknown> | Body<[], unknown>, options?: RunOptions): unknown {
  try {
    play(main, options);
  } catch (error) {
    return error;
  }
  return assert.fail('the program did not fail');
}

/** The code of a thrown error, or the error itself when it has none. */
export function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown } | null | undefined)?.code ?? error;
  }
  return 'nothing was thrown';
}

/**
 * Runs a program once for each poll of any of its tasks and aborts it after that poll, until a run ends by itself: nothing may be left in
 * any of them, nor be reported. Gives the number of runs that were aborted.
 */
export function abortEverywhere(program: () => Body<[], unknown>, afterEach: (at: number) => void = () => {}): number {
  for (let at = 1; ; at++) {
    const { driver, reports, run } = world();
    driver.polls = 1;
    const aborted = run(function* () {
      const task = spawn(program());
      let turns = 0;
      driver.onTurn = () => {
        if (++turns === at) task.abort(`turn ${at}`);
      };
      try {
        yield* task;
        return false;
      } catch (error) {
        if ((error as { code?: unknown }).code === 'CANCELLED' && task.state === 'cancelled') return true;
        throw error;
      }
    });
    assert.deepEqual(reports, [], `aborted after poll ${at}`);
    afterEach(at);
    if (!aborted) return at - 1;
    assert.ok(at < 5000, 'the program never ends');
  }
}
