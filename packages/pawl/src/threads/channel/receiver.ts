/**
 * ThreadReceiver: the end of a channel between threads that receives, from as many senders as it has made.
 *
 * What must hold: each sender's messages come in the order in which they were sent; of several senders none is passed over for long: they are
 * asked in turn.
 */
import { PawlError } from '../../error/index.ts';
import type { Future } from '../../future/future.ts';
import type { WaitInfo } from '../../future/wait-info.ts';
import { type Consumer, forEach, iterate } from '../../sync/for-each.ts';
import { CLOSED, EMPTY } from '../../sync/marks.ts';
import { POSTED, SLOT_BYTES, Slots } from './codec.ts';
import { End, UnitWaiter } from './end.ts';
import { LinkEnd, type LinkHandle, makeLink, RECEIVING } from './link.ts';
import { slotsFor, ThreadSender } from './sender.ts';
import { Spinner } from './spin.ts';

/** A receiver on its way to another thread: a plain object that a message carries, with its ports in the list of what is moved. */
export interface ThreadReceiverHandle {
  readonly kind: 'pawl.ThreadReceiver';
  readonly title: string;
  readonly capacity: number;
  readonly spin: number;
  readonly links: readonly LinkHandle[];
}

/** One sender, seen from here. */
class Inlet {
  readonly link: LinkEnd;
  private readonly slots: Slots;

  constructor(link: LinkEnd, capacity: number) {
    this.link = link;
    this.slots = new Slots(link.memory, slotsFor(capacity));
  }

  get length(): number {
    return (this.link.peerPosition - this.link.position) | 0;
  }

  shift(): unknown {
    const { link } = this;
    const { position } = link;
    const read = this.slots.read(position);
    try {
      return read === POSTED ? link.takePayload() : read;
    } finally {
      link.advance((position + 1) | 0);
    }
  }
}

/** Receives messages of senders that may be on other threads. See {@link threadChannel}. */
export class ThreadReceiver<T> extends End implements AsyncIterable<T, undefined> {
  /** Messages of each sender that wait here, at most. */
  readonly capacity: number;
  private readonly spinner: Spinner;
  private inlets: Inlet[];
  private turn = 0;

  /** @internal */
  constructor({ title, capacity, spin, links }: Omit<ThreadReceiverHandle, 'kind'>) {
    super(title);
    this.capacity = capacity;
    this.spinner = new Spinner(spin);
    this.inlets = links.map((link) => this.inlet(link));
  }

  /** Takes up on this thread what {@link move} has given on another. BAD_ARGUMENT for anything else. */
  static from<T>(handle: ThreadReceiverHandle): ThreadReceiver<T> {
    if ((handle as ThreadReceiverHandle | undefined)?.kind !== 'pawl.ThreadReceiver')
      throw new PawlError('BAD_ARGUMENT', 'not the handle of a ThreadReceiver');
    return new ThreadReceiver(handle);
  }

  /** Gives it to another thread, as {@link ThreadSender.move} does. */
  move(): ThreadReceiverHandle {
    const { title, capacity, spinner } = this;
    const { ms: spin } = spinner;
    return { kind: 'pawl.ThreadReceiver', title, capacity, spin, links: this.moveOut((link) => link.detach()) };
  }

  /** Another sender to this receiver, with as many places of its own. CLOSED when this receiver is. */
  sender(): ThreadSender<T> {
    this.check('sender');
    this.forget();
    const { title, capacity } = this;
    const [sending, receiving] = makeLink(slotsFor(capacity) * SLOT_BYTES);
    this.inlets.push(this.inlet(receiving));
    // Whoever waits was told of those that were there.
    this.look();
    return new ThreadSender({ title, capacity, link: sending });
  }

  /** Those of whom nothing can come any more: a receiver of requests may make a sender for each. */
  private forget(): void {
    this.inlets = this.inlets.filter((inlet) => {
      const over = inlet.link.peerClosed && inlet.length === 0;
      if (over) inlet.link.close();
      return !over;
    });
  }

  private inlet(handle: LinkHandle): Inlet {
    const link = new LinkEnd(handle, RECEIVING, this.mailbox.waker, () => this.look());
    return new Inlet(link, this.capacity);
  }

  /** @internal */
  override get links(): readonly LinkEnd[] {
    return this.inlets.map(({ link }) => link);
  }

  /** @internal */
  override units(): number {
    let count = 0;
    for (const inlet of this.inlets) count += inlet.length;
    return count;
  }

  /** @internal */
  override isOver(): boolean {
    for (const { link } of this.inlets) if (!link.peerClosed) return false;
    return true;
  }

  /** Messages that wait here. */
  get length(): number {
    return this.closed ? 0 : this.units();
  }

  /**
   * The next message, or `CLOSED` once every sender is closed (or its thread has died) and nothing is left.
   *
   * Cancelling it is *safe*: the message is received by the next. Errors: CLOSED after this receiver was closed; NOT_CLONEABLE for a message that
   * cannot be read here, in whose place it stands: the next is received after it.
   */
  recv(): Future<T | typeof CLOSED> {
    return new Receive(this);
  }

  /** The next message if there is one now; `EMPTY` if not, `CLOSED` if none can come. */
  tryRecv(): T | typeof EMPTY | typeof CLOSED {
    this.check('tryRecv');
    const over = this.isOver();
    if (this.units() > this.granted) return this.shift();
    return over ? CLOSED : EMPTY;
  }

  /** Calls `body` with each message, as a channel's {@link Receiver.forEach} does. */
  forEach(body: Consumer<T>): Future<void> {
    return forEach(() => this.recv(), body);
  }

  /** For `for await` in ordinary async code, on the ambient runtime. Leaving the loop early closes nothing. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return iterate(() => this.recv());
  }

  /** @internal Until a message is there, or none can come; it stays. */
  ended(): Future<void> {
    return new Ended(this);
  }

  /** @internal Only if a message is there. */
  shift(): T {
    const { inlets } = this;
    for (;;) {
      const inlet = inlets[this.turn % inlets.length]!;
      this.turn = (this.turn + 1) % inlets.length;
      if (inlet.length > 0) return inlet.shift() as T;
    }
  }

  /** @internal Waits awake, as long as it may. */
  spin(): boolean {
    return this.spinner.wait(() => this.units() > this.granted);
  }
}

class Ended extends UnitWaiter<void> {
  protected override use(): void {}

  protected override ended(): void {}

  protected override tell(): WaitInfo {
    return { what: `the end of ${this.end.title}`, outside: true };
  }
}

class Receive<T> extends UnitWaiter<T | typeof CLOSED> {
  private readonly receiver: ThreadReceiver<T>;

  constructor(receiver: ThreadReceiver<T>) {
    super(receiver);
    this.receiver = receiver;
  }

  protected override use(): T {
    return this.receiver.shift();
  }

  protected override ended(): typeof CLOSED {
    this.receiver.check('recv');
    return CLOSED;
  }

  protected override spin(): boolean {
    return this.receiver.spin();
  }

  protected override tell(): WaitInfo {
    return { what: `a message from ${this.receiver.title}, sent by another thread`, outside: true };
  }
}
