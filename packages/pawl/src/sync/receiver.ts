/**
 * Receiver: the other end of a channel.
 *
 * What must hold: each message is given to one `recv` that completes, in the order in which they were sent. What was handed to a `recv`
 * that is then cancelled is received by the next.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, NEW, Waiter } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import type { Channel } from './channel.ts';
import { CLOSED, EMPTY } from './marks.ts';
import { type Consumer, forEach, iterate } from './for-each.ts';

/** The receiving end of a channel. Clones share the messages: each goes to one of them, to whoever has waited longest. */
export class Receiver<T> implements Disposable, AsyncIterable<T, undefined> {
  /** @internal */
  readonly channel: Channel<T>;
  private open = true;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
    channel.openReceivers++;
  }

  /** Messages that wait in the channel. */
  get length(): number {
    return this.channel.queue.length;
  }

  /** Another receiver of the same messages. CLOSED when this one was disposed of. */
  clone(): Receiver<T> {
    this.check('clone');
    return new Receiver(this.channel);
  }

  /**
   * The next message, or {@link CLOSED} once the channel has ended: every sender is closed, or the receiver, and nothing is left.
   *
   * Cancelling it is *safe*: a message that was handed to it goes to the next `recv`. Errors: CLOSED after this receiver was disposed of.
   *
   * @example
   * ```ts
   * import { channel, CLOSED, coroutine, blockOn } from 'pawl';
   * const [sender, receiver] = channel<number>(8);
   * for (const n of [1, 2, 3]) sender.trySend(n);
   * sender.close();
   * const sum = coroutine(function* () {
   *   let total = 0;
   *   for (;;) {
   *     const n = yield* receiver.recv();
   *     if (n === CLOSED) return total;
   *     total += n;
   *   }
   * });
   * console.log(blockOn(sum())); // 6
   * ```
   */
  recv(): Future<T | typeof CLOSED> {
    return new Receive(this);
  }

  /** The next message if there is one now; {@link EMPTY} if not, {@link CLOSED} if none can come. */
  tryRecv(): T | typeof EMPTY | typeof CLOSED {
    this.check('tryRecv');
    const { channel } = this;
    if (channel.queue.length > 0) return channel.shift();
    return channel.ended ? CLOSED : EMPTY;
  }

  /**
   * Calls `body` with each message until the channel has ended, or `body` gives `false`. It may be a plain function, a generator function
   * or a coroutine: the next message is taken when it has ended. In a generator this is the loop to write; in ordinary async code
   * `for await (const message of receiver)` does the same.
   *
   * Cancelling it is *safe* between messages; within one, it costs what the body says.
   *
   * @example
   * ```ts
   * import { blockOn, channel, coroutine, sleep } from 'pawl';
   * const [sender, receiver] = channel<string>(8);
   * for (const word of ['poll', 'wake', 'park']) sender.trySend(word);
   * sender.close();
   * const main = coroutine(function* () {
   *   yield* receiver.forEach(function* (word) {
   *     yield* sleep(1);
   *     console.log(word); // poll, then wake, then park
   *   });
   * });
   * blockOn(main());
   * ```
   */
  forEach(body: Consumer<T>): Future<void> {
    return forEach(() => this.recv(), body);
  }

  /** For `for await` in ordinary async code, on the ambient runtime. Leaving the loop early closes nothing. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return iterate(() => this.recv());
  }

  /** Nothing more can be sent; what was sent, and what permits still send, can be received. */
  close(): void {
    this.channel.close();
  }

  /** Closes it; when it was the last receiver, the messages that are left are dropped. */
  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    const { channel } = this;
    // A `recv` of this receiver's that still waits learns of it, and takes no message that a clone could have.
    for (let waiting = channel.receivers.first; waiting !== null;) {
      const next = waiting.after as Receive<T> | null;
      if (waiting.receiver === this) {
        channel.receivers.remove(waiting);
        waiting.wakeAs(NEW);
      }
      waiting = next;
    }
    if (--channel.openReceivers === 0) channel.abandon();
  }

  /** @internal */
  check(operation: string): void {
    if (!this.open)
      throw new PawlError('CLOSED', `${operation} on a receiver of ${this.channel.title} that was disposed of`);
  }
}

/** @internal */
export class Receive<T> extends Waiter<T | typeof CLOSED> {
  readonly receiver: Receiver<T>;
  /** The message that it was handed. */
  value: T | typeof CLOSED = CLOSED;

  constructor(receiver: Receiver<T>) {
    super();
    this.receiver = receiver;
  }

  protected override get list(): WaitList<Receive<T>> {
    return this.receiver.channel.receivers;
  }

  protected override begin(cx: Context): Poll<T | typeof CLOSED> {
    const { channel } = this.receiver;
    if (channel.queue.length === 0 && !channel.ended) {
      this.receiver.check('recv');
      return this.wait(cx);
    }
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    this.receiver.check('recv');
    return channel.queue.length > 0 ? channel.shift() : CLOSED;
  }

  protected override take(): T | typeof CLOSED {
    const { value } = this;
    this.value = CLOSED;
    if (value !== CLOSED) this.receiver.channel.taken();
    return value;
  }

  protected override giveBack(): void {
    const { value } = this;
    this.value = CLOSED;
    if (value !== CLOSED) this.receiver.channel.putBack(value);
  }

  protected override tell(): WaitInfo {
    const { channel } = this.receiver;
    return { what: `a message from ${channel.title}`, resource: channel };
  }
}
