/** Child processes of tests, and what the system knows of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { Command, type CommandOptions } from '../../src/process/index.ts';

/** A script of the shell. */
export const sh = (script: string, options: CommandOptions = {}): Command => new Command('sh', ['-c', script], options);

/** The state of a process as the kernel tells it; null when there is none: not even a zombie. */
export function stateOf(pid: number): string | null {
  try {
    return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** The children of this process, zombies among them. */
export function children(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const status = readFileSync(`/proc/${name}/stat`, 'utf8');
      return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
    } catch {
      return false;
    }
  });
}
