/** What threads need of the system's layer besides the driver's contract. */
import type { Waker } from '../../future/context.ts';
import { pidfds } from '../../sys/child.ts';
import { closeAll } from '../../sys/descriptors.ts';
import { Waker as QueueWaker } from '../../sys/queue/waker.ts';
import type { RemoteWaker } from '../driver.ts';
import { adoptChild } from './process/child.ts';
import type { Reactor } from './reactor.ts';

export class NativeThreads {
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** Closes what a thread that has ended has left open, by its table; gives the number. Its children are this thread's from then on, which reaps them. */
  reclaim(table: Int32Array<SharedArrayBuffer>): number {
    const children = pidfds(table);
    const count = closeAll(table);
    for (const pid of children) adoptChild(this.#reactor, pid);
    return count;
  }

  /** Wakes another thread's loop; throws BAD_ARGUMENT for what is not from a {@link RemoteWaker}. Waking after that is closed does nothing. */
  waker({ fd, flag }: Pick<RemoteWaker, 'fd' | 'flag'>): Waker {
    return new QueueWaker({ fd, flag });
  }
}
