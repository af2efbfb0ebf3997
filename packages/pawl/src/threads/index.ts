/** More than one thread: blocking work beside the tasks of this one, and channels between threads. */
export { blockingPool, spawnBlocking } from './spawn-blocking.ts';
export { BlockingPool, type PoolMetrics, type PoolOptions } from './pool.ts';
export type { Priority } from './priority.ts';
export type { CallOptions } from './call.ts';
export type { ModuleName } from './callee.ts';
export { threadBroadcast, type ThreadBroadcastSender } from './channel/broadcast.ts';
export { byteChannel, type ByteEndHandle, ByteReceiver, ByteSender } from './channel/bytes.ts';
export { threadChannel, type ThreadChannelOptions } from './channel/channel.ts';
export {
  threadOneshot,
  type ThreadOneshotHandle,
  ThreadOneshotReceiver,
  ThreadOneshotSender,
} from './channel/oneshot.ts';
export { ThreadReceiver, type ThreadReceiverHandle } from './channel/receiver.ts';
export { type SendOptions, ThreadSender, type ThreadSenderHandle } from './channel/sender.ts';
