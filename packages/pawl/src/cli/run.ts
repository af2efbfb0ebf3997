/**
 * `pawl run`: a module's default export on the host-mode loop.
 *
 * What must hold: when main ends well, Node ends as it always does (what the program has started of Node's goes on); when
 * it fails or is stopped by a signal, the process ends as soon as its cleanup is done.
 */
import { type Body, start } from '../future/coroutine.ts';
import { PawlError, run } from '../index.ts';
import { Dumps } from './dumps.ts';
import type { RunCommandOptions } from './options.ts';
import { loadProgram } from './program.ts';
import { report } from './report.ts';
import { StopSignals } from './signals.ts';

/** Runs the program to its end and sets the exit code. */
export function runProgram(file: string, args: readonly string[], options: RunCommandOptions = {}): Promise<void> {
  return runMain(() => loadProgram(file, args), options);
}

/** How a command's main is run. */
export interface MainOptions extends RunCommandOptions {
  /** Main ends by itself when it is told to stop; otherwise a signal cancels it. */
  readonly endsItself?: boolean;
}

/** Runs what `load` gives to its end, stopped by signals, and sets the exit code. Main is given what the first signal aborts. */
export async function runMain(
  load: () => Promise<Body<[stop: AbortSignal], unknown>>,
  options: MainOptions = {},
): Promise<void> {
  let signals: StopSignals | undefined;
  const dumps = new Dumps(options.dumpOnExitTimeout);
  try {
    const main = await load();
    signals = await StopSignals.listen();
    const { aborted } = signals;
    aborted.addEventListener('abort', () => dumps.ending('it was told to stop'), { once: true });
    const result = await run(() => start(main, aborted), options.endsItself === true ? {} : { signal: aborted });
    if (Number.isInteger(result)) process.exitCode = result as number;
    if (signals.exitCode === undefined) {
      dumps.ending('its main has ended');
      return;
    }
  } catch (error) {
    if (signals?.exitCode === undefined || !isCancellation(error)) process.stderr.write(`${explain(error)}\n`);
  } finally {
    signals?.[Symbol.dispose]();
  }
  process.exit(signals?.exitCode ?? 1);
}

/** The outcome of a program that a signal has stopped, with nothing having failed in its cleanup. */
function isCancellation(error: unknown): boolean {
  return error instanceof PawlError && error.code === 'CANCELLED';
}

/** What went wrong: one sentence if it is about how the program was given or where it runs, else the error whole. */
function explain(error: unknown): string {
  if (error instanceof Error && error.name === 'ProgramError') return `pawl: ${error.message}`;
  if (error instanceof PawlError && (error.code === 'UNSUPPORTED_PLATFORM' || error.code === 'FFI_DENIED')) {
    return `pawl: ${error.message}`;
  }
  return report(error);
}
