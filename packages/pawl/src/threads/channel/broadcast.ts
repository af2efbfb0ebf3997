/**
 * threadBroadcast: every receiver gets every message, on whatever threads they are.
 *
 * What must hold: a message goes to all receivers or, when the sending is cancelled, to none: it is sent when each has a place. So the slowest
 * sets the pace, and one that is closed, or whose thread has died, is left out.
 */
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { Mutex } from '../../sync/mutex.ts';
import { title } from '../../sync/named.ts';
import { checkCapacity, type ThreadChannelOptions } from './channel.ts';
import { SLOT_BYTES } from './codec.ts';
import { makeLink } from './link.ts';
import { ThreadReceiver } from './receiver.ts';
import { slotsFor, ThreadSender } from './sender.ts';
import { checkSpin } from './spin.ts';

/** Sends to every receiver that it has made. It stays on its thread; the receivers may be given to others. */
export class ThreadBroadcastSender<T> implements Disposable {
  readonly title: string;
  /** Messages that a receiver has not received, at most. */
  readonly capacity: number;
  private readonly spin: number;
  private senders: ThreadSender<T>[] = [];
  private readonly turn = new Mutex();
  private open = true;

  /** @internal */
  constructor(capacity: number, { name, spin = 0 }: ThreadChannelOptions) {
    this.title = title('broadcast between threads', name);
    this.capacity = capacity;
    this.spin = spin;
  }

  /** A receiver of all that is sent from now on. CLOSED when this is closed. */
  subscribe(): ThreadReceiver<T> {
    this.check('subscribe');
    const { title, capacity, spin } = this;
    const [sending, receiving] = makeLink(slotsFor(capacity) * SLOT_BYTES);
    this.senders.push(new ThreadSender({ title, capacity, link: sending }));
    return new ThreadReceiver({ title, capacity, spin, links: [receiving] });
  }

  /** Receivers that are open. */
  get receivers(): number {
    this.prune();
    return this.senders.length;
  }

  /**
   * Sends to every receiver, waiting until each has a place; gives their number. What is moved instead of copied can go to one only, so there is
   * no such option.
   *
   * Cancelling it is *safe*: nobody has got the message. Errors: CLOSED when this is closed; NOT_CLONEABLE.
   */
  send(value: T): Future<number> {
    return sending(this, this.turn, value);
  }

  /** No more comes: each receiver ends after what was sent. */
  close(): void {
    this.open = false;
    for (const sender of this.senders) sender.close();
    this.senders = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal One that has no place, or null when each has one. */
  full(): ThreadSender<T> | null {
    this.prune();
    return this.senders.find((sender) => sender.units() <= 0) ?? null;
  }

  /** @internal */
  deliver(value: T): number {
    for (const sender of this.senders) sender.put(value, undefined);
    return this.senders.length;
  }

  /** @internal */
  check(operation: string): void {
    if (!this.open) throw new PawlError('CLOSED', `${operation} on ${this.title}, which is closed`);
  }

  private prune(): void {
    const left = this.senders.filter((sender) => !sender.receiverClosed);
    if (left.length === this.senders.length) return;
    for (const sender of this.senders) if (!left.includes(sender)) sender.close();
    this.senders = left;
  }
}

const sending = coroutine(function* send(broadcast: ThreadBroadcastSender<unknown>, turn: Mutex, value: unknown) {
  using _turn = yield* turn.lock();
  for (;;) {
    broadcast.check('send');
    const full = broadcast.full();
    if (full === null) return broadcast.deliver(value);
    yield* full.room();
  }
});

/**
 * A channel on which every receiver gets every message, with back-pressure: sending waits for the slowest. (Within a thread, `broadcast` of
 * `pawl/sync` lets the slow ones miss messages instead.)
 *
 * Errors: BAD_ARGUMENT as {@link threadChannel}.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { threadBroadcast } from 'pawl/threads';
 * await run(function* () {
 *   using sender = threadBroadcast<string>(8);
 *   using first = sender.subscribe();
 *   using second = sender.subscribe();
 *   console.log(yield* sender.send('hello')); // 2
 *   console.log(yield* first.recv(), yield* second.recv()); // hello hello
 * });
 * ```
 */
export function threadBroadcast<T>(capacity: number, options: ThreadChannelOptions = {}): ThreadBroadcastSender<T> {
  checkCapacity(capacity);
  knownOptions('threadBroadcast', options, { name: true, spin: true });
  checkSpin(options.spin ?? 0);
  return new ThreadBroadcastSender(capacity, options);
}
