/** What is said of a world in which nothing can happen any more, and the dump of any world. */
import { PawlError } from '../error/index.ts';
import { Runtime } from '../task/runtime.ts';
import type { AwaitSnapshot, TaskSnapshot } from '../task/snapshot.ts';
import type { Host } from './host.ts';
import type { World } from './world.ts';

/**
 * The failure of a world that can never move again: DEADLOCK, with the cycles of waiters that the runtimes have found and the dumps of all
 * hosts; SIM_REAL_WORLD when a task waits for a promise, which may well be settled, but not from inside.
 */
export function hang(world: World, cycles: readonly string[]): PawlError {
  let promised: string | undefined;
  for (const host of world.hosts.values()) {
    const task = runtimesOf(host)
      .flatMap((runtime) => runtime.snapshot())
      .find(waitsForPromise);
    if (task !== undefined) promised ??= `task "${task.name}" of the host "${host.name}"`;
  }
  const all = [...cycles, dumpHosts(world)].join('\n');
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

/** The tasks of all hosts. */
export function dumpHosts(world: World): string {
  const dumps: string[] = [];
  for (const host of world.hosts.values()) {
    const tasks = runtimesOf(host)
      .map((runtime) => runtime.dump())
      .filter((dump) => dump !== '');
    const state = host.driver === null ? ', which is down: no task' : tasks.length === 0 ? ': no task' : ':';
    dumps.push(`host "${host.name}"${state}`, ...tasks);
  }
  return dumps.join('\n');
}

function runtimesOf({ driver }: Host): Runtime[] {
  return [...(driver?.attached ?? [])].filter((client) => client instanceof Runtime);
}

function waitsForPromise({ awaits, children }: TaskSnapshot): boolean {
  return awaits.some(isPromise) || children.some(waitsForPromise);
}

function isPromise({ outside, branches }: AwaitSnapshot): boolean {
  return outside || branches.some(({ awaits }) => awaits.some(isPromise));
}
