/**
 * Barrier: some tasks wait for each other, then all go on.
 *
 * What must hold: they go on in generations of exactly `size`; in each one is the leader. One that is cancelled while it waits has not
 * arrived; one that is cancelled after its generation was complete changes nothing for the others.
 */
import type { Context } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, GRANTED, Waiter, wakeAll } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { checkCount, type Named, title } from './named.ts';

/**
 * A place where `size` tasks meet. It serves again and again: after one generation the next one meets.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join } from 'pawl';
 * import { Barrier } from 'pawl/sync';
 * const barrier = new Barrier(3);
 * const step = coroutine(function* (id: number) {
 *   const leader = yield* barrier.wait();
 *   return leader ? `${id} leads` : `${id} follows`;
 * });
 * console.log(blockOn(join([step(1), step(2), step(3)]))); // [ '1 follows', '2 follows', '3 leads' ]
 * ```
 */
export class Barrier {
  readonly size: number;
  readonly name: string | undefined;
  /** @internal */
  readonly waiters = new WaitList<Arrive>();

  /** BAD_ARGUMENT unless `size` is a whole number, at least 1. */
  constructor(size: number, options: Named = {}) {
    checkCount('the size of a barrier', size, 1);
    this.size = size;
    this.name = options.name;
  }

  /** How many have arrived and wait for the others. */
  get waiting(): number {
    return this.waiters.size;
  }

  /**
   * Waits for the others; true for one of them, who came last: the leader. Cancelling it *loses its place*: it has not arrived, unless the
   * last one has come already: then the others go on, and whoever comes again is of the next generation.
   */
  wait(): Future<boolean> {
    return new Arrive(this);
  }
}

class Arrive extends Waiter<boolean> {
  private readonly barrier: Barrier;

  constructor(barrier: Barrier) {
    super();
    this.barrier = barrier;
    if (creations !== null) creations.leaf(this, 'barrier.wait()');
  }

  protected override get list(): WaitList<Arrive> {
    return this.barrier.waiters;
  }

  protected override begin(cx: Context): Poll<boolean> {
    const { waiters, size } = this.barrier;
    if (waiters.size + 1 < size) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    wakeAll(waiters, GRANTED);
    return true;
  }

  protected override take(): boolean {
    return false;
  }

  protected override tell(): WaitInfo {
    const { barrier } = this;
    const missing = barrier.size - barrier.waiting;
    return { what: `${missing} more at ${title('barrier', barrier.name)}`, resource: barrier };
  }
}
