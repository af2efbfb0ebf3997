/** What a suite is to the command line: a name, one sentence, and a run that yields rows. */
import type { Row } from './row.ts';

export interface SuiteOptions {
  /** A shorter run (about a minute for the whole suite at the most): fewer rounds and processes, the same measures. */
  readonly quick: boolean;
  /** Only the measures whose titles contain this; null for all. */
  readonly only: string | null;
  /** Says something that the reader of the figures must know (a peer that was skipped, and why). */
  note(text: string): void;
  /** Says what is being measured now; not part of the result. */
  progress(text: string): void;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  /** Its measures' titles, where they can be run one by one. */
  readonly titles?: readonly string[];
  run(options: SuiteOptions): Promise<Row[]>;
}
