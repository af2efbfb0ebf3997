/** threadOneshot: one message from one thread to another, for example the answer to a request. */
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { CLOSED } from '../../sync/marks.ts';
import { type Named, title } from '../../sync/named.ts';
import { SLOT_BYTES } from './codec.ts';
import { makeLink } from './link.ts';
import { ThreadReceiver, type ThreadReceiverHandle } from './receiver.ts';
import { type SendOptions, ThreadSender, type ThreadSenderHandle } from './sender.ts';

/** An end on its way to another thread. */
export interface ThreadOneshotHandle {
  readonly kind: 'pawl.ThreadOneshotSender' | 'pawl.ThreadOneshotReceiver';
  readonly end: ThreadSenderHandle | ThreadReceiverHandle;
}

/** The sending end. Disposing of it without having sent tells the receiver that nothing will come. */
export class ThreadOneshotSender<T> implements Disposable {
  private readonly sender: ThreadSender<T>;
  private sent = false;

  /** @internal */
  constructor(sender: ThreadSender<T>) {
    this.sender = sender;
  }

  /** As {@link ThreadSender.from}. */
  static from<T>(handle: ThreadOneshotHandle): ThreadOneshotSender<T> {
    if ((handle as ThreadOneshotHandle | undefined)?.kind !== 'pawl.ThreadOneshotSender')
      throw new PawlError('BAD_ARGUMENT', 'not the handle of a ThreadOneshotSender');
    return new ThreadOneshotSender(ThreadSender.from(handle.end as ThreadSenderHandle));
  }

  /** @internal */
  checkMove(): void {
    this.sender.checkMove();
  }

  /** As {@link ThreadSender.move}. */
  move(): ThreadOneshotHandle {
    return { kind: 'pawl.ThreadOneshotSender', end: this.sender.move() };
  }

  /**
   * Sends the message; legal anywhere, also outside a runtime. False when the receiver is closed or its thread has died, which is no error: who
   * asked has given up. ALREADY_COMPLETED for a second message, CLOSED after `close`, NOT_CLONEABLE.
   */
  send(value: T, options: SendOptions = {}): boolean {
    const { sender } = this;
    if (this.sent) throw new PawlError('ALREADY_COMPLETED', `${sender.title} carries one message only`);
    sender.check('send');
    if (sender.receiverClosed) return false;
    sender.put(value, options.transfer);
    this.sent = true;
    sender.close();
    return true;
  }

  /** Nothing will be sent. After a message it does nothing. */
  close(): void {
    this.sender.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The receiving end. Disposing of it tells the sender that nobody waits. */
export class ThreadOneshotReceiver<T> implements Disposable {
  private readonly receiver: ThreadReceiver<T>;

  /** @internal */
  constructor(receiver: ThreadReceiver<T>) {
    this.receiver = receiver;
  }

  /** As {@link ThreadReceiver.from}. */
  static from<T>(handle: ThreadOneshotHandle): ThreadOneshotReceiver<T> {
    if ((handle as ThreadOneshotHandle | undefined)?.kind !== 'pawl.ThreadOneshotReceiver')
      throw new PawlError('BAD_ARGUMENT', 'not the handle of a ThreadOneshotReceiver');
    return new ThreadOneshotReceiver(ThreadReceiver.from(handle.end as ThreadReceiverHandle));
  }

  /** @internal */
  checkMove(): void {
    this.receiver.checkMove();
  }

  /** As {@link ThreadReceiver.move}. */
  move(): ThreadOneshotHandle {
    return { kind: 'pawl.ThreadOneshotReceiver', end: this.receiver.move() };
  }

  /**
   * The message. Cancelling it is *safe*: the message stays for the next `recv`. Errors: CLOSED when none will come: the sender was closed
   * without one, its thread has died, it was received before, or this receiver was closed.
   */
  recv(): Future<T> {
    return receiving(this.receiver) as Future<T>;
  }

  /** Waits until the sender has sent or is closed, or its thread has died: a message stays for `recv`. Cancelling it is *safe*. */
  ended(): Future<void> {
    return this.receiver.ended();
  }

  /** Nobody will receive. */
  close(): void {
    this.receiver.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const receiving = coroutine(function* recv(receiver: ThreadReceiver<unknown>) {
  const message = yield* receiver.recv();
  if (message !== CLOSED) return message;
  throw new PawlError(
    'CLOSED',
    `no message comes from ${receiver.title}: its sender was closed, or its thread has ended`,
  );
});

/**
 * A channel between threads for one message. Each end may be given to another thread, as those of {@link threadChannel}.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { threadOneshot } from 'pawl/threads';
 * await run(function* () {
 *   const [sender, receiver] = threadOneshot<number>();
 *   using _closes = receiver;
 *   sender.send(42);
 *   console.log(yield* receiver.recv()); // 42
 * });
 * ```
 */
export function threadOneshot<T>(
  options: Named = {},
): [sender: ThreadOneshotSender<T>, receiver: ThreadOneshotReceiver<T>] {
  knownOptions('threadOneshot', options, { name: true });
  const [sending, receiving] = makeLink(SLOT_BYTES);
  const common = { title: title('oneshot between threads', options.name), capacity: 1 };
  return [
    new ThreadOneshotSender(new ThreadSender({ ...common, link: sending })),
    new ThreadOneshotReceiver(new ThreadReceiver({ ...common, spin: 0, links: [receiving] })),
  ];
}
