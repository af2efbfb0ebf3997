/**
 * UnixDatagram: datagrams between programs of one machine: whole, in order, and none is lost.
 *
 * What must hold: one operation at a time uses a direction.
 */
import type { UnixAddress, UnixDatagramHandle, UnixReceived } from '../../driver/unix.ts';
import type { Context } from '../../future/context.ts';
import type { Future } from '../../future/future.ts';
import { map } from '../../future/map.ts';
import type { Poll } from '../../future/poll.ts';
import { checkBytes } from '../../io/stream.ts';
import { DatagramOperation } from '../datagram.ts';
import { formatUnix, parseUnix, type UnixName, unixOf } from './address.ts';
import { insist, Make } from './stream.ts';

/** Without a name: it can send and cannot be answered. */
const UNNAMED: UnixAddress = { kind: 'unnamed', name: '' };

/**
 * A Unix datagram socket. Close it, or declare it with `using`: its path is removed then. Unlike UDP's, its datagrams arrive in order, and
 * whoever sends waits for a receiver whose queue is full.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { UnixDatagram } from 'pawl/net';
 * await run(function* () {
 *   const name = { abstract: `example-log-${process.pid}` };
 *   using log = yield* UnixDatagram.bind(name);
 *   using program = yield* UnixDatagram.bind();
 *   yield* program.sendTo(new TextEncoder().encode('started'), name);
 *   const buffer = new Uint8Array(1000);
 *   const { length, from } = yield* log.recvFrom(buffer);
 *   console.log(new TextDecoder().decode(buffer.subarray(0, length)), from.kind); // started unnamed
 * });
 * ```
 */
export class UnixDatagram implements Disposable {
  /** @internal */
  readonly handle: UnixDatagramHandle;
  /** @internal */
  reading = false;
  /** @internal */
  writing = false;

  /** @internal */
  constructor(handle: UnixDatagramHandle) {
    this.handle = handle;
  }

  /**
   * A socket with that name, or without one.
   *
   * Cancelling it is *safe*. Errors: BAD_ADDRESS at once; EADDRINUSE, ENOENT, EACCES, with `path`; UNSUPPORTED_PLATFORM.
   */
  static bind(name?: UnixName): Future<UnixDatagram> {
    const at = name === undefined ? UNNAMED : parseUnix(name);
    return map(new Make((cx) => unixOf(cx).bind(at)), (handle) => new UnixDatagram(handle));
  }

  get localAddress(): UnixAddress {
    return this.handle.local;
  }

  get remoteAddress(): UnixAddress | null {
    return this.handle.peer;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /** Fixes the peer, of whom alone it receives then. Throws BAD_ADDRESS, ENOENT, ECONNREFUSED, EPROTOTYPE, EACCES, CLOSED. */
  connect(to: UnixName): void {
    this.handle.connect(parseUnix(to));
  }

  /**
   * Sends a datagram to the peer, waiting while its queue is full. At most 64 KiB.
   *
   * Cancelling it is *safe*: nothing was sent. Errors: ENOTCONN when not connected; EMSGSIZE; ECONNREFUSED when the peer is gone; BUSY while
   * another task sends; CLOSED.
   */
  send(data: Uint8Array): Future<void> {
    checkBytes(data);
    return new SendUnix(this, data, null);
  }

  /**
   * Sends a datagram to a name. While the receiver's queue is full it asks again, after 1 ms and then ever longer, up to 50 ms.
   *
   * Cancelling it is *safe*: nothing was sent. Errors: BAD_ADDRESS at once; ENOENT; as {@link send}.
   */
  sendTo(data: Uint8Array, to: UnixName): Future<void> {
    checkBytes(data);
    const receiver = parseUnix(to);
    return insist(
      () => `send to ${formatUnix(receiver)}: its queue is full`,
      () => new SendUnix(this, data, receiver),
    );
  }

  /**
   * Waits for the next datagram and copies it into `target`; what does not fit is cut off, and `size` says so.
   *
   * Cancelling it is *safe*: a datagram that has come stays for the next receive. Errors: BUSY while another task receives; CLOSED.
   */
  recvFrom(target: Uint8Array): Future<UnixReceived> {
    checkBytes(target);
    return new ReceiveUnix(this, target);
  }

  /** Closes the socket, and removes its path. What waits gets CLOSED. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class ReceiveUnix extends DatagramOperation<UnixDatagram, UnixReceived> {
  private readonly target: Uint8Array;

  constructor(socket: UnixDatagram, target: Uint8Array) {
    super(socket);
    this.target = target;
  }

  protected get direction(): 'read' {
    return 'read';
  }

  protected override tell(): string {
    return `receive on ${formatUnix(this.socket.localAddress)}`;
  }

  protected override step(cx: Context): Poll<UnixReceived> {
    if (this.target.length === 0) checkBytes(this.target);
    return this.socket.handle.pollRecv(cx, this.target);
  }
}

class SendUnix extends DatagramOperation<UnixDatagram, void> {
  private readonly data: Uint8Array;
  private readonly to: UnixAddress | null;

  constructor(socket: UnixDatagram, data: Uint8Array, to: UnixAddress | null) {
    super(socket);
    this.data = data;
    this.to = to;
  }

  protected get direction(): 'write' {
    return 'write';
  }

  protected override tell(): string {
    const receiver = this.to ?? this.socket.remoteAddress;
    return `send to ${receiver === null ? 'its peer' : formatUnix(receiver)}`;
  }

  protected override step(cx: Context): Poll<void> {
    if (this.data.length === 0) checkBytes(this.data);
    return this.socket.handle.pollSend(cx, this.data, this.to);
  }
}
