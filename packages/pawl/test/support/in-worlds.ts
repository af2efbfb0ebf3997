/**
 * Tests whose bodies run in some hundred simulated worlds.
 *
 * What must hold: each world is made twice and goes the same way both times, and of what its body opens on its host nothing is left.
 */
import { test } from 'node:test';
import { coroutine, type Future, PawlError, sleep, spawn, supervise, yieldNow } from 'pawl';
import { assertNoLeaks, type Scenario, simulate, type SimulateOptions, type World } from 'pawl/testing';
import { start } from '../../src/future/coroutine.ts';

/** A test that runs on for ever is not waited for long. */
const limits = { time: 300_000, turns: 300_000 };

export function inWorlds(title: string, scenario: Scenario, options: SimulateOptions = {}): void {
  test(title, async () => {
    await simulate({ seeds: 200, check: true, limits, ...options }, function* (world) {
      yield* assertNoLeaks(() => start(scenario, world));
    });
  });
}

/** A suspension that takes no time, or some ms, as the world chooses. */
export function pause(world: World, most: number = 4): Future<unknown> {
  const ms = world.choose(most + 1, 'how long a test waits');
  return ms === 0 ? yieldNow() : sleep(ms);
}

/** Runs tasks at once and waits for all; in many a world some of them are aborted on the way. Which of them have ended by themselves. */
export const disturbed = coroutine(function* (world: World, tasks: readonly Future<unknown>[], p: number = 0.3) {
  return yield* supervise(function* () {
    const running = tasks.map((task) => {
      const handle = spawn(task);
      if (world.chance(p, 'whether a test aborts a task'))
        spawn(function* () {
          for (let i = world.choose(4); i >= 0; i--) yield* pause(world, 8);
          handle.abort('by the test');
        });
      return handle;
    });
    const ended: boolean[] = [];
    for (const handle of running) ended.push(yield* untilEnded(handle));
    return ended;
  });
});

/** Whether it ends with a value, rather than cancelled (what failed meanwhile does not count) or when its time is over. */
export const untilEnded = coroutine(function* (what: Future<unknown>) {
  try {
    yield* what;
    return true;
  } catch (error) {
    const reason = error instanceof SuppressedError ? error.error : error;
    if (reason instanceof PawlError && ['CANCELLED', 'TIMEOUT'].includes(reason.code)) return false;
    throw error;
  }
});
