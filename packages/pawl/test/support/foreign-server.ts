/**
 * A server that is installed on this machine, started for one test in a folder of its own.
 *
 * What must hold: it is given no port, only a socket in that folder, unless it knows nothing else. It ends with the test, or, if the test's
 * process dies before that, after `BOUND_S` seconds.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const BOUND_S = 90;

/** The user `nobody`. */
const NOBODY = 65_534;

/** Who runs it: for root somebody else, because some servers refuse to run as root. */
const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** Where a program is: in the path, or in one of the folders that match the patterns. Null when it is not installed. */
export function installed(program: string, ...patterns: readonly string[]): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...patterns.flatMap((pattern) => globSync(pattern)),
  ];
  return folders.map((folder) => join(folder, program)).find(runs) ?? null;
}

function runs(path: string): boolean {
  return spawnSync(path, ['--version']).status === 0;
}

/** A folder for a server's socket and files, short enough for a socket's path (107 bytes). */
export class ServerFolder implements Disposable {
  readonly path: string;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `pawl-${name}-`));
    if (user.uid !== undefined) chownSync(this.path, user.uid, user.gid);
  }

  /** Runs a command to its end, as the user that the server will run as; throws what it said when it fails. */
  prepare(command: string, args: readonly string[]): void {
    const { status, stdout, stderr, error } = spawnSync(command, args, { ...user, cwd: this.path, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? `${stdout}${stderr}`}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

/** A server in a child process, which accepts connections. */
export class ForeignServer implements AsyncDisposable {
  private readonly child: ChildProcess;

  private readonly signal: 'SIGINT' | 'SIGTERM';

  private constructor(child: ChildProcess, signal: 'SIGINT' | 'SIGTERM') {
    this.child = child;
    this.signal = signal;
  }

  /** Starts it and waits until it has said `ready`; throws what it has said instead when it ends before that. `signal` ends it. */
  static async start(
    folder: ServerFolder,
    command: string,
    args: readonly string[],
    ready: string,
    signal: 'SIGINT' | 'SIGTERM' = 'SIGINT',
  ): Promise<ForeignServer> {
    const child = spawn('timeout', ['-s', signal, '-k', '5', String(BOUND_S), command, ...args], {
      ...user,
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      for (const output of [child.stdout, child.stderr])
        output.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes(ready)) resolve();
        });
      child.once('error', reject);
      child.once('close', () => reject(new Error(`${command} ended and was not ready: ${said}`)));
    });
    return new ForeignServer(child, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill(this.signal);
    await gone;
  }
}
