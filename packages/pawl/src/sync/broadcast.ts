/**
 * Broadcast: every message to every receiver, with a bound on how far one may fall behind.
 *
 * What must hold: the ring keeps the last `capacity` messages, whoever is slow: sending never waits. A receiver that has fallen out of the
 * ring is told how many it has missed, and goes on at the oldest that is left. A receiver's place moves only when its `recv` completes.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, NEW, Waiter, wakeAll } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { CLOSED, EMPTY } from './marks.ts';
import { type Consumer, forEach, iterate } from './for-each.ts';
import { checkCount, type Named, title } from './named.ts';

/** What a receiver gets in place of the messages that were overwritten before it came to them. */
export class Lagged {
  /** How many messages it has missed. */
  readonly missed: number;

  constructor(missed: number) {
    this.missed = missed;
  }
}

/** @internal */
class Broadcast<T> {
  readonly title: string;
  readonly capacity: number;
  /** Message number n is at n modulo the capacity. */
  readonly ring: (T | undefined)[] = [];
  /** The number of the next message. */
  next = 0;
  openSenders = 0;
  openReceivers = 0;
  readonly waiters = new WaitList<Receive<T>>();

  constructor(capacity: number, name: string | undefined) {
    this.capacity = capacity;
    this.title = title('broadcast', name);
  }

  get oldest(): number {
    return Math.max(0, this.next - this.capacity);
  }
}

/** The sending end. Close it, or dispose of it, when no more will come from it. */
export class BroadcastSender<T> implements Disposable {
  private readonly shared: Broadcast<T>;
  private open = true;

  /** @internal */
  constructor(shared: Broadcast<T>) {
    this.shared = shared;
    shared.openSenders++;
  }

  /** Sends to every receiver there is, and gives their number; legal anywhere, also outside a runtime. CLOSED after `close`. */
  send(message: T): number {
    const { shared } = this;
    if (!this.open) throw new PawlError('CLOSED', `send on ${shared.title}, whose sender is closed`);
    if (shared.openReceivers === 0) return 0;
    shared.ring[shared.next++ % shared.capacity] = message;
    wakeAll(shared.waiters, NEW);
    return shared.openReceivers;
  }

  /** Another receiver: of what is sent from now on. */
  subscribe(): BroadcastReceiver<T> {
    return new BroadcastReceiver(this.shared, this.shared.next);
  }

  /** Another sender, to be closed by itself. CLOSED after `close`. */
  clone(): BroadcastSender<T> {
    if (!this.open) throw new PawlError('CLOSED', `clone on ${this.shared.title}, whose sender is closed`);
    return new BroadcastSender(this.shared);
  }

  /** No more from this sender; after the last one's close a receiver gets what is left, then `CLOSED`. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    if (--this.shared.openSenders === 0) wakeAll(this.shared.waiters, NEW);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A receiving end. Dispose of it when it is not wanted any more: with the last one, the messages that are kept are dropped. */
export class BroadcastReceiver<T> implements AsyncIterable<T | Lagged, undefined>, Disposable {
  /** @internal */
  readonly shared: Broadcast<T>;
  /** The number of the message that it receives next. */
  private cursor: number;
  private open = true;

  /** @internal */
  constructor(shared: Broadcast<T>, cursor: number) {
    this.shared = shared;
    this.cursor = cursor;
    shared.openReceivers++;
  }

  /**
   * The next message; a {@link Lagged} in place of those that it has missed; `CLOSED` when every sender is closed and nothing is left.
   *
   * Cancelling it is *safe*: it has received nothing then. Errors: CLOSED after this receiver was disposed of.
   *
   * @example
   * ```ts
   * import { blockOn, coroutine } from 'pawl';
   * import { broadcast, Lagged } from 'pawl/sync';
   * const [sender, receiver] = broadcast<number>(2);
   * for (const n of [1, 2, 3, 4]) sender.send(n);
   * const main = coroutine(function* () {
   *   const first = yield* receiver.recv();
   *   if (first instanceof Lagged) console.log(`missed ${first.missed}`); // missed 2
   *   return yield* receiver.recv();
   * });
   * console.log(blockOn(main())); // 3
   * ```
   */
  recv(): Future<T | Lagged | typeof CLOSED> {
    return new Receive(this);
  }

  /** As {@link recv} if that needs no waiting, else `EMPTY`. */
  tryRecv(): T | Lagged | typeof EMPTY | typeof CLOSED {
    return this.ready ? this.take() : EMPTY;
  }

  /** Another receiver, which receives next what this one does. CLOSED when this one was disposed of. */
  clone(): BroadcastReceiver<T> {
    this.check('clone');
    return new BroadcastReceiver(this.shared, this.cursor);
  }

  /** Calls `body` with each message, or {@link Lagged}, as a channel's `forEach` does. Cancelling it is *safe* between messages. */
  forEach(body: Consumer<T | Lagged>): Future<void> {
    return forEach(() => this.recv(), body);
  }

  /** For `for await` in ordinary async code, on the ambient runtime. Leaving the loop early closes nothing. */
  [Symbol.asyncIterator](): AsyncIterator<T | Lagged, undefined> {
    return iterate(() => this.recv());
  }

  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    if (--this.shared.openReceivers === 0) this.shared.ring.length = 0;
    // A `recv` of this receiver's that still waits learns of it.
    wakeAll(this.shared.waiters, NEW);
  }

  /** @internal */
  get ready(): boolean {
    return !this.open || this.cursor < this.shared.next || this.shared.openSenders === 0;
  }

  /** @internal Only when it is ready. */
  take(): T | Lagged | typeof CLOSED {
    this.check('recv');
    const { shared, cursor } = this;
    if (cursor === shared.next) return CLOSED;
    const { oldest } = shared;
    if (cursor < oldest) {
      this.cursor = oldest;
      return new Lagged(oldest - cursor);
    }
    this.cursor++;
    return shared.ring[cursor % shared.capacity] as T;
  }

  private check(operation: string): void {
    if (!this.open)
      throw new PawlError('CLOSED', `${operation} on a receiver of ${this.shared.title} that was disposed of`);
  }
}

class Receive<T> extends Waiter<T | Lagged | typeof CLOSED> {
  private readonly receiver: BroadcastReceiver<T>;

  constructor(receiver: BroadcastReceiver<T>) {
    super();
    this.receiver = receiver;
  }

  protected override get list(): WaitList<Receive<T>> {
    return this.receiver.shared.waiters;
  }

  protected override begin(cx: Context): Poll<T | Lagged | typeof CLOSED> {
    if (!this.receiver.ready) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return this.receiver.take();
  }

  /** Never granted: it is woken to look again. */
  protected override take(): T | Lagged | typeof CLOSED {
    return this.receiver.take();
  }

  protected override tell(): WaitInfo {
    const { shared } = this.receiver;
    return { what: `a message from ${shared.title}`, resource: shared };
  }
}

/**
 * A channel on which every receiver gets every message. Sending never waits: who is more than `capacity` messages behind misses the
 * oldest, and is told so.
 *
 * Errors: BAD_ARGUMENT unless `capacity` is a whole number, at least 1.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join } from 'pawl';
 * import { broadcast, type BroadcastReceiver } from 'pawl/sync';
 * const [sender, first] = broadcast<string>(16);
 * const second = sender.subscribe();
 * sender.send('hello');
 * sender.close();
 * const listen = coroutine(function* (name: string, receiver: BroadcastReceiver<string>) {
 *   yield* receiver.forEach((message) => console.log(name, message)); // a hello, then b hello
 * });
 * blockOn(join([listen('a', first), listen('b', second)]));
 * ```
 */
export function broadcast<T>(
  capacity: number,
  options: Named = {},
): [sender: BroadcastSender<T>, receiver: BroadcastReceiver<T>] {
  checkCount('the capacity of a broadcast', capacity, 1);
  const shared = new Broadcast<T>(capacity, options.name);
  return [new BroadcastSender(shared), new BroadcastReceiver(shared, 0)];
}
