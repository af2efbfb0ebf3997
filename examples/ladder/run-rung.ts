/**
 * Runs a rung in a process of its own.
 *
 * What must hold: whatever a rung does to its process, whoever runs it lives on and learns how it ended.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, type Rung } from './rungs.ts';
import { NOT_HERE } from './unshown.ts';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code, or the signal that ended it. */
  readonly how: number | NodeJS.Signals;
  /** Why this system cannot show it; then it has printed nothing to compare. */
  readonly unshown?: string;
}

export interface RunRungOptions {
  /** Scales its delays. Default: as LADDER_PACE says. */
  readonly pace?: number;
  /** It prints to our own output instead of being listened to. */
  readonly watched?: boolean;
}

/** Longer than the longest rung at full pace. */
const BOUND_MS = 60_000;

/** Most of a short rung's time is the stripping of the library's types, which Node remembers here (a quarter of the processor time). */
const NODE_COMPILE_CACHE = join(root, 'tmp/ladder-cache');

const FLAGS = [
  '--conditions=pawl-source',
  '--disable-warning=ExperimentalWarning',
  // Where many programs share the machine a poll may be slow without any fault of the rung's.
  '--disable-warning=SLOW_POLL',
];

export function runRung(rung: Rung, { pace, watched = false }: RunRungOptions = {}): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(process.execPath, [...FLAGS, join(root, rung.file)], {
    cwd: root,
    env: { NODE_COMPILE_CACHE, ...process.env, ...(pace === undefined ? {} : { LADDER_PACE: String(pace) }) },
    stdio: watched ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    timeout: BOUND_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.on('error', reject);
  child.on('close', (code, signal) => {
    const ran: Ran = { stdout, stderr, how: code ?? (signal as NodeJS.Signals) };
    resolve(code === NOT_HERE ? { ...ran, unshown: stdout.trim().split('\n').at(-1) ?? '' } : ran);
  });
  return promise;
}
