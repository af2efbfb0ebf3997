/**
 * What the suites of servers need of the machine: a C compiler, a way to pin a process to a core, descriptors, memory in use. What is
 * missing is said, not hidden.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled C programs, in a directory of their own that goes with them. */
export class Programs implements Disposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  get server(): string {
    return join(this.#directory, 'server');
  }

  get load(): string {
    return join(this.#directory, 'load');
  }

  /** Compiles server.c and load.c of a suite's folder, or says why not. `beside` is the URL of a file in it. */
  static compile(beside: string): Programs | string {
    const programs = new Programs(mkdtempSync(join(tmpdir(), 'pawl-bench-')));
    for (const name of ['server', 'load']) {
      const source = fileURLToPath(new URL(`${name}.c`, beside));
      const output = join(programs.#directory, name);
      const { error, status, stderr } = spawnSync('cc', ['-O2', '-o', output, source], { encoding: 'utf8' });
      if (status === 0) continue;
      programs[Symbol.dispose]();
      return error === undefined ? `cc could not compile ${name}.c: ${stderr}` : `there is no cc (${error.message})`;
    }
    return programs;
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A command line that runs on one core, or anywhere where that cannot be had. */
export type Pin = (core: number, command: readonly string[]) => readonly string[];

/** How to pin, or why not. */
export function findPin(): { readonly pin: Pin; readonly missing?: string } {
  const anywhere: Pin = (_core, command) => command;
  if (availableParallelism() < 2)
    return { pin: anywhere, missing: 'one core only: servers and load generator share it' };
  const { status } = spawnSync('taskset', ['-c', '0', 'true']);
  if (status !== 0) return { pin: anywhere, missing: 'no taskset: servers and load generator are not pinned to cores' };
  return { pin: (core, command) => ['taskset', '-c', String(core), ...command] };
}

/** How many descriptors a process may open at most (Node and the C programs raise their own limit to this). */
export function descriptorLimit(): number {
  const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const limit = Number(line?.[1]);
  return Number.isNaN(limit) ? Infinity : limit;
}

/**
 * Memory that only this process holds and that is in use (its unique set), in bytes. What the kernel keeps for a socket is not in it,
 * and is the same for every server.
 */
export function uniqueMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  let kilobytes = 0;
  for (const [, value] of text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)) kilobytes += Number(value);
  return kilobytes * 1024;
}
