/** More than one thread: executors on several of them, channels between them, and blocking work beside the tasks of this one. */
export { blockingPool, spawnBlocking } from './spawn-blocking.ts';
export { BlockingPool, type PoolMetrics, type PoolOptions } from './pool.ts';
export type { Priority } from './priority.ts';
export type { CallOptions } from './call.ts';
export type { ModuleName } from './callee.ts';
export { threadBroadcast, type ThreadBroadcastSender } from './channel/broadcast.ts';
export { byteChannel, type ByteEndHandle, ByteReceiver, ByteSender } from './channel/bytes.ts';
export { transferOf } from './channel/moving.ts';
export { threadChannel, type ThreadChannelOptions } from './channel/channel.ts';
export {
  threadOneshot,
  type ThreadOneshotHandle,
  ThreadOneshotReceiver,
  ThreadOneshotSender,
} from './channel/oneshot.ts';
export { ThreadReceiver, type ThreadReceiverHandle } from './channel/receiver.ts';
export { type SendOptions, ThreadSender, type ThreadSenderHandle } from './channel/sender.ts';
export { currentThread, type ThreadInfo } from './current.ts';
export { spawnOn, type SpawnOnOptions } from './spawn-on.ts';
export { superviseThread, type SuperviseThreadOptions } from './supervise-thread.ts';
export type { Thread } from './thread.ts';
export { type EntryOptions, threads, type ThreadsOptions, withThreads } from './threads.ts';
