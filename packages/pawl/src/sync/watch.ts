/**
 * Watch: a value that changes, and those who want to know the latest.
 *
 * What must hold: a receiver sees the last value, not every one; a change that it has not seen is seen by its next `changed`, also when
 * the one that was told of it is cancelled. The initial value counts as seen. Memory: one value, whoever is slow.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, NEW, Waiter, wakeAll } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { CLOSED } from './marks.ts';
import { type Consumer, forEach, iterate } from './for-each.ts';
import { type Named, title } from './named.ts';

/** @internal */
class Watch<T> {
  readonly title: string;
  value: T;
  version = 0;
  openSenders = 0;
  readonly waiters = new WaitList<Changed<T>>();

  constructor(initial: T, name: string | undefined) {
    this.value = initial;
    this.title = title('watch', name);
  }
}

/** The end that changes the value. Close it, or dispose of it, when there will be no more changes. */
export class WatchSender<T> implements Disposable {
  private readonly watch: Watch<T>;
  private open = true;

  /** @internal */
  constructor(watch: Watch<T>) {
    this.watch = watch;
    watch.openSenders++;
  }

  /** The current value. */
  get value(): T {
    return this.watch.value;
  }

  /** Sets the value and tells every receiver; legal anywhere, also outside a runtime. CLOSED after `close`. */
  send(value: T): void {
    const { watch } = this;
    if (!this.open) throw new PawlError('CLOSED', `send on ${watch.title}, whose sender is closed`);
    watch.value = value;
    watch.version++;
    wakeAll(watch.waiters, NEW);
  }

  /** Another receiver, for which the current value counts as seen. */
  subscribe(): WatchReceiver<T> {
    return new WatchReceiver(this.watch, this.watch.version);
  }

  /** Another sender, to be closed by itself. CLOSED after `close`. */
  clone(): WatchSender<T> {
    if (!this.open) throw new PawlError('CLOSED', `clone on ${this.watch.title}, whose sender is closed`);
    return new WatchSender(this.watch);
  }

  /** No more changes from this sender; after the last one's close a receiver that has seen everything gets `CLOSED`. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    if (--this.watch.openSenders === 0) wakeAll(this.watch.waiters, NEW);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The end that watches the value. It holds nothing: there is nothing to close. */
export class WatchReceiver<T> implements AsyncIterable<T, undefined> {
  /** @internal */
  readonly watch: Watch<T>;
  /** @internal */
  seen: number;

  /** @internal */
  constructor(watch: Watch<T>, seen: number) {
    this.watch = watch;
    this.seen = seen;
  }

  /** The current value. Reading it does not count as having seen it. */
  get value(): T {
    return this.watch.value;
  }

  /** True when there is a value that it has not seen. */
  get hasChanged(): boolean {
    return this.seen !== this.watch.version;
  }

  /** The current value, which is now seen. */
  see(): T {
    this.seen = this.watch.version;
    return this.watch.value;
  }

  /** Another receiver that has seen what this one has. */
  clone(): WatchReceiver<T> {
    return new WatchReceiver(this.watch, this.seen);
  }

  /**
   * Waits for a value that it has not seen, gives it and counts it as seen; `CLOSED` when there will be none. Cancelling it is *safe*: the
   * value stays unseen.
   */
  changed(): Future<T | typeof CLOSED> {
    return new Changed(this);
  }

  /**
   * Waits until the value satisfies `predicate`, the current one first, and gives it; `CLOSED` when that will never be. What it looks at
   * counts as seen. Cancelling it is *safe*.
   */
  waitFor(predicate: (value: T) => boolean): Future<T | typeof CLOSED> {
    return this.search(predicate);
  }

  private readonly search = coroutine(function* (this: WatchReceiver<T>, predicate: (value: T) => boolean) {
    let value: T | typeof CLOSED = this.see();
    while (value !== CLOSED && !predicate(value)) value = yield* this.changed();
    return value;
  }) as (predicate: (value: T) => boolean) => Future<T | typeof CLOSED>;

  /**
   * Calls `body` with each change, as a channel's `forEach` does; changes that come while it runs count as one. Cancelling it is *safe*
   * between changes.
   */
  forEach(body: Consumer<T>): Future<void> {
    return forEach(() => this.changed(), body);
  }

  /** For `for await` in ordinary async code, on the ambient runtime. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return iterate(() => this.changed());
  }
}

class Changed<T> extends Waiter<T | typeof CLOSED> {
  private readonly receiver: WatchReceiver<T>;

  constructor(receiver: WatchReceiver<T>) {
    super();
    this.receiver = receiver;
  }

  protected override get list(): WaitList<Changed<T>> {
    return this.receiver.watch.waiters;
  }

  protected override begin(cx: Context): Poll<T | typeof CLOSED> {
    const { receiver } = this;
    const { hasChanged } = receiver;
    if (!hasChanged && receiver.watch.openSenders > 0) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return hasChanged ? receiver.see() : CLOSED;
  }

  /** Never granted: it is woken to look again, so that nothing is seen before it is taken. */
  protected override take(): T {
    return this.receiver.see();
  }

  protected override tell(): WaitInfo {
    const { watch } = this.receiver;
    return { what: `a change of ${watch.title}`, resource: watch };
  }
}

/**
 * A value that changes: senders set it, receivers wait for changes and see the latest.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, sleep, spawn } from 'pawl';
 * import { watch } from 'pawl/sync';
 * const main = coroutine(function* () {
 *   const [sender, receiver] = watch('starting');
 *   spawn(function* () {
 *     using _closes = sender;
 *     yield* sleep(1);
 *     sender.send('ready');
 *   });
 *   yield* receiver.forEach((state) => console.log(state)); // ready
 *   return receiver.value;
 * });
 * console.log(blockOn(main())); // ready
 * ```
 */
export function watch<T>(initial: T, options: Named = {}): [sender: WatchSender<T>, receiver: WatchReceiver<T>] {
  const shared = new Watch(initial, options.name);
  return [new WatchSender(shared), new WatchReceiver(shared, 0)];
}
