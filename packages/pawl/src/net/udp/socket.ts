/**
 * UdpSocket: datagrams. Each direction can be used by a different task; one operation at a time uses a direction.
 *
 * What must hold: nothing waits for the receiver. What it does not take in time the kernel drops, and counts: the memory that a slow reader
 * costs is the size of its receive buffer.
 */
import type { SocketAddress } from '../../driver/driver.ts';
import type { Datagram, Outgoing, Received, UdpHandle, UdpSettings } from '../../driver/udp.ts';
import { PawlError } from '../../error/index.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { map } from '../../future/map.ts';
import { checkBytes } from '../../io/stream.ts';
import { type Address, type Endpoint, formatAddress, parseEndpoint } from '../address.ts';
import { checkWhole } from '../options.ts';
import { lookUp } from '../lookup.ts';
import { bound, connected } from './bind.ts';
import type { Bound } from './bound.ts';
import {
  checkBindOptions,
  checkConnectOptions,
  checkMembership,
  checkSettings,
  type MembershipOptions,
  parseReceiver,
  type UdpConnectOptions,
  type UdpOptions,
} from './options.ts';
import { Receive, ReceiveMany } from './receive.ts';
import { Send, SendMany } from './send.ts';

/** What a socket has done so far. */
export interface UdpMetrics {
  /** Datagrams that the kernel has taken. */
  readonly sent: number;
  /** Datagrams that were received here. */
  readonly received: number;
  /** Datagrams that came and were dropped: the receive buffer was full. */
  readonly dropped: number;
}

/** A datagram to be sent by {@link UdpSocket.sendMany}; without `to`, to the socket's peer. */
export interface UdpMessage {
  readonly data: Uint8Array;
  readonly to?: Address;
}

/** The most that `recvMany` gives at once. */
const BATCH = 64;

/**
 * A UDP socket, made by {@link UdpSocket.bind} or {@link UdpSocket.connect}. Close it, or declare it with `using`.
 *
 * A datagram arrives whole, once, out of order, twice, or not at all. Its bytes are copied into the caller's memory; what is longer than that
 * is cut off, and `size` says so.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { UdpSocket } from 'pawl/net';
 * await run(function* () {
 *   using server = yield* UdpSocket.bind(0); // a port of 127.0.0.1
 *   using client = yield* UdpSocket.connect(server.localAddress);
 *   yield* client.send(new TextEncoder().encode('ping'));
 *   const buffer = new Uint8Array(1500);
 *   const { length, from } = yield* server.recvFrom(buffer);
 *   yield* server.sendTo(buffer.subarray(0, length), from);
 *   const answer = yield* client.recv(buffer);
 *   console.log(new TextDecoder().decode(buffer.subarray(0, answer.length))); // ping
 * });
 * ```
 */
export class UdpSocket implements Disposable {
  /** @internal */
  readonly handle: UdpHandle;
  private readonly bound: Bound;

  /** @internal */
  constructor(handle: UdpHandle) {
    this.handle = handle;
    this.bound = { handle, reading: false, writing: false, name: formatAddress(handle.local), received: 0, sent: 0 };
  }

  /**
   * Binds. A port alone is a port of `127.0.0.1`: to be reached from other machines, name the host, `'0.0.0.0:5353'` or `'[::]:5353'`,
   * which takes IPv4 too unless `ipv6Only`. Port 0 lets the system choose. Of a name, the first address is used.
   *
   * Cancelling it is *safe*. Errors: BAD_ADDRESS, BAD_PORT and BAD_ARGUMENT at once; EADDRINUSE, EADDRNOTAVAIL, EACCES and the system's
   * others; ENOTFOUND and its kin for a name (see {@link TcpStream.connect}).
   *
   * @example
   * ```ts
   * import { blockOn } from 'pawl';
   * import { UdpSocket } from 'pawl/net';
   * using socket = blockOn(UdpSocket.bind('127.0.0.1:0', { receiveBuffer: 1024 * 1024 }));
   * console.log(socket.localAddress.port > 0); // true
   * ```
   */
  static bind(address: Address, options: UdpOptions = {}): Future<UdpSocket> {
    const to = parseEndpoint(address);
    checkBindOptions(options);
    return map(bound(to, options), (handle) => new UdpSocket(handle));
  }

  /**
   * A socket with a peer: it sends there without being told where, receives from nobody else, and hears when nobody listens there
   * (ECONNREFUSED). Nothing is sent: whether the peer exists is not known yet. Of a name, the first address is used.
   *
   * Cancelling it is *safe*. Errors: as {@link bind}, and ENETUNREACH.
   */
  static connect(address: Address, options: UdpConnectOptions = {}): Future<UdpSocket> {
    const to = receiver(address);
    checkConnectOptions(options);
    const { local } = options;
    const from = local === undefined ? undefined : parseEndpoint(local);
    return map(connected(to, from, options), (handle) => new UdpSocket(handle));
  }

  /** This end's address. Throws CLOSED when it is first asked for after the socket was closed. */
  get localAddress(): SocketAddress {
    return this.handle.local;
  }

  /** The peer of a connected socket. */
  get remoteAddress(): SocketAddress | null {
    return this.handle.peer;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /** Counts since the socket was made; they remain after its close. */
  get metrics(): UdpMetrics {
    const { sent, received, handle } = this.bound;
    return { sent, received, dropped: handle.dropped };
  }

  /**
   * Fixes the peer of this socket, or another one than before. Of a name, the first address is used.
   *
   * Cancelling it is *safe*. Errors: as {@link connect}.
   */
  connect(address: Address): Future<void> {
    return connecting(receiver(address), this.handle);
  }

  /** Lets the peer go: the socket receives from everybody again, where it was bound. Throws CLOSED; EADDRINUSE if another took its port in that moment. */
  disconnect(): void {
    this.handle.connect(null);
  }

  /**
   * Sends a datagram to the peer: done when the kernel has taken it, which waits only while the send buffer is full.
   *
   * Cancelling it is *safe*: nothing was sent then. Errors: EDESTADDRREQ when not connected; EMSGSIZE when it is too long; ECONNREFUSED
   * where nobody listens, once, about one that was sent before; BUSY while another task sends; CLOSED; the system's others.
   */
  send(data: Uint8Array): Future<void> {
    checkBytes(data);
    return new Send(this.bound, data, null);
  }

  /**
   * Sends a datagram to a numeric address; an address that was received from is used as it is. The longest has 65,507 bytes over IPv4.
   *
   * Cancelling it is *safe*: nothing was sent then. Errors: BAD_ADDRESS and BAD_PORT at once; EMSGSIZE; EACCES for a broadcast address
   * without `broadcast`; ENETUNREACH; BUSY while another task sends; CLOSED; the system's others.
   */
  sendTo(data: Uint8Array, to: Address): Future<void> {
    checkBytes(data);
    return new Send(this.bound, data, parseReceiver(to));
  }

  /**
   * Sends datagrams, up to 64 in one system call: for small ones two to four times as fast as one by one.
   *
   * Cancelling it is *safe*, and so is its failing: each was sent whole or not at all, and the future's `sent` says how many were.
   * `sendMany(datagrams.slice(sent))` resumes. Errors: as {@link sendTo}, about the one at `sent`.
   *
   * @example
   * ```ts
   * import { run } from 'pawl';
   * import { UdpSocket } from 'pawl/net';
   * await run(function* () {
   *   using server = yield* UdpSocket.bind(0);
   *   using client = yield* UdpSocket.connect(server.localAddress);
   *   yield* client.sendMany([1, 2, 3].map((n) => ({ data: Uint8Array.of(n) })));
   *   const sum = (yield* server.recvMany()).reduce((sum, { data }) => sum + data[0]!, 0);
   *   console.log(sum); // 6
   * });
   * ```
   */
  sendMany(datagrams: readonly UdpMessage[]): SendMany {
    if (!Array.isArray(datagrams)) throw new PawlError('BAD_ARGUMENT', 'datagrams are a list of { data, to }');
    const checked: Outgoing[] = [];
    for (const datagram of datagrams as readonly (UdpMessage | null)[]) {
      if (typeof datagram !== 'object' || datagram === null)
        throw new PawlError(
          'BAD_ARGUMENT',
          `a datagram is { data, to }, got ${datagram === null ? 'null' : typeof datagram}`,
        );
      const { data, to } = datagram;
      checkBytes(data);
      checked.push(to === undefined ? { data } : { data, to: parseReceiver(to) });
    }
    return new SendMany(this.bound, checked);
  }

  /**
   * Waits for the next datagram of the peer and copies it into `target`.
   *
   * Cancelling it is *safe*: a datagram that has come stays for the next receive. Errors: ENOTCONN when not connected; ECONNREFUSED, once,
   * where nobody listens at the peer; BUSY while another task receives; CLOSED; the system's others.
   */
  recv(target: Uint8Array): Future<Received> {
    checkBytes(target);
    return new Receive(this.bound, target, true);
  }

  /** Waits for the next datagram, whoever sent it. Cancelling it is *safe*. Errors: as {@link recv}, but for ENOTCONN. */
  recvFrom(target: Uint8Array): Future<Received> {
    checkBytes(target);
    return new Receive(this.bound, target, false);
  }

  /**
   * Waits until datagrams are there, and gives all of them, up to `most` (64 at the most), each whole: one system call. Their bytes share
   * one piece of memory: to keep one for long, copy it.
   *
   * Cancelling it is *safe*. Errors: BAD_ARGUMENT at once; as {@link recvFrom}.
   */
  recvMany(most: number = BATCH): Future<Datagram[]> {
    checkWhole('most', most, 1, BATCH);
    return new ReceiveMany(this.bound, most);
  }

  /** Sets what is given, and leaves the rest. Throws BAD_ARGUMENT, BAD_ADDRESS, CLOSED, the system's errors. */
  set(settings: UdpSettings): void {
    checkSettings(settings);
    this.handle.set(settings);
  }

  /** Receives what is sent to a multicast group, too. Throws BAD_ADDRESS, EADDRINUSE (it does already), ENODEV, CLOSED. */
  join(group: string, options: MembershipOptions = {}): void {
    checkMembership(options);
    this.handle.join(checkGroup(group), options.interface);
  }

  /** Ends that. Throws EADDRNOTAVAIL where it was no member. */
  leave(group: string, options: MembershipOptions = {}): void {
    checkMembership(options);
    this.handle.leave(checkGroup(group), options.interface);
  }

  /** Closes the socket: what waits gets CLOSED, what has come and was not received is dropped. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function receiver(address: Address): Endpoint {
  const to = parseEndpoint(address);
  if (to.port === 0) throw new PawlError('BAD_PORT', 'port 0 is no port to send to');
  return to;
}

function checkGroup(group: unknown): string {
  if (typeof group === 'string') return group;
  throw new PawlError('BAD_ADDRESS', `a group is an address, got ${String(group)}`);
}

const connecting = coroutine(function* (to: Endpoint, handle: UdpHandle) {
  const peers = yield* lookUp(to);
  const { family } = handle.local;
  handle.connect(peers.find((peer) => peer.family === family) ?? peers[0]!);
});
