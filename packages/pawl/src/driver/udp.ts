/**
 * The contract of UDP: sockets that send and receive datagrams, over the kernel's network or a simulated one.
 *
 * What must hold, besides what holds for every handle:
 * - A datagram is sent whole or not at all, and received by one poll: what does not fit into the target is gone, and `size` tells.
 * - The receive queue is bounded. What comes while it is full is dropped, and counted in `dropped`; nobody is held back.
 * - A connected socket hears of what its peer's machine refuses (ECONNREFUSED): once, at the next poll of either direction, whoever was
 *   waiting there is woken for it, and the socket goes on. One that is not connected hears nothing.
 */
import type { Context } from '../future/context.ts';
import type { Poll } from '../future/poll.ts';
import type { Direction, SocketAddress } from './driver.ts';

/** How a socket is bound. */
export interface UdpBindOptions {
  /** Several sockets share the address: for multicast each gets a copy; of others one gets it. Default false. */
  readonly reuseAddr?: boolean;
  /** Several sockets share the address and divide what comes by sender. Default false. */
  readonly reusePort?: boolean;
  /** An IPv6 socket takes IPv6 only. Default false. */
  readonly ipv6Only?: boolean;
  /** May send to broadcast addresses (EACCES otherwise). Default false. */
  readonly broadcast?: boolean;
  /** Bytes that wait to be received at the most, as asked for; the kernel doubles it for its bookkeeping, and has a limit. */
  readonly receiveBuffer?: number;
  /** Bytes that wait to be sent, likewise. */
  readonly sendBuffer?: number;
}

/** What one poll has received. */
export interface Received {
  /** Bytes copied into the target. */
  readonly length: number;
  /** Bytes that the datagram had: more than `length` when the target was too small for it. */
  readonly size: number;
  readonly from: SocketAddress;
}

/** A datagram of a batch. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly from: SocketAddress;
}

/** A datagram to be sent; without `to`, to the socket's peer. */
export interface Outgoing {
  readonly data: Uint8Array;
  readonly to?: SocketAddress;
}

/** What can be set while the socket is open. */
export interface UdpSettings {
  readonly broadcast?: boolean;
  /** Hops of what is sent to one receiver, 1 to 255. */
  readonly ttl?: number;
  /** Hops of what is sent to a group, 0 to 255. The system's default is 1: the local network. */
  readonly multicastTtl?: number;
  /** Whether what is sent to a group comes back to members on this machine. The system's default is true. */
  readonly multicastLoop?: boolean;
  /** The interface that what is sent to a group leaves by: a name, or an address of it. */
  readonly multicastInterface?: string;
}

/** A UDP socket. */
export interface UdpHandle {
  /** After `connect` the address that the system has chosen for that peer. Throws CLOSED when it is first asked for after the close. */
  readonly local: SocketAddress;
  /** The only one that is received from; null while not connected. */
  readonly peer: SocketAddress | null;
  /** Datagrams that came and were dropped, because the receive queue was full (or their checksum wrong). Final after the close. */
  readonly dropped: number;
  /** Fixes the peer, or with null lets it go. Sends nothing and asks nobody, so it is done at once. */
  connect(peer: SocketAddress | null): void;
  /** The next datagram, copied into `target`. */
  pollRecv(cx: Context, target: Uint8Array): Poll<Received>;
  /** Those that are there, at least one, and at most `most` of them. */
  pollRecvMany(cx: Context, most: number): Poll<Datagram[]>;
  /**
   * Hands a datagram to the network; `to` is null for a connected socket's peer. PENDING while the send buffer is full. Throws EMSGSIZE when it
   * is too long, EDESTADDRREQ for null when not connected, ENETUNREACH, EACCES (a broadcast address) and the system's others.
   */
  pollSend(cx: Context, data: Uint8Array, to: SocketAddress | null): Poll<void>;
  /** Hands over datagrams from index `first` on: how many, at least 1. Throws as `pollSend`, about the one at `first`. */
  pollSendMany(cx: Context, datagrams: readonly Outgoing[], first: number): Poll<number>;
  set(settings: UdpSettings): void;
  /** Receives what is sent to a group, and of groups only those. `on` is the member's interface: a name, an address of it, or undefined for the system's choice. Throws BAD_ADDRESS unless it is a group's. */
  join(group: string, on: string | undefined): void;
  leave(group: string, on: string | undefined): void;
  /** Drops the stored waker of that direction. */
  forget(direction: Direction): void;
  /** Idempotent: whoever waits is woken, and a later poll throws CLOSED. What was received and not taken is dropped. */
  close(): void;
  readonly closed: boolean;
}
