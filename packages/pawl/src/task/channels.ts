/**
 * What the executor does, as events on `node:diagnostics_channel`, for profilers and tracers.
 *
 * - `pawl:task:spawn`: a {@link TaskEvent}, before the task's first poll.
 * - `pawl:task:wake`: a {@link TaskEvent}, when a wake-up has queued a task.
 * - `pawl:task:poll`: a {@link PollEvent}, after the poll.
 * - `pawl:task:end`: a {@link TaskEvent}; the handle's `state` says how.
 *
 * What must hold: nothing is made and nothing is timed for a channel without subscribers. Whether anybody listens to polls is asked once for
 * each turn, so the first event may come a turn late. A subscriber that throws harms nobody: Node reports it as uncaught.
 */
import { channel, type Channel } from 'node:diagnostics_channel';
import type { Runtime } from './runtime.ts';
import type { JoinHandle } from './join-handle.ts';

/** What the channels of tasks publish. */
export interface TaskEvent {
  readonly task: JoinHandle<unknown>;
  readonly runtime: Runtime;
}

/** What `pawl:task:poll` publishes. */
export interface PollEvent extends TaskEvent {
  /** How long the poll took, in ms. */
  readonly took: number;
}

export const onSpawn: Channel = channel('pawl:task:spawn');
export const onWake: Channel = channel('pawl:task:wake');
export const onPoll: Channel = channel('pawl:task:poll');
export const onEnd: Channel = channel('pawl:task:end');
