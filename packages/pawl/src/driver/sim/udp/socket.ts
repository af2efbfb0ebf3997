/**
 * SimUdp: a UDP socket of a simulated machine.
 *
 * What must hold: as the contract says (`driver/udp.ts`). Bytes in the queue are counted as Linux counts them, with what a datagram costs
 * besides its bytes. What is handed to the network is gone: there is no send buffer that fills.
 */
import { isIPv4 } from 'node:net';
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import type { Direction, SocketAddress } from '../../driver.ts';
import type { Datagram, Outgoing, Received, UdpBindOptions, UdpHandle, UdpSettings } from '../../udp.ts';
import {
  asFamily,
  type Bound,
  canonical,
  isBroadcast,
  isGroup,
  isInterface,
  isWildcard,
  sourceFor,
} from '../address.ts';
import { SimSource } from '../source.ts';
import { systemError } from '../system-error.ts';
import type { UdpStack } from './stack.ts';

/** net.core.rmem_default, and what the kernel adds for each datagram (sizeof(struct sk_buff), and the rounding of its data). */
const RECEIVE_BUFFER = 212_992;
const COST = 768;

export class SimUdp extends SimSource implements UdpHandle {
  readonly bound: Bound;
  readonly options: UdpBindOptions;
  readonly address: SocketAddress;
  peer: SocketAddress | null = null;
  dropped = 0;
  readonly groups: Set<string> = new Set();
  private readonly stack: UdpStack;
  private readonly queue: Datagram[] = [];
  private queued = 0;
  private readonly limit: number;
  /** The own address, once it was asked for. */
  private asked: SocketAddress | null;
  private refused = false;
  private broadcast: boolean;
  private multicastLoop = true;
  private multicastTtl = 1;

  constructor(stack: UdpStack, address: SocketAddress, options: UdpBindOptions) {
    super(stack.driver, 'socket');
    this.stack = stack;
    this.address = address;
    this.asked = address;
    this.options = options;
    this.bound = { host: address.host, family: address.family, ipv6Only: options.ipv6Only ?? false };
    this.limit = options.receiveBuffer === undefined ? RECEIVE_BUFFER : options.receiveBuffer * 2;
    this.broadcast = options.broadcast ?? false;
  }

  get what(): string {
    return `UDP socket at ${this.address.host}:${this.address.port}`;
  }

  get local(): SocketAddress {
    if (this.asked === null) {
      this.open();
      const { address, peer } = this;
      this.asked = peer === null ? address : { ...address, host: this.sourceTo(canonical(peer.host)) };
    }
    return this.asked;
  }

  connect(peer: SocketAddress | null): void {
    this.open();
    this.peer = peer;
    this.asked = null;
    this.refused = false;
  }

  pollRecv(cx: Context, target: Uint8Array): Poll<Received> {
    const next = this.next(cx);
    if (next === null) return PENDING;
    const { data, from } = next;
    const length = Math.min(data.length, target.length);
    target.set(length === data.length ? data : data.subarray(0, length));
    return { length, size: data.length, from };
  }

  pollRecvMany(cx: Context, most: number): Poll<Datagram[]> {
    const first = this.next(cx);
    if (first === null) return PENDING;
    const batch = [first];
    while (batch.length < most && this.queue.length > 0) batch.push(this.shift());
    // Copies: the same bytes may have been delivered to others.
    return batch.map(({ data, from }) => ({ data: data.slice(), from }));
  }

  pollSend(cx: Context, data: Uint8Array, to: SocketAddress | null): Poll<void> {
    this.checkDriver(cx);
    this.open();
    if (this.saysAgain(cx.waker, 'write')) return PENDING;
    this.send(data, to);
    return undefined;
  }

  pollSendMany(cx: Context, datagrams: readonly Outgoing[], first: number): Poll<number> {
    this.checkDriver(cx);
    this.open();
    if (this.saysAgain(cx.waker, 'write')) return PENDING;
    let sent = 0;
    for (const { data, to = null } of datagrams.slice(first)) {
      try {
        this.send(data, to);
      } catch (error) {
        if (sent === 0) throw error;
        break;
      }
      sent++;
    }
    return sent;
  }

  set({ broadcast, multicastLoop, multicastTtl }: UdpSettings): void {
    this.open();
    this.broadcast = broadcast ?? this.broadcast;
    this.multicastLoop = multicastLoop ?? this.multicastLoop;
    this.multicastTtl = multicastTtl ?? this.multicastTtl;
  }

  join(group: string, on: string | undefined): void {
    const host = this.group(group, on);
    if (this.groups.has(host)) throw systemError('EADDRINUSE', 'join');
    this.groups.add(host);
  }

  leave(group: string, on: string | undefined): void {
    if (!this.groups.delete(this.group(group, on))) throw systemError('EADDRNOTAVAIL', 'leave');
  }

  forget(direction: Direction): void {
    this.take(direction);
  }

  /** Whether it takes a datagram from there. */
  accepts(from: SocketAddress): boolean {
    const { peer } = this;
    return peer === null || (peer.port === from.port && canonical(peer.host) === from.host);
  }

  /** A datagram has come. */
  deliver(data: Uint8Array, from: SocketAddress): void {
    // As sock_queue_rcv_skb: whoever is not over the limit may go over it once.
    if (this.queued > this.limit) {
      this.dropped++;
      return;
    }
    this.driver.world.decisions.digest.bytes(data);
    this.queued += data.length + COST;
    this.queue.push({ data, from: asFamily(from, this.address.family) });
    this.wake('read');
  }

  /** The peer's machine has refused a datagram (ICMP port unreachable). */
  wasRefused(): void {
    this.refused = true;
    this.wake('read');
    this.wake('write');
  }

  protected override release(): void {
    this.queue.length = 0;
    this.stack.unbind(this);
  }

  /** Every machine is on one local network by one interface: which one is named makes no difference. */
  private group(group: string, on: string | undefined): string {
    this.open();
    const host = canonical(group);
    if (!isGroup(host) || isIPv4(host) !== (this.address.family === 4))
      throw new PawlError('BAD_ADDRESS', `not the address of a multicast group: '${group}'`, { address: group });
    if (on !== undefined && !isInterface(this.driver.machine, on))
      throw new PawlError('BAD_ADDRESS', `the simulated host has no interface '${on}'`, { address: on });
    return host;
  }

  private next(cx: Context): Datagram | null {
    this.checkDriver(cx);
    this.open();
    this.checkRefused('recv');
    if (this.queue.length === 0) {
      this.storeReader(cx.waker);
      return null;
    }
    return this.saysAgain(cx.waker, 'read') ? null : this.shift();
  }

  private shift(): Datagram {
    const datagram = this.queue.shift()!;
    this.queued -= datagram.data.length + COST;
    return datagram;
  }

  private send(data: Uint8Array, to: SocketAddress | null): void {
    this.checkRefused('send');
    const receiver = to ?? this.peer;
    if (receiver === null) throw systemError('EDESTADDRREQ', 'send');
    const host = canonical(receiver.host);
    const longest = isIPv4(host) ? 65_507 : 65_527;
    if (data.length > longest) throw tooLong(data.length, receiver);
    if (isBroadcast(host) && !this.broadcast) throw systemError('EACCES', 'send', receiver);
    this.driver.world.deed(`a datagram to ${host}:${receiver.port}`, data);
    const group = isGroup(host);
    const from = { host: this.sourceTo(host), port: this.address.port, family: isIPv4(host) ? 4 : 6 } as const;
    this.stack.send(
      data.slice(),
      from,
      { ...receiver, host },
      {
        loop: !group || this.multicastLoop,
        leaves: !group || this.multicastTtl > 0,
      },
    );
  }

  private sourceTo(host: string): string {
    const { address } = this;
    return isWildcard(address.host) ? sourceFor(this.driver.machine, host) : address.host;
  }

  private checkRefused(call: 'recv' | 'send'): void {
    if (!this.refused) return;
    this.refused = false;
    throw systemError('ECONNREFUSED', call, this.peer ?? this.address);
  }

  private open(): void {
    const { host: address, port } = this.address;
    if (this.closed) throw new PawlError('CLOSED', `the ${this.what} has been closed`, { address, port });
  }
}

function tooLong(length: number, to: SocketAddress): PawlError {
  const { message, errno } = systemError('EMSGSIZE', 'send', to);
  return new PawlError(
    'EMSGSIZE',
    `${message} (${length} bytes: a datagram has at most 65507 over IPv4, 65527 over IPv6)`,
    {
      ...(errno === undefined ? {} : { errno }),
      syscall: 'send',
      address: to.host,
      port: to.port,
    },
  );
}
