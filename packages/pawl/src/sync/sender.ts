/**
 * Sender: one end of a channel; `send` and `reserve` wait for a place in it.
 *
 * What must hold: a message is sent when `send` has completed, and never when it was cancelled before. A place that was granted is used, or
 * goes to the next sender. The channel cannot end while a sender is open, or while a place is reserved.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, Waiter } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import type { Channel } from './channel.ts';

abstract class AnySender<T> implements Disposable {
  /** @internal */
  readonly channel: Channel<T>;
  /** @internal */
  open = true;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
    channel.openSenders++;
  }

  /** True when nothing can be sent by it: it was closed, or the receiver was. */
  get closed(): boolean {
    return !this.open || this.channel.closed;
  }

  /** Places that are taken: by messages in the queue, and by reservations. */
  get used(): number {
    return this.channel.used;
  }

  /** No more comes from this sender; when it is the last, the channel ends after what is in it. What waits to be sent is still sent. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.channel.openSenders--;
    this.channel.endIfDone();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  check(operation: string): void {
    const { channel } = this;
    if (!this.open) throw new PawlError('CLOSED', `${operation} on a sender of ${channel.title} that is closed`);
    if (channel.closed) throw channel.closedError(operation);
  }
}

/** The sending end of a bounded channel. Close it, or dispose of it, when no more will come from it. */
export class Sender<T> extends AnySender<T> {
  /** Another sender of the same channel, to be closed by itself. CLOSED when this one is closed. */
  clone(): Sender<T> {
    this.check('clone');
    return new Sender(this.channel);
  }

  /**
   * Sends a message, waiting in turn for a place in the channel.
   *
   * Cancelling it *loses its place* in the queue; the message has not been sent. Errors: CLOSED when the receiver is closed, also while
   * it waits, or when this sender is.
   *
   * @example
   * ```ts
   * import { blockOn, channel, coroutine } from 'pawl';
   * const [sender, receiver] = channel<number>(1);
   * const main = coroutine(function* () {
   *   yield* sender.send(7);
   *   return yield* receiver.recv();
   * });
   * console.log(blockOn(main())); // 7
   * ```
   */
  send(value: T): Future<void> {
    return new Send(this, value);
  }

  /** Sends if there is a place now: false when the channel is full. CLOSED as {@link send}. */
  trySend(value: T): boolean {
    this.check('send');
    const { channel } = this;
    if (channel.used >= channel.capacity) return false;
    channel.used++;
    channel.deliver(value);
    return true;
  }

  /**
   * Waits for a place and keeps it: the message is made only when there is one. Dispose of a permit that is not used.
   *
   * Cancelling it *loses its place* in the queue. Errors: CLOSED, as {@link send}.
   *
   * @example
   * ```ts
   * import { blockOn, channel, coroutine } from 'pawl';
   * const [sender, receiver] = channel<string>(1);
   * const main = coroutine(function* () {
   *   using permit = yield* sender.reserve();
   *   permit.send('made only now');
   *   return yield* receiver.recv();
   * });
   * console.log(blockOn(main())); // made only now
   * ```
   */
  reserve(): Future<SendPermit<T>> {
    return new Reserve(this);
  }

  /** A place if there is one now, else null. CLOSED as {@link send}. */
  tryReserve(): SendPermit<T> | null {
    this.check('reserve');
    const { channel } = this;
    if (channel.used >= channel.capacity) return null;
    channel.used++;
    return new SendPermit(channel);
  }
}

/** The sending end of a channel without a limit. Close it, or dispose of it, when no more will come from it. */
export class UnboundedSender<T> extends AnySender<T> {
  /** Another sender of the same channel, to be closed by itself. CLOSED when this one is closed. */
  clone(): UnboundedSender<T> {
    this.check('clone');
    return new UnboundedSender(this.channel);
  }

  /** Sends at once; legal anywhere, also outside a runtime. CLOSED when the receiver is closed, or this sender. */
  send(value: T): void {
    this.check('send');
    this.channel.used++;
    this.channel.deliver(value);
  }
}

/** A place in a channel, for one message. Disposing of it gives an unused place to the next sender. */
export class SendPermit<T> implements Disposable {
  private channel: Channel<T> | null;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
  }

  /**
   * Sends the message; also after the receiver has been closed, which then still drains it. ALREADY_COMPLETED when the place was used or
   * released before; CLOSED when the receiver was disposed of.
   */
  send(value: T): void {
    const { channel } = this;
    if (channel === null)
      throw new PawlError('ALREADY_COMPLETED', 'a permit sends one message, and it was used or released before');
    this.channel = null;
    fill(channel, value);
  }

  /** Gives the place back. */
  release(): void {
    const { channel } = this;
    this.channel = null;
    channel?.free();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A message into a place that was granted. */
function fill<T>(channel: Channel<T>, value: T): void {
  if (channel.abandoned) {
    channel.free();
    throw channel.closedError('send');
  }
  channel.deliver(value);
}

/** @internal Waits for a place. */
export abstract class Slot<T, R> extends Waiter<R> {
  declare protected readonly sender: Sender<T>;
  /** Granted with a place; false when it is only told that the channel is closed. */
  declare placed: boolean;

  constructor(sender: Sender<T>) {
    super();
    this.sender = sender;
    this.placed = false;
  }

  protected abstract readonly operation: string;
  /** Makes use of the place. */
  protected abstract use(channel: Channel<T>): R;

  protected override get list(): WaitList<Slot<T, unknown>> {
    return this.sender.channel.senders;
  }

  protected override begin(cx: Context): Poll<R> {
    const { channel } = this.sender;
    if (this.sender.closed) {
      this.state = DONE;
      this.sender.check(this.operation);
    }
    if (channel.used >= channel.capacity) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    channel.used++;
    return this.use(channel);
  }

  protected override take(): R {
    const { channel } = this.sender;
    if (!this.placed) throw channel.closedError(this.operation);
    return this.use(channel);
  }

  protected override giveBack(): void {
    if (this.placed) this.sender.channel.free();
  }

  protected override tell(): WaitInfo {
    const { channel } = this.sender;
    return { what: `a place in ${channel.title}, which is full`, resource: channel };
  }
}

class Send<T> extends Slot<T, void> {
  private readonly value: T;

  constructor(sender: Sender<T>, value: T) {
    super(sender);
    this.value = value;
    if (creations !== null) creations.leaf(this, 'sender.send(…)');
  }

  protected override get operation(): string {
    return 'send';
  }

  protected override use(channel: Channel<T>): void {
    fill(channel, this.value);
  }
}

class Reserve<T> extends Slot<T, SendPermit<T>> {
  protected override get operation(): string {
    return 'reserve';
  }

  protected override use(channel: Channel<T>): SendPermit<T> {
    return new SendPermit(channel);
  }
}
