/** Pawl: the runtime's public surface. Networking is in `pawl/net`, byte streams in `pawl/io`, the raw event queue in `pawl/queue`. */
export { PawlError, type PawlCode, type PawlErrorOptions } from './error/index.ts';
export type { Context, Waker } from './future/context.ts';
export { PENDING, type Pending, type Poll } from './future/poll.ts';
