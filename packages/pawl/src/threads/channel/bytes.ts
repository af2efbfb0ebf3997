/**
 * byteChannel: a stream of bytes between two threads, in shared memory alone.
 *
 * What must hold: bytes come once and in order. Only the writer writes what lies between the two positions and the reader's, and the reverse.
 */
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import type { Future } from '../../future/future.ts';
import { ready } from '../../future/ready.ts';
import type { WaitInfo } from '../../future/wait-info.ts';
import { checkBytes, type Reader, type Writer } from '../../io/stream.ts';
import { writeAll } from '../../io/transfer.ts';
import { title } from '../../sync/named.ts';
import type { ThreadChannelOptions } from './channel.ts';
import { End, UnitWaiter } from './end.ts';
import { HEADER_BYTES, LinkEnd, type LinkHandle, makeLink, RECEIVING, SENDING, type Side } from './link.ts';
import { checkSpin, Spinner } from './spin.ts';

/** An end on its way to another thread. */
export interface ByteEndHandle {
  readonly kind: 'pawl.ByteSender' | 'pawl.ByteReceiver';
  readonly title: string;
  readonly spin: number;
  readonly link: LinkHandle;
}

type Parts = Omit<ByteEndHandle, 'kind'>;

/** What both ends have in common. */
abstract class ByteEnd extends End {
  /** @internal */
  protected readonly link: LinkEnd;
  /** @internal */
  protected readonly bytes: Uint8Array<SharedArrayBuffer>;
  private readonly spinner: Spinner;

  constructor({ title, spin, link }: Parts, side: Side) {
    super(title);
    this.link = new LinkEnd(link, side, this.mailbox.waker, () => this.look());
    this.bytes = new Uint8Array(link.memory, HEADER_BYTES);
    this.spinner = new Spinner(spin);
  }

  /** @internal */
  override get links(): readonly LinkEnd[] {
    return [this.link];
  }

  /** @internal */
  override isOver(): boolean {
    return this.link.peerClosed;
  }

  /** @internal */
  spin(): boolean {
    return this.spinner.wait(() => this.units() > 0);
  }

  /** Gives it to another thread, as {@link ThreadSender.move} does. */
  protected parts(): Parts {
    const { title, spinner } = this;
    return { title, spin: spinner.ms, link: this.moveOut((link) => link.detach())[0]! };
  }

  /** @internal One at a time: bytes are no messages, and those of two would mix. */
  checkAlone(operation: string): void {
    if (this.waiters.size === 0 && this.granted === 0) return;
    throw new PawlError('BUSY', `${operation} on ${this.title}: another task waits for it already`);
  }
}

/** Writes bytes to a {@link ByteReceiver} that may be on another thread: a `Writer` of `pawl/io`. */
export class ByteSender extends ByteEnd implements Writer {
  /** @internal */
  constructor(parts: Parts) {
    super(parts, SENDING);
  }

  /** As {@link ThreadSender.from}. */
  static from(handle: ByteEndHandle): ByteSender {
    if ((handle as ByteEndHandle | undefined)?.kind !== 'pawl.ByteSender')
      throw new PawlError('BAD_ARGUMENT', 'not the handle of a ByteSender');
    return new ByteSender(handle);
  }

  /** As {@link ThreadSender.move}. */
  move(): ByteEndHandle {
    return { kind: 'pawl.ByteSender', ...this.parts() };
  }

  /** @internal */
  override units(): number {
    return this.bytes.length - ((this.link.position - this.link.peerPosition) >>> 0);
  }

  /**
   * Writes what there is room for, waiting for room: the number of bytes, at least 1 unless `source` is empty. Cancelling it is *safe*. Errors:
   * CLOSED when the receiver is closed or its thread has died; BUSY while another task writes.
   */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return source.length === 0 ? ready(0) : new Write(this, source);
  }

  /** Writes all. Cancelling it *loses data*: how much was written is not told. Errors as {@link write}. */
  writeAll(source: Uint8Array): Future<void> {
    return writeAll(this, source);
  }

  /** Ends the stream, after what was written. */
  shutdown(): Future<void> {
    this.close();
    return ready(undefined);
  }

  /** @internal */
  put(source: Uint8Array): number {
    const { bytes, link } = this;
    const { position } = link;
    const count = Math.min(source.length, this.units());
    const at = (position >>> 0) % bytes.length;
    const first = Math.min(count, bytes.length - at);
    bytes.set(first === source.length ? source : source.subarray(0, first), at);
    if (count > first) bytes.set(source.subarray(first, count), 0);
    link.advance((position + count) | 0);
    return count;
  }

  /** @internal */
  deaf(): PawlError {
    return new PawlError('CLOSED', `write on ${this.title}, whose receiver is closed or whose thread has ended`);
  }
}

/** Reads bytes of a {@link ByteSender} that may be on another thread: a `Reader` of `pawl/io`. */
export class ByteReceiver extends ByteEnd implements Reader {
  /** @internal */
  constructor(parts: Parts) {
    super(parts, RECEIVING);
  }

  /** As {@link ThreadReceiver.from}. */
  static from(handle: ByteEndHandle): ByteReceiver {
    if ((handle as ByteEndHandle | undefined)?.kind !== 'pawl.ByteReceiver')
      throw new PawlError('BAD_ARGUMENT', 'not the handle of a ByteReceiver');
    return new ByteReceiver(handle);
  }

  /** As {@link ThreadReceiver.move}. */
  move(): ByteEndHandle {
    return { kind: 'pawl.ByteReceiver', ...this.parts() };
  }

  /** @internal */
  override units(): number {
    return (this.link.peerPosition - this.link.position) >>> 0;
  }

  /**
   * Waits for bytes and copies them into `target`: how many; 0 at the end of the stream (the sender is closed, or its thread has died), or for
   * an empty target. Cancelling it is *safe*. Errors: CLOSED after this end was closed; BUSY while another task reads.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return target.length === 0 ? ready(0) : new Read(this, target);
  }

  /** @internal */
  take(target: Uint8Array): number {
    const { bytes, link } = this;
    const { position } = link;
    const count = Math.min(target.length, this.units());
    const at = (position >>> 0) % bytes.length;
    const first = Math.min(count, bytes.length - at);
    target.set(bytes.subarray(at, at + first));
    if (count > first) target.set(bytes.subarray(0, count - first), first);
    link.advance((position + count) | 0);
    return count;
  }
}

class Write extends UnitWaiter<number> {
  private readonly sender: ByteSender;
  private readonly source: Uint8Array;

  constructor(sender: ByteSender, source: Uint8Array) {
    super(sender);
    this.sender = sender;
    this.source = source;
  }

  protected override arrive(): void {
    this.sender.checkAlone('write');
  }

  protected override use(): number {
    if (this.sender.isOver()) throw this.sender.deaf();
    return this.sender.put(this.source);
  }

  protected override ended(): number {
    this.sender.check('write');
    throw this.sender.deaf();
  }

  protected override spin(): boolean {
    return this.sender.spin();
  }

  protected override tell(): WaitInfo {
    return { what: `room in ${this.sender.title}, whose receiver is on another thread`, outside: true };
  }
}

class Read extends UnitWaiter<number> {
  private readonly receiver: ByteReceiver;
  private readonly target: Uint8Array;

  constructor(receiver: ByteReceiver, target: Uint8Array) {
    super(receiver);
    this.receiver = receiver;
    this.target = target;
  }

  protected override arrive(): void {
    this.receiver.checkAlone('read');
  }

  protected override use(): number {
    return this.receiver.take(this.target);
  }

  protected override ended(): number {
    this.receiver.check('read');
    return 0;
  }

  protected override spin(): boolean {
    return this.receiver.spin();
  }

  protected override tell(): WaitInfo {
    return { what: `bytes of ${this.receiver.title}, written by another thread`, outside: true };
  }
}

/** The least and the most bytes of a channel. */
const LEAST = 64;
const MOST = 1 << 30;

/**
 * A stream of bytes between two threads, through `capacity` bytes of shared memory (64 to 2^30, rounded up to a power of two): the fastest way
 * from one to the other. Each end may be given to another thread, as those of {@link threadChannel}. With `spin`, both ends wait awake for so
 * many ms before they sleep.
 *
 * Errors: BAD_ARGUMENT for a capacity or a `spin` outside its range.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { byteChannel } from 'pawl/threads';
 * await run(function* () {
 *   const [sender, receiver] = byteChannel(1024);
 *   using _closes = receiver;
 *   yield* sender.writeAll(new TextEncoder().encode('bytes'));
 *   yield* sender.shutdown();
 *   const buffer = new Uint8Array(64);
 *   const count = yield* receiver.read(buffer);
 *   console.log(new TextDecoder().decode(buffer.subarray(0, count)), yield* receiver.read(buffer)); // bytes 0
 * });
 * ```
 */
export function byteChannel(
  capacity: number,
  options: ThreadChannelOptions = {},
): [sender: ByteSender, receiver: ByteReceiver] {
  knownOptions('byteChannel', options, { name: true, spin: true });
  const { name, spin = 0 } = options;
  checkSpin(spin);
  if (!Number.isInteger(capacity) || capacity < LEAST || capacity > MOST)
    throw new PawlError(
      'BAD_ARGUMENT',
      `the capacity of a byte channel must be a whole number from ${LEAST} to ${MOST}, got ${capacity}`,
    );
  // A power of two: positions go round at 2^32, and what is left of one must stay the same place.
  const [sending, receiving] = makeLink(2 ** Math.ceil(Math.log2(capacity)));
  const common = { title: title('byte channel between threads', name), spin };
  return [new ByteSender({ ...common, link: sending }), new ByteReceiver({ ...common, link: receiving })];
}
