/** ExitStatus: how a child has ended. */
import type { ChildExit } from '../driver/process.ts';
import { type SignalName, signalName } from './signal-name.ts';

/** How a child has ended: by itself, with a code, or by a signal. */
export class ExitStatus {
  /** What it has given to `exit`: 0 to 255. Null if a signal has ended it. */
  readonly code: number | null;
  /** The signal that has ended it. Null if it ended by itself. */
  readonly signal: SignalName | null;

  /** @internal */
  constructor({ code, signal }: ChildExit) {
    this.code = code;
    this.signal = signal === null ? null : signalName(signal);
    Object.freeze(this);
  }

  /** It has ended by itself, with 0. */
  get success(): boolean {
    return this.code === 0;
  }

  /** `exit code 3`, or `SIGKILL`. */
  toString(): string {
    return this.signal ?? `exit code ${this.code}`;
  }
}
