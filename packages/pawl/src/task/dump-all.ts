/** The dump of a whole thread: every runtime that has tasks, with its figures. */
import { defaultDriver } from '../driver/default.ts';
import type { Driver } from '../driver/driver.ts';
import { openEnds, threadCounts } from './metrics.ts';
import { Runtime } from './runtime.ts';

/**
 * The dumps of all runtimes of this thread that have tasks left: the programs under `run`, and the ambient one of futures that ordinary
 * async code awaits. Each begins with a line of its figures. Before them stand the thread's figures, and what is open on it, whether or not a task
 * waits there. Polls nothing. `pawl run` prints it on SIGUSR2; a program of your own can do
 * the same.
 *
 * @example
 * ```ts
 * import { dumpAll } from 'pawl';
 * const print = (): void => void process.stderr.write(dumpAll());
 * process.on('SIGUSR2', print);
 * // … and when it is no longer wanted:
 * process.off('SIGUSR2', print);
 * ```
 */
export function dumpAll(driver: Driver = defaultDriver()): string {
  const runtimes = [...driver.attached].filter((client) => client instanceof Runtime);
  const { timers, waiting, descriptors, files = 0 } = driver.metrics;
  const count = runtimes.reduce((sum, { taskCount }) => sum + taskCount, 0);
  const children = driver.processes?.children ?? 0;
  const head =
    `live tasks: ${count}, runtimes: ${runtimes.length}, timers: ${timers}, waits for I/O: ${waiting}, descriptors: ${descriptors}` +
    (files === 0 ? '' : `, open files: ${files}`) +
    (threadCounts.live === 0 ? '' : `, threads: ${threadCounts.live}`) +
    (children === 0 ? '' : `, child processes: ${children}`);
  const dumps = runtimes.map((runtime) => {
    const { tasks, polls, ready, turns } = runtime.metrics;
    return `runtime in ${runtime.mode} mode: live tasks: ${tasks.live} of ${tasks.spawned}, ready: ${ready}, polls: ${polls}, turns: ${turns}\n${runtime.dump()}\n`;
  });
  return `${head}\n${openLines(driver).join('')}${dumps.join('')}`;
}

/** A server may have more connections than anybody reads. */
const MOST_LINES = 100;

/** What is open; timers are shown by the tasks that wait for them. */
function openLines(driver: Driver): string[] {
  const lines: string[] = [];
  let left = 0;
  const add = (what: string): void => {
    if (lines.length < MOST_LINES) lines.push(`open: ${what}\n`);
    else left++;
  };
  for (const { what } of driver.opened?.() ?? []) if (what !== 'timer') add(what);
  if (driver.kind === 'native') for (const { title } of openEnds) add(`end of ${title}`);
  if (left > 0) lines.push(`open: ${left} more\n`);
  return lines;
}
