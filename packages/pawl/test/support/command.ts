/** Running a command to its end in a child process, bounded in time, with a hand on its output while it runs. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told each line of standard output as it comes, with a way to send a signal (false: the process has gone). */
  readonly onLine?: (line: string, kill: (signal: NodeJS.Signals) => boolean) => void;
}

/** The command is killed after this time, so that its test fails instead of hanging. */
const BOUND_MS = 60_000;

/** A busy machine's pauses are no fault of the command's. */
const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --disable-warning=SLOW_POLL`;

export function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, NODE_OPTIONS: NODE_OPTIONS.trim(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BOUND_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const seen = stdout.split('\n').length;
      stdout += text;
      for (const line of stdout.split('\n').slice(seen - 1, -1)) options.onLine?.(line, (name) => child.kill(name));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The project's root. */
export const root: string = join(import.meta.dirname, '../../../..');

/** Runs the `pawl` command from the sources. */
export function pawl(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return runCommand(process.execPath, [join(root, 'packages/pawl/bin/pawl.js'), ...args], options);
}
