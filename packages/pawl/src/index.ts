/**
 * Pawl: the runtime's public surface. Networking is in `pawl/net`, byte streams in `pawl/io`, streams of values in
 * `pawl/stream`, events and streams of Node in `pawl/node`, the raw event queue in `pawl/queue`. All of synchronisation is in
 * `pawl/sync`; what most programs need of it is here, too.
 */
export { PawlError, type PawlCode, type PawlErrorOptions } from './error/index.ts';
export { buggify } from './driver/buggify.ts';
export { Instant } from './driver/instant.ts';
export type { Context, Waker } from './future/context.ts';
export { waitInfo, type WaitBranch, type WaitInfo, type Waiting } from './future/wait-info.ts';
export { PENDING, type Pending, type Poll } from './future/poll.ts';
export { Future, type Suspend } from './future/future.ts';
export { coroutine, type MakesCoroutines } from './coroutine.ts';
export type { Body, Flattened, Steps } from './future/coroutine.ts';
export { any } from './future/any.ts';
export { join, type Values } from './future/join.ts';
export { joinSettled, type SettledValues } from './future/join-settled.ts';
export { mapConcurrent, type MapConcurrentOptions } from './future/map-concurrent.ts';
export { map } from './future/map.ts';
export { race } from './future/race.ts';
export { ready, yieldNow } from './future/ready.ts';
export { shield } from './future/shield.ts';
export { aborted, fromAbortable, withSignal } from './node/abort.ts';
export { fromPromise } from './node/promise.ts';
export { type CancelGuard, CancellationToken } from './sync/cancellation-token.ts';
export { channel, unboundedChannel } from './sync/channel.ts';
export { CLOSED, EMPTY } from './sync/marks.ts';
export { Mutex, type MutexGuard } from './sync/mutex.ts';
export type { Receiver } from './sync/receiver.ts';
export { type Permit, Semaphore } from './sync/semaphore.ts';
export type { Sender, SendPermit, UnboundedSender } from './sync/sender.ts';
export { ambientRuntime, shutdownAmbient } from './task/ambient.ts';
export type { PollEvent, TaskEvent } from './task/channels.ts';
export { currentRuntime } from './task/current-runtime.ts';
export { consumeBudget } from './task/consume-budget.ts';
export { dumpAll } from './task/dump-all.ts';
export type { RuntimeMetrics, ThreadCounts } from './task/metrics.ts';
export type { DeadlockStep, Report, ReportHook } from './task/report.ts';
export { blockOn, run, type RunAsyncOptions, type RunOptions } from './task/run.ts';
export { Runtime, type Mode, type RuntimeOptions } from './task/runtime.ts';
export type { Scope, SpawnOptions } from './task/scope.ts';
export type { ScopeOptions } from './task/limited-scope.ts';
export { scope, supervise, type SuperviseOptions } from './task/scopes.ts';
export { select, type Branches, type Selected, type SelectOptions } from './task/select.ts';
export { memo, type Memo, type MemoOptions } from './task/memo.ts';
export { remaining } from './task/remaining.ts';
export { spawn, spawnDetached } from './task/spawn.ts';
export { taskGroup, type TaskGroup, type TaskGroupOptions } from './task/task-group.ts';
export type { AwaitSnapshot, TaskSnapshot, Waited } from './task/snapshot.ts';
export { TaskLocal } from './task/task-local.ts';
export type { JoinHandle, TaskState } from './task/join-handle.ts';
export { DelayQueue } from './time/delay-queue.ts';
export type { DelayKey } from './time/delay-heap.ts';
export { interval, type Interval, type IntervalOptions, type MissedTicks } from './time/interval.ts';
export { repeat, type RepeatOptions } from './time/repeat.ts';
export { retry, type RetryOptions } from './time/retry.ts';
export { sleepUntil } from './time/sleep-until.ts';
export { sleep, type SleepOptions } from './time/sleep.ts';
export { deadline, timeout } from './time/timeout.ts';
