/** What threads and their starter say to each other: those of a pool, and those that run tasks. */
import type { CarriedError } from './carried-error.ts';

/** What is called: a module's export, or a function by its source. */
export type Callee =
  | { readonly module: string; readonly name: string }
  | { readonly source: string; readonly name: string };

export interface CallMessage {
  readonly callee: Callee;
  readonly args: readonly unknown[];
  /** The buffers of the result are moved, not copied. */
  readonly moveResult: boolean;
}

export type AnswerMessage =
  | { readonly value: unknown }
  | { readonly error: CarriedError }
  /** The call could not be made, or its result cannot be sent: a code of our own. */
  | {
      readonly refused: 'NO_EXPORT' | 'NO_MODULE' | 'NOT_CLONEABLE' | 'NOT_SELF_CONTAINED';
      readonly message: string;
      readonly error?: CarriedError;
    };

/** What is said to a thread that runs tasks. */
export type TaskOrder =
  | {
      readonly order: 'run';
      readonly id: number;
      readonly module: string;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  | { readonly order: 'cancel'; readonly id: number; readonly reason: string }
  /** Cancel what runs, and end. */
  | { readonly order: 'stop' };

/** The outcome of a task there. */
export type TaskAnswer = { readonly id: number; readonly answer: AnswerMessage };
