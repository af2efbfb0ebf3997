/**
 * UdpStack: the UDP of one boot of a simulated machine: which sockets there are, and which of them a datagram is for.
 *
 * What must hold: of the sockets that are bound to a datagram's address, one that is connected to its sender comes first, then one that is bound
 * to just that address. A group's or a broadcast's datagram goes to all of them. One that nobody takes is refused, unless it was for many.
 */
import type { SocketAddress } from '../../driver.ts';
import type { UdpBindOptions } from '../../udp.ts';
import {
  bestFor,
  canonical,
  isBroadcast,
  isGroup,
  isLoopback,
  isOwn,
  isWildcard,
  machineAt,
  overlap,
} from '../address.ts';
import type { SimDriver } from '../driver.ts';
import { SOCKET } from '../kinds.ts';
import type { SimMachine } from '../machine.ts';
import { Ports } from '../ports.ts';
import { systemError } from '../system-error.ts';
import { OVERHEAD, Packet, Unreachable } from './packet.ts';
import { SimUdp } from './socket.ts';

export class UdpStack {
  readonly driver: SimDriver;
  private readonly machine: SimMachine;
  private readonly sockets = new Map<number, SimUdp[]>();
  /** Made with the first socket: it chooses where its numbers begin. */
  private ports: Ports | null = null;

  constructor(driver: SimDriver) {
    this.driver = driver;
    this.machine = driver.machine;
  }

  bind(address: SocketAddress, options: UdpBindOptions): SimUdp {
    const ports = (this.ports ??= new Ports(this.driver.world));
    const { family } = address;
    const host = canonical(address.host);
    const group = isGroup(host);
    if (!group && !isOwn(this.machine, host)) throw systemError('EADDRNOTAVAIL', 'bind', address);
    if (address.port !== 0 && !this.mayBind(host, address, options)) throw systemError('EADDRINUSE', 'bind', address);
    const port = address.port === 0 ? ports.choose() : address.port;
    if (port === 0) throw systemError('EADDRINUSE', 'bind', address);
    let socket: SimUdp;
    try {
      socket = new SimUdp(this, { host, port, family }, options);
    } catch (error) {
      if (address.port === 0) ports.release(port);
      throw error;
    }
    if (address.port !== 0) ports.take(port);
    const known = this.sockets.get(port);
    if (known === undefined) this.sockets.set(port, [socket]);
    else known.push(socket);
    return socket;
  }

  unbind(socket: SimUdp): void {
    const { port } = socket.address;
    const left = (this.sockets.get(port) ?? []).filter((known) => known !== socket);
    if (left.length === 0) this.sockets.delete(port);
    else this.sockets.set(port, left);
    this.ports!.release(port);
  }

  /** `loop`: also to this machine; `leaves`: also to others. Of interest for groups only. */
  send(
    data: Uint8Array,
    from: SocketAddress,
    to: SocketAddress,
    { loop, leaves }: { loop: boolean; leaves: boolean },
  ): void {
    const { machine, driver } = this;
    if (driver.halted) return;
    if (!isForMany(to.host)) {
      const receiver = machineAt(machine, to.host);
      if (receiver !== undefined) this.sendTo(receiver, data, from, to);
      return;
    }
    for (const receiver of driver.world.network.machines)
      if (receiver === machine ? loop : leaves && !isLoopback(to.host)) this.sendTo(receiver, data, from, to);
  }

  arrived(packet: Packet): void {
    const { to, from, data } = packet;
    const there = this.sockets.get(to.port) ?? [];
    if (isForMany(to.host)) {
      for (const socket of there) if (takes(socket, to.host) && socket.accepts(from)) socket.deliver(data, from);
      return;
    }
    const fitting = bestFor(there, to.host).filter((socket) => socket.accepts(from));
    const connected = fitting.filter(({ peer }) => peer !== null);
    const candidates = connected.length > 0 ? connected : fitting;
    // Of several that share a port the newest has it; those that divide it get each sender's by chance.
    const shared = candidates.length > 1 && candidates.every(({ options }) => options.reusePort === true);
    const at = shared ? this.driver.world.decisions.choose(candidates.length, SOCKET) : candidates.length - 1;
    const socket = candidates[at];
    if (socket !== undefined) socket.deliver(data, from);
    else if (!this.driver.halted)
      this.driver.world.network.link(this.machine, packet.source).sendDatagram(() => new Unreachable(packet), OVERHEAD);
  }

  /** Nobody has taken a datagram of ours. */
  unreachable({ from, to }: Packet): void {
    for (const socket of this.sockets.get(from.port) ?? [])
      if (socket.peer !== null && socket.accepts(to)) socket.wasRefused();
  }

  private sendTo(receiver: SimMachine, data: Uint8Array, from: SocketAddress, to: SocketAddress): void {
    const { machine } = this;
    const link = machine.world.network.link(machine, receiver);
    link.sendDatagram(() => new Packet(machine, receiver, from, to, data), data.length + OVERHEAD);
  }

  private mayBind(host: string, { port, family }: SocketAddress, options: UdpBindOptions): boolean {
    const bound = { host, family, ipv6Only: options.ipv6Only ?? false };
    for (const other of this.sockets.get(port) ?? []) {
      if (!overlap(bound, other.bound)) continue;
      const { reuseAddr, reusePort } = other.options;
      if (!((options.reuseAddr === true && reuseAddr === true) || (options.reusePort === true && reusePort === true)))
        return false;
    }
    return true;
  }
}

function isForMany(host: string): boolean {
  return isBroadcast(host) || isGroup(host);
}

/** Whether a socket is one of those that a datagram for many is for. */
function takes(socket: SimUdp, host: string): boolean {
  const { bound } = socket;
  if (isBroadcast(host)) return isWildcard(bound.host) && bound.family === 4;
  return socket.groups.has(host) && (isWildcard(bound.host) || bound.host === host);
}
