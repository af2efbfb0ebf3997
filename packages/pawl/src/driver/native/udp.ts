/**
 * A UDP socket over the reactor.
 *
 * What must hold: only EAGAIN clears the readiness. A batch that comes back short may have ended at an error that the kernel keeps for the
 * next call, and whose edge is spent. HUP and ERR close nothing here: an ICMP error is an event like a datagram.
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { BATCH, recvBatch, sendBatch, takeBatch } from '../../sys/datagram-batch.ts';
import { connectDatagram, LONGEST, receivedFrom, recvFrom, sendTo, udpSocket } from '../../sys/datagram.ts';
import { EAGAIN, EINTR, EMSGSIZE, systemError } from '../../sys/errno.ts';
import * as multicast from '../../sys/multicast.ts';
import { READABLE, WRITABLE } from '../../sys/queue/readiness.ts';
import * as socket from '../../sys/socket.ts';
import type { Direction, SocketAddress } from '../driver.ts';
import type { Datagram, Outgoing, Received, UdpBindOptions, UdpHandle, UdpSettings } from '../udp.ts';
import type { Reactor } from './reactor.ts';
import { Source } from './source.ts';
import { about } from './tcp-stream.ts';

export class NativeUdp extends Source implements UdpHandle {
  peer: SocketAddress | null = null;
  readonly #bound: SocketAddress;
  #local: SocketAddress | null;
  #drops = 0;

  /** For a descriptor that is bound and not registered yet. */
  constructor(reactor: Reactor, fd: number, local: SocketAddress) {
    // What has come before it is registered, the first edge says.
    super(reactor, fd, WRITABLE);
    this.#bound = local;
    this.#local = local;
  }

  get what(): string {
    return `UDP socket at ${this.#bound.host}:${this.#bound.port}`;
  }

  get local(): SocketAddress {
    this.#local ??= socket.localAddress(this.#open());
    return this.#local;
  }

  get dropped(): number {
    if (this.fd >= 0) this.#drops = socket.getDrops(this.fd);
    return this.#drops;
  }

  connect(peer: SocketAddress | null): void {
    const fd = this.#open();
    const result = connectDatagram(fd, peer);
    if (result < 0) throw systemError(result, 'connect', peer === null ? {} : about(peer));
    this.peer = peer;
    this.#local = null;
    // A port that the system has chosen goes with the peer (__udp_disconnect, net/ipv4/udp.c): nothing would arrive any more.
    if (peer === null && socket.localAddress(fd).port === 0) socket.bind(fd, this.#bound);
  }

  pollRecv(cx: Context, target: Uint8Array): Poll<Received> {
    this.checkDriver(cx);
    const fd = this.#open();
    while ((this.state & READABLE) !== 0) {
      const generation = this.readGeneration;
      const size = recvFrom(fd, target);
      if (size >= 0) return { length: Math.min(size, target.length), size, from: receivedFrom() };
      this.#received(size, generation);
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  pollRecvMany(cx: Context, most: number): Poll<Datagram[]> {
    this.checkDriver(cx);
    const fd = this.#open();
    while ((this.state & READABLE) !== 0) {
      const generation = this.readGeneration;
      const count = recvBatch(fd, Math.min(most, BATCH));
      if (count > 0) return takeBatch(count);
      this.#received(count, generation);
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  pollSend(cx: Context, data: Uint8Array, to: SocketAddress | null): Poll<void> {
    this.checkDriver(cx);
    const fd = this.#open();
    if (data.length > LONGEST) throw tooLong(data.length, to ?? this.peer);
    while ((this.state & WRITABLE) !== 0) {
      const generation = this.writeGeneration;
      const sent = sendTo(fd, data, to);
      if (sent >= 0) return undefined;
      this.#sent(sent, generation, data, to);
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollSendMany(cx: Context, datagrams: readonly Outgoing[], first: number): Poll<number> {
    this.checkDriver(cx);
    const fd = this.#open();
    const { data, to = null } = datagrams[first]!;
    if (data.length > LONGEST) throw tooLong(data.length, to ?? this.peer);
    while ((this.state & WRITABLE) !== 0) {
      const generation = this.writeGeneration;
      const sent = sendBatch(fd, datagrams, first);
      if (sent > 0) return sent;
      this.#sent(sent, generation, data, to);
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  set(settings: UdpSettings): void {
    const fd = this.#open();
    const { family } = this.#bound;
    const { broadcast, ttl, multicastTtl, multicastLoop, multicastInterface } = settings;
    if (broadcast !== undefined) socket.setBroadcast(fd, broadcast);
    if (ttl !== undefined) multicast.setTtl(fd, family, ttl);
    if (multicastTtl !== undefined) multicast.setMulticastTtl(fd, family, multicastTtl);
    if (multicastLoop !== undefined) multicast.setMulticastLoop(fd, family, multicastLoop);
    if (multicastInterface !== undefined) multicast.setMulticastInterface(fd, family, multicastInterface);
  }

  join(group: string, on: string | undefined): void {
    multicast.setMembership(this.#open(), this.#bound.family, group, on, true);
  }

  leave(group: string, on: string | undefined): void {
    multicast.setMembership(this.#open(), this.#bound.family, group, on, false);
  }

  forget(direction: Direction): void {
    if (direction === 'read') this.takeReader();
    else this.takeWriter();
  }

  override close(): void {
    void this.dropped;
    super.close();
  }

  #open(): number {
    if (this.fd < 0) throw new PawlError('CLOSED', `the ${this.what} has been closed`, about(this.#bound));
    return this.fd;
  }

  /** A call has received nothing. */
  #received(result: number, generation: number): void {
    if (result === -EAGAIN) this.clearReadable(generation);
    else if (result !== -EINTR) throw systemError(result, 'recv', about(this.peer ?? this.#bound));
  }

  /** A call has sent nothing. */
  #sent(result: number, generation: number, data: Uint8Array, to: SocketAddress | null): void {
    if (result === -EAGAIN) this.clearWritable(generation);
    else if (result === -EMSGSIZE) throw tooLong(data.length, to ?? this.peer);
    else if (result !== -EINTR) {
      const receiver = to ?? this.peer;
      throw systemError(result, 'send', receiver === null ? {} : about(receiver));
    }
  }
}

function tooLong(length: number, to: SocketAddress | null): PawlError {
  const context = to === null ? {} : about(to);
  const { code, message, errno } = systemError(EMSGSIZE, 'send', context);
  return new PawlError(
    code,
    `${message} (${length} bytes: a datagram has at most 65507 over IPv4, 65527 over IPv6, and no more than the send buffer holds)`,
    { ...context, ...(errno === undefined ? {} : { errno }), syscall: 'send' },
  );
}

/** Binds. */
export function bindUdp(reactor: Reactor, address: SocketAddress, options: UdpBindOptions): NativeUdp {
  const fd = udpSocket(address.family);
  try {
    const { receiveBuffer, sendBuffer } = options;
    if (options.reuseAddr ?? false) socket.setReuseAddr(fd, true);
    if (options.reusePort ?? false) socket.setReusePort(fd, true);
    if (options.broadcast ?? false) socket.setBroadcast(fd, true);
    if (receiveBuffer !== undefined) socket.setReceiveBuffer(fd, receiveBuffer);
    if (sendBuffer !== undefined) socket.setSendBuffer(fd, sendBuffer);
    if (address.family === 6) socket.setIPv6Only(fd, options.ipv6Only ?? false);
    multicast.setOwnGroupsOnly(fd, address.family);
    socket.bind(fd, address);
    const handle = new NativeUdp(reactor, fd, socket.localAddress(fd));
    reactor.register(handle, true);
    return handle;
  } catch (error) {
    socket.close(fd);
    throw error;
  }
}
