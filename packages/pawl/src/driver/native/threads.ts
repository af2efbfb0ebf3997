/** What threads need of the system's layer besides the driver's contract. */
import type { Waker } from '../../future/context.ts';
import { closeAll } from '../../sys/descriptors.ts';
import { Waker as QueueWaker } from '../../sys/queue/waker.ts';
import type { RemoteWaker } from '../driver.ts';

export const nativeThreads = {
  /** Closes what a thread that has ended has left open, by its table; gives the number. */
  reclaim(table: Int32Array<SharedArrayBuffer>): number {
    return closeAll(table);
  },

  /** Wakes another thread's loop; throws BAD_ARGUMENT for what is not from a {@link RemoteWaker}. Waking after that is closed does nothing. */
  waker({ fd, flag }: Pick<RemoteWaker, 'fd' | 'flag'>): Waker {
    return new QueueWaker({ fd, flag });
  },
};

export type NativeThreads = typeof nativeThreads;
