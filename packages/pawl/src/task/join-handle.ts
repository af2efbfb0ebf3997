/** JoinHandle: what whoever spawns a task has of it. */
import type { Future } from '../future/future.ts';

/** How a task stands, for dumps and handles. */
export type TaskState = 'ready' | 'running' | 'waiting' | 'cancelling' | 'done' | 'failed' | 'cancelled';

/** A handle of a spawned task. Awaiting it gives the task's value or throws its error; it may be awaited repeatedly. */
export interface JoinHandle<out T> extends Future<T> {
  readonly name: string;
  readonly state: TaskState;
  /** True once the task, its cleanup and its children have ended. */
  readonly finished: boolean;
  /** Asks the task to stop: it is cancelled at its next suspension, and its cleanup runs. Awaiting it then throws CANCELLED. */
  abort(reason?: unknown): void;
}
