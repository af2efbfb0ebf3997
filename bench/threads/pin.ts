/**
 * A core for each of two threads of this process, for rows about waiting awake: two threads that wake each other are put on one core by the
 * kernel, where the one that waits awake only keeps the other from answering.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const threads = (): string[] => readdirSync('/proc/self/task');
const before: ReadonlySet<string> = new Set(threads());

/** This thread on the first core, those that were started since this module was loaded on the second. Without taskset nothing happens. */
export function pinApart(): void {
  const pin = (core: number, thread: string): unknown => spawnSync('taskset', ['-cp', String(core), thread]);
  pin(0, String(process.pid));
  for (const thread of threads()) if (!before.has(thread)) pin(1, thread);
}
