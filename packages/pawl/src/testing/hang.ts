/** What is said of a world in which nothing can happen any more. */
import { PawlError } from '../error/index.ts';
import { Runtime } from '../task/runtime.ts';
import type { AwaitSnapshot, TaskSnapshot } from '../task/snapshot.ts';
import type { World } from './world.ts';

/**
 * The failure of a world that can never move again: DEADLOCK, with the cycles of waiters that the runtimes have found and the dumps of all
 * hosts; SIM_REAL_WORLD when a task waits for a promise, which may well be settled, but not from inside.
 */
export function hang(world: World, cycles: readonly string[]): PawlError {
  const dumps: string[] = [];
  let promised: string | undefined;
  for (const { name, driver } of world.hosts.values()) {
    const runtimes = [...(driver?.attached ?? [])].filter((client) => client instanceof Runtime);
    const state = driver === null ? ', which is down: no task' : runtimes.length === 0 ? ': no task' : ':';
    dumps.push(`host "${name}"${state}`, ...runtimes.map((runtime) => runtime.dump()));
    const task = runtimes.flatMap((runtime) => runtime.snapshot()).find(waitsForPromise);
    if (task !== undefined) promised ??= `task "${task.name}" of the host "${name}"`;
  }
  const all = [...cycles, ...dumps].join('\n');
  if (promised === undefined)
    return new PawlError(
      'DEADLOCK',
      `nothing in the simulated world can ever happen again, and its main has not ended\n${all}`,
    );
  return new PawlError(
    'SIM_REAL_WORLD',
    `${promised} waits for a promise that nothing in the simulated world settles: it hangs, or waits for the real world (a file, a socket, a timer of Node's)\n${all}`,
  );
}

function waitsForPromise({ awaits, children }: TaskSnapshot): boolean {
  return awaits.some(isPromise) || children.some(waitsForPromise);
}

function isPromise({ outside, branches }: AwaitSnapshot): boolean {
  return outside || branches.some(({ awaits }) => awaits.some(isPromise));
}
