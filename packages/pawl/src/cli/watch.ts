/**
 * `--watch`: runs the same command line in a child process that Node starts again whenever a file that it has loaded changes.
 *
 * What must hold: the child is told to stop by the signal that stops a server without losing a request.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/pawl.js', import.meta.url));

/** A developer who has changed a file does not want to wait for requests of a minute. */
const DEADLINE = '1000';

/** Ends when the watching does, with its exit code. */
export function watchProgram(given: readonly string[]): Promise<void> {
  const args = given.filter((arg) => arg !== '--watch');
  const own = args.some((arg) => arg.startsWith('--deadline')) ? args : ['--deadline', DEADLINE, ...args];
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', LAUNCHER, 'serve', ...own], {
    stdio: 'inherit',
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
      resolve();
    });
  });
}
