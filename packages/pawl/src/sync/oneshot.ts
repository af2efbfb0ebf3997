/**
 * Oneshot: one message from one sender to one receiver, for example the answer to a request.
 *
 * What must hold: the message is kept until a `recv` has completed with it; it is received once.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, NEW, Waiter, wakeAll } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { EMPTY } from './marks.ts';
import { type Named, title } from './named.ts';

const OPEN = 0;
const SENT = 1;
const RECEIVED = 2;
/** The sender was closed without a message. */
const SILENT = 3;
/** The receiver was closed. */
const DEAF = 4;

/** @internal What both ends share. */
class Oneshot<T> {
  readonly title: string;
  state = OPEN;
  value: T | undefined = undefined;
  readonly receivers = new WaitList<Recv<T>>();
  readonly watchers = new WaitList<Closed<T>>();

  constructor(name: string | undefined) {
    this.title = title('oneshot', name);
  }

  take(): T {
    const { state, value } = this;
    if (state === SILENT) throw new PawlError('CLOSED', `the sender of ${this.title} was closed without a message`);
    if (state === DEAF) throw new PawlError('CLOSED', `recv on ${this.title}, whose receiver is closed`);
    if (state === RECEIVED)
      throw new PawlError('ALREADY_COMPLETED', `the message of ${this.title} was received before`);
    this.state = RECEIVED;
    this.value = undefined;
    return value as T;
  }

  /** Leaves the state OPEN. */
  end(state: number): boolean {
    if (this.state !== OPEN) return false;
    this.state = state;
    wakeAll(this.receivers, NEW);
    wakeAll(this.watchers, NEW);
    return true;
  }
}

/** The sending end. Disposing of it without having sent tells the receiver that nothing will come. */
export class OneshotSender<T> implements Disposable {
  private readonly shared: Oneshot<T>;

  /** @internal */
  constructor(shared: Oneshot<T>) {
    this.shared = shared;
  }

  /** True when nobody will receive: sending is useless. */
  get isClosed(): boolean {
    return this.shared.state === DEAF;
  }

  /**
   * Sends the message; legal anywhere, also outside a runtime. False when the receiver is closed and nobody will have it, which is no
   * error: who asked has given up. ALREADY_COMPLETED for a second message, CLOSED after `close`.
   */
  send(value: T): boolean {
    const { shared } = this;
    if (shared.state === DEAF) return false;
    if (shared.state === SILENT) throw new PawlError('CLOSED', `send on ${shared.title}, whose sender is closed`);
    if (shared.state !== OPEN) throw new PawlError('ALREADY_COMPLETED', `${shared.title} carries one message only`);
    shared.value = value;
    return shared.end(SENT);
  }

  /**
   * Waits until the receiver is closed, or the message was sent: to stop work whose result nobody wants, race it with this. Cancelling it
   * is *safe*.
   */
  closed(): Future<void> {
    return new Closed(this.shared);
  }

  /** Nothing will be sent. After a message it does nothing. */
  close(): void {
    this.shared.end(SILENT);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The receiving end. Disposing of it tells the sender that nobody waits. */
export class OneshotReceiver<T> implements Disposable {
  private readonly shared: Oneshot<T>;

  /** @internal */
  constructor(shared: Oneshot<T>) {
    this.shared = shared;
  }

  /**
   * The message. Cancelling it is *safe*: the message stays for the next `recv`.
   *
   * Errors: CLOSED when the sender was closed without a message, or this receiver was closed; ALREADY_COMPLETED when it was received before.
   */
  recv(): Future<T> {
    return new Recv(this.shared);
  }

  /** The message if it is there, else `EMPTY`. Errors as {@link recv}. */
  tryRecv(): T | typeof EMPTY {
    return this.shared.state === OPEN ? EMPTY : this.shared.take();
  }

  /** Nobody will receive: `send` gives false. A message that was sent before can still be received. */
  close(): void {
    this.shared.end(DEAF);
  }

  /** Closes it, and drops a message that was sent before. */
  [Symbol.dispose](): void {
    this.close();
    if (this.shared.state === SENT) void this.shared.take();
  }
}

class Recv<T> extends Waiter<T> {
  private readonly shared: Oneshot<T>;

  constructor(shared: Oneshot<T>) {
    super();
    this.shared = shared;
  }

  protected override get list(): WaitList<Recv<T>> {
    return this.shared.receivers;
  }

  protected override begin(cx: Context): Poll<T> {
    const { shared } = this;
    if (shared.state === OPEN) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return shared.take();
  }

  /** Never granted: it is woken to look again, so that the message stays where it is until it is taken. */
  protected override take(): T {
    return this.shared.take();
  }

  protected override tell(): WaitInfo {
    return { what: `the message of ${this.shared.title}`, resource: this.shared };
  }
}

class Closed<T> extends Waiter<void> {
  private readonly shared: Oneshot<T>;

  constructor(shared: Oneshot<T>) {
    super();
    this.shared = shared;
  }

  protected override get list(): WaitList<Closed<T>> {
    return this.shared.watchers;
  }

  protected override begin(cx: Context): Poll<void> {
    if (this.shared.state === OPEN) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return undefined;
  }

  protected override take(): void {}

  protected override tell(): WaitInfo {
    return { what: `the close of ${this.shared.title}`, resource: this.shared };
  }
}

/**
 * A channel for one message. `send` is a plain call; `recv` waits.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, spawn } from 'pawl';
 * import { oneshot, type OneshotSender } from 'pawl/sync';
 * const answerer = coroutine(function* (reply: OneshotSender<number>) {
 *   using _closes = reply;
 *   reply.send(42);
 * });
 * const main = coroutine(function* () {
 *   const [sender, receiver] = oneshot<number>();
 *   spawn(answerer(sender));
 *   return yield* receiver.recv();
 * });
 * console.log(blockOn(main())); // 42
 * ```
 */
export function oneshot<T>(options: Named = {}): [sender: OneshotSender<T>, receiver: OneshotReceiver<T>] {
  const shared = new Oneshot<T>(options.name);
  return [new OneshotSender(shared), new OneshotReceiver(shared)];
}
