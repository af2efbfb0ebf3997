/** Synchronisation between the tasks of a thread: channels, locks, signals. */
export { Barrier } from './barrier.ts';
export { broadcast, type BroadcastReceiver, type BroadcastSender, Lagged } from './broadcast.ts';
export { type CancelGuard, CancellationToken } from './cancellation-token.ts';
export { channel, unboundedChannel } from './channel.ts';
export { CLOSED, EMPTY } from './marks.ts';
export type { Consumer } from './for-each.ts';
export { Mutex, type MutexGuard } from './mutex.ts';
export type { Named } from './named.ts';
export { Notify } from './notify.ts';
export { OnceCell } from './once-cell.ts';
export { oneshot, type OneshotReceiver, type OneshotSender } from './oneshot.ts';
export type { Receiver } from './receiver.ts';
export { type ReadGuard, RwLock, type WriteGuard } from './rw-lock.ts';
export { type Permit, Semaphore } from './semaphore.ts';
export type { Sender, SendPermit, UnboundedSender } from './sender.ts';
export { watch, type WatchReceiver, type WatchSender } from './watch.ts';
