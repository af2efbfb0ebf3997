/**
 * Dumps on standard error: on SIGUSR2, and when a process that should end does not.
 *
 * What must hold: neither keeps the process alive, and neither stops or changes the program.
 */
import { dumpAll, PawlError } from '../index.ts';

/** Listens for SIGUSR2 from its making to the end of the process. */
export class Dumps {
  private readonly timeout: number | undefined;

  /** `timeout`: ms from the time when the process should have ended to the dump that says why it has not. */
  constructor(timeout: number | undefined) {
    this.timeout = timeout;
    process.on('SIGUSR2', this.print);
  }

  /** The process should end now: cleanup and what Node has open are all that is left. */
  ending(why: string): void {
    const { timeout } = this;
    if (timeout === undefined) return;
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate');
      process.stderr.write(
        `pawl: still running ${timeout} ms after ${why}; Node has open: ${open.join(', ') || 'nothing'}\n`,
      );
      this.print();
    }, timeout).unref();
  }

  private readonly print = (): void => {
    try {
      process.stderr.write(`pawl: ${dumpAll()}`);
    } catch (error) {
      // Without a driver nothing of ours can be waiting.
      if (!(error instanceof PawlError)) throw error;
      process.stderr.write(`pawl: no tasks: ${error.message}\n`);
    }
  };
}
