/** Synchronisation between the tasks of a thread: channels, locks, signals. */
export { channel, CLOSED, EMPTY, unboundedChannel } from './channel.ts';
export type { AsyncSource, Consumer } from './for-each.ts';
export { Mutex, type MutexGuard } from './mutex.ts';
export type { Named } from './named.ts';
export { oneshot, type OneshotReceiver, type OneshotSender } from './oneshot.ts';
export type { Receiver } from './receiver.ts';
export { type Permit, Semaphore } from './semaphore.ts';
export type { Sender, SendPermit, UnboundedSender } from './sender.ts';
