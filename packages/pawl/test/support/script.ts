/** Runs a piece of a program in a fresh process: what it prints, and how it ends. Nothing outlives the test. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface ScriptResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The limit of descriptors (`ulimit -n`). */
  readonly descriptors?: number;
  readonly nodeOptions?: readonly string[];
}

/** A script that hangs is killed: no test waits for it longer. */
const PATIENCE_MS = 30_000;

const source = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
const support = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** What every script can use. */
const PREAMBLE = `
import { nativeDriver } from ${source('driver/native/index.ts')};
import { PENDING } from ${source('future/poll.ts')};
import { HandContext, JobClient, pause, TestTimer, until } from ${support('./jobs.ts')};
const anywhere = { host: '127.0.0.1', port: 0, family: 4 };
`;

export async function runScript(script: string, options: ScriptOptions = {}): Promise<ScriptResult> {
  const { env = {}, descriptors, nodeOptions = [] } = options;
  const node = [
    process.execPath,
    ...nodeOptions,
    '--conditions=pawl-source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    PREAMBLE + script,
  ];
  const command = descriptors === undefined ? node : ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', ...node];
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, signal, stdout, stderr };
}
