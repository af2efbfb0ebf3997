/** More than one thread: blocking work beside the tasks of this one. */
export { blockingPool, spawnBlocking } from './spawn-blocking.ts';
export { BlockingPool, type PoolMetrics, type PoolOptions } from './pool.ts';
export type { Priority } from './priority.ts';
export type { CallOptions } from './call.ts';
export type { ModuleName } from './callee.ts';
