/**
 * SIGINT and SIGTERM as a request to stop.
 *
 * What must hold: the first one aborts; a second one ends the process at once, by the signal's default action, also while
 * JavaScript is in a busy loop and has not seen the first.
 */
import { constants } from 'node:os';
import { PawlError } from '../index.ts';

const NAMES = ['SIGINT', 'SIGTERM'] as const;

/** Listens until it is disposed of, or until the first signal. */
export class StopSignals implements Disposable {
  /** Aborted by the first signal. */
  readonly aborted: AbortSignal;
  /** The exit code that the signal asks for, once one has come: 128 and its number, as shells have it. */
  exitCode: number | undefined;
  readonly #controller = new AbortController();

  private constructor() {
    this.aborted = this.#controller.signal;
    for (const name of NAMES) process.on(name, this.#stop);
  }

  static async listen(): Promise<StopSignals> {
    const signals = new StopSignals();
    try {
      // Loaded here, because it needs what the native driver needs.
      const { handleOnce } = await import('../sys/signal.ts');
      for (const name of NAMES) handleOnce(constants.signals[name]);
    } catch (error) {
      // Without FFI a signal still stops the program, once JavaScript gets to see it.
      if (!(error instanceof PawlError)) throw error;
    }
    return signals;
  }

  readonly #stop = (name: (typeof NAMES)[number]): void => {
    this[Symbol.dispose]();
    this.exitCode = 128 + constants.signals[name];
    this.#controller.abort(new Error(`stopped by ${name}`));
  };

  /** Gives both signals their default action back. */
  [Symbol.dispose](): void {
    for (const name of NAMES) process.off(name, this.#stop);
  }
}
