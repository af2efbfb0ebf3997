/**
 * Channel: messages from many senders, each to exactly one receiver, in order; at most `capacity` of them in the queue.
 *
 * What must hold: `used` counts the places that are taken, by messages in the queue and by places reserved for a sender. While a receiver
 * waits the queue is empty; while a sender waits every place is taken. A message that was handed to a waiting receiver takes no place;
 * if that receiver is cancelled before its poll, the message goes back to the front, though the queue be full: so memory is bounded by
 * the capacity and the number of receivers, however slow they are. The channel ends when no message is left anywhere.
 */
import { PawlError } from '../error/index.ts';
import { WaitList } from '../future/wait-list.ts';
import { Deque } from './deque.ts';
import { checkCount, type Named, title } from './named.ts';
import { type Receive, Receiver } from './receiver.ts';
import { Sender, type Slot, UnboundedSender } from './sender.ts';

/** @internal What senders and receivers share. */
export class Channel<T> {
  readonly title: string;
  readonly capacity: number;
  readonly queue = new Deque<T>();
  readonly receivers = new WaitList<Receive<T>>();
  readonly senders = new WaitList<Slot<T, unknown>>();
  used = 0;
  /** Messages handed to receivers that have not been polled since. */
  handed = 0;
  openSenders = 0;
  openReceivers = 0;
  /** No more can be sent; what is there can be drained. */
  closed = false;
  /** Nobody will ever receive: messages are dropped. */
  abandoned = false;

  constructor(capacity: number, name: string | undefined) {
    this.capacity = capacity;
    this.title = title('channel', name);
  }

  /** True when no message is left and none can come. */
  get ended(): boolean {
    return this.used === 0 && this.handed === 0 && (this.closed || this.openSenders === 0);
  }

  /** A message into a place that is already counted. */
  deliver(value: T): void {
    const receiver = this.receivers.shift();
    if (receiver === null) {
      this.queue.push(value);
      return;
    }
    this.handed++;
    receiver.value = value;
    receiver.grant();
    this.free();
  }

  /** A receiver has taken what it was handed. */
  taken(): void {
    this.handed--;
    if (this.used === 0) this.endIfDone();
  }

  /** A message that its receiver could not take: it is the oldest. */
  putBack(value: T): void {
    const receiver = this.abandoned ? null : this.receivers.shift();
    if (receiver === null) {
      this.handed--;
      if (this.abandoned) return;
      this.used++;
      this.queue.unshift(value);
    } else {
      receiver.value = value;
      receiver.grant();
    }
  }

  /** The oldest message; its place is free. */
  shift(): T {
    const value = this.queue.shift();
    this.free();
    return value;
  }

  /** A place is free: the first sender that waits gets it. */
  free(): void {
    if (this.used <= this.capacity) {
      const sender = this.senders.shift();
      if (sender !== null) {
        sender.placed = true;
        sender.grant();
        return;
      }
    }
    this.used--;
    this.endIfDone();
  }

  /** Those who wait for a message learn that none will come. Their `value` says so from the start. */
  endIfDone(): void {
    if (this.ended && this.receivers.size > 0)
      for (let left = this.receivers.shift(); left !== null; left = this.receivers.shift()) left.grant();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (let sender = this.senders.shift(); sender !== null; sender = this.senders.shift()) sender.grant();
    this.endIfDone();
  }

  /** The last receiver is gone. */
  abandon(): void {
    this.close();
    this.abandoned = true;
    this.used -= this.queue.length;
    this.queue.clear();
  }

  closedError(operation: string): PawlError {
    return new PawlError('CLOSED', `${operation} on ${this.title}, whose receiver is closed`);
  }
}

/**
 * A channel with room for `capacity` messages: a sender waits while it is full, so a slow consumer slows its producers down instead of
 * filling the memory. `sender.clone()` and `receiver.clone()` give more of each; a message goes to exactly one receiver.
 *
 * A message that goes straight to a waiting receiver takes no room. The channel ends when every sender is closed; closing the receiver
 * ends it from the other side.
 *
 * Errors: BAD_ARGUMENT unless `capacity` is a whole number, at least 1.
 *
 * @example
 * ```ts
 * import { blockOn, channel, coroutine, spawn, type Sender } from 'pawl';
 * const produce = coroutine(function* (sender: Sender<number>) {
 *   using _closes = sender;
 *   for (let i = 1; i <= 100; i++) yield* sender.send(i);
 * });
 * const main = coroutine(function* () {
 *   const [sender, receiver] = channel<number>(4);
 *   spawn(produce(sender));
 *   let sum = 0;
 *   yield* receiver.forEach((n) => void (sum += n));
 *   return sum;
 * });
 * console.log(blockOn(main())); // 5050
 * ```
 */
export function channel<T>(capacity: number, options: Named = {}): [sender: Sender<T>, receiver: Receiver<T>] {
  checkCount('the capacity of a channel', capacity, 1);
  const shared = new Channel<T>(capacity, options.name);
  return [new Sender(shared), new Receiver(shared)];
}

/**
 * A channel without a limit: sending never waits, and works outside a coroutine, for example in a callback of Node's. Memory grows while
 * the receiver is slower than its senders.
 *
 * @example
 * ```ts
 * import { CLOSED, run, unboundedChannel } from 'pawl';
 * const [sender, receiver] = unboundedChannel<string>();
 * setTimeout(() => {
 *   sender.send('from a timer of Node’s');
 *   sender.close();
 * }, 1);
 * await run(function* () {
 *   for (let message = yield* receiver.recv(); message !== CLOSED; message = yield* receiver.recv()) console.log(message);
 * });
 * ```
 */
export function unboundedChannel<T>(options: Named = {}): [sender: UnboundedSender<T>, receiver: Receiver<T>] {
  const shared = new Channel<T>(Infinity, options.name);
  return [new UnboundedSender(shared), new Receiver(shared)];
}
