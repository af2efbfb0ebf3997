/**
 * Notify: wakes those who wait for something to have happened, and carries no value.
 *
 * What must hold: `notifyOne` wakes exactly one waiter, or is stored for the next one, of which at most one is. A waiter that was
 * notified by it and is then cancelled passes it on.
 */
import type { Context } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, GRANTED, Waiter, wakeAll } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { type Named, title } from './named.ts';

/**
 * The smallest signal between tasks: one says that something has happened, another waits for it. Check the condition again after a wait.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, spawn } from 'pawl';
 * import { Notify } from 'pawl/sync';
 * const notify = new Notify();
 * const queue: string[] = [];
 * const consumer = coroutine(function* () {
 *   while (queue.length === 0) yield* notify.notified();
 *   return queue.shift();
 * });
 * const main = coroutine(function* () {
 *   const consuming = spawn(consumer());
 *   queue.push('work');
 *   notify.notifyOne();
 *   return yield* consuming;
 * });
 * console.log(blockOn(main())); // work
 * ```
 */
export class Notify {
  readonly name: string | undefined;
  /** @internal */
  readonly waiters = new WaitList<Notified>();
  /** @internal A notification that nobody has received yet. */
  stored = false;

  constructor(options: Named = {}) {
    this.name = options.name;
  }

  /** How many wait. */
  get waiting(): number {
    return this.waiters.size;
  }

  /**
   * Waits for a notification; takes a stored one at once. First come, first served.
   *
   * Cancelling it *loses its place* in the queue, never a notification: one by `notifyOne` goes to the next, or is stored again.
   */
  notified(): Future<void> {
    return new Notified(this);
  }

  /** Wakes the one that has waited longest, or is stored for the next that comes. Several that nobody takes count as one. */
  notifyOne(): void {
    const waiter = this.waiters.shift();
    if (waiter === null) this.stored = true;
    else {
      waiter.alone = true;
      waiter.grant();
    }
  }

  /** Wakes all who wait now; nothing is stored. */
  notifyAll(): void {
    wakeAll(this.waiters, GRANTED);
  }
}

class Notified extends Waiter<void> {
  private readonly notify: Notify;
  /** By `notifyOne`: it must not get lost. */
  alone = false;

  constructor(notify: Notify) {
    super();
    this.notify = notify;
    if (creations !== null) creations.leaf(this, 'notify.notified()');
  }

  protected override get list(): WaitList<Notified> {
    return this.notify.waiters;
  }

  protected override begin(cx: Context): Poll<void> {
    const { notify } = this;
    if (!notify.stored) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    notify.stored = false;
    this.state = DONE;
    return undefined;
  }

  protected override take(): void {}

  protected override giveBack(): void {
    if (this.alone) this.notify.notifyOne();
  }

  protected override tell(): WaitInfo {
    return { what: `a notification by ${title('notify', this.notify.name)}`, resource: this.notify };
  }
}
