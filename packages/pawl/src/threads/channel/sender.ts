/** ThreadSender: the end of a channel between threads that sends. */
import type { Transferable } from 'node:worker_threads';
import { PawlError } from '../../error/index.ts';
import type { Future } from '../../future/future.ts';
import type { WaitInfo } from '../../future/wait-info.ts';
import { Slots } from './codec.ts';
import { End, UnitWaiter } from './end.ts';
import { LinkEnd, type LinkHandle, SENDING } from './link.ts';

/** A sender on its way to another thread: a plain object that a message carries, with its port in the list of what is moved. */
export interface ThreadSenderHandle {
  readonly kind: 'pawl.ThreadSender';
  readonly title: string;
  readonly capacity: number;
  readonly link: LinkHandle;
}

/** Slots for a capacity: a power of two. */
export const slotsFor = (capacity: number): number => 2 ** Math.ceil(Math.log2(capacity));

/** What is given with a message. */
export interface SendOptions {
  /** Buffers and ports of the message that are moved instead of copied, when it is sent: they are gone here then. */
  readonly transfer?: readonly Transferable[];
}

/** Sends messages to a receiver that may be on another thread. See {@link threadChannel}. */
export class ThreadSender<T> extends End {
  /** Messages that have not been received, at most. */
  readonly capacity: number;
  private readonly link: LinkEnd;
  private readonly slots: Slots;

  /** @internal */
  constructor({ title, capacity, link }: Omit<ThreadSenderHandle, 'kind'>) {
    super(title);
    this.capacity = capacity;
    this.link = new LinkEnd(link, SENDING, this.mailbox.waker, () => this.look());
    this.slots = new Slots(link.memory, slotsFor(capacity));
  }

  /** Takes up on this thread what {@link move} has given on another. BAD_ARGUMENT for anything else. */
  static from<T>(handle: ThreadSenderHandle): ThreadSender<T> {
    if ((handle as ThreadSenderHandle | undefined)?.kind !== 'pawl.ThreadSender')
      throw new PawlError('BAD_ARGUMENT', 'not the handle of a ThreadSender');
    return new ThreadSender(handle);
  }

  /**
   * Gives it to another thread: a handle to be sent there, with {@link transferOf} of it among what is moved. (`spawnOn` and `threads` do this with
   * ends among their arguments.) Errors: CLOSED; BUSY while a task here waits to send.
   */
  move(): ThreadSenderHandle {
    const [link] = this.moveOut((end) => end.detach());
    return { kind: 'pawl.ThreadSender', title: this.title, capacity: this.capacity, link: link! };
  }

  /** @internal */
  override get links(): readonly LinkEnd[] {
    return [this.link];
  }

  /** @internal */
  override units(): number {
    return this.capacity - ((this.link.position - this.link.peerPosition) | 0);
  }

  /** @internal */
  override isOver(): boolean {
    return this.link.peerClosed;
  }

  /** True when the receiver is closed, or its thread has died: nothing can be sent any more. */
  get receiverClosed(): boolean {
    return this.link.peerClosed;
  }

  /**
   * Sends a message, waiting in turn while `capacity` of this sender's have not been received. It is copied as `structuredClone` does.
   *
   * Cancelling it *loses its place* in the queue; the message has not been sent. Errors: CLOSED when the receiver is closed or its thread has
   * died, also while it waits, and when this sender is closed; NOT_CLONEABLE.
   */
  send(value: T, options: SendOptions = {}): Future<void> {
    return new Send(this, value, options.transfer);
  }

  /** Sends if there is a place now: false when there is none. Errors as {@link send}. */
  trySend(value: T, options: SendOptions = {}): boolean {
    this.check('send');
    if (this.isOver()) throw this.deaf();
    if (this.waiters.size > 0 || this.units() <= this.granted) return false;
    this.put(value, options.transfer);
    return true;
  }

  /** @internal Waits until there is a place, and leaves it. */
  room(): Future<void> {
    return new Room(this);
  }

  /** @internal Into a place that is there. */
  put(value: T, transfer: readonly Transferable[] | undefined): void {
    const { link, slots } = this;
    const { position } = link;
    if (transfer !== undefined || !slots.write(position, value)) {
      try {
        link.post(value, transfer ?? []);
      } catch (error) {
        throw new PawlError(
          'NOT_CLONEABLE',
          `a message for ${this.title} cannot be sent: ${(error as Error).message}`,
          {
            cause: error,
          },
        );
      }
      slots.writePosted(position);
    }
    link.advance((position + 1) | 0);
  }

  /** @internal */
  deaf(): PawlError {
    return new PawlError('CLOSED', `send on ${this.title}, whose receiver is closed or whose thread has ended`);
  }
}

class Send<T> extends UnitWaiter<void> {
  private readonly sender: ThreadSender<T>;
  private readonly value: T;
  private readonly transfer: readonly Transferable[] | undefined;

  constructor(sender: ThreadSender<T>, value: T, transfer: readonly Transferable[] | undefined) {
    super(sender);
    this.sender = sender;
    this.value = value;
    this.transfer = transfer;
  }

  protected override use(): void {
    // A receiver that is gone may have left places.
    if (this.sender.receiverClosed) throw this.sender.deaf();
    this.sender.put(this.value, this.transfer);
  }

  protected override ended(): void {
    this.sender.check('send');
    throw this.sender.deaf();
  }

  protected override tell(): WaitInfo {
    return { what: `a place in ${this.sender.title}, whose receiver is on another thread`, outside: true };
  }
}

class Room extends UnitWaiter<void> {
  protected override use(): void {}

  /** Whoever asked looks again. */
  protected override ended(): void {}

  protected override tell(): WaitInfo {
    return { what: `a place in ${this.end.title}, whose receiver is on another thread`, outside: true };
  }
}
