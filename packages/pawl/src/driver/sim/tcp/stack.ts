/**
 * NetStack: the TCP of one boot of a simulated machine: who listens, which connections there are, and whom a segment is for.
 *
 * What must hold: a segment for a connection that is not there is answered by a reset, also when an earlier boot of the machine had it; so is
 * a SYN for a port on which nobody listens.
 */
import type { SocketAddress, TcpConnectOptions, TcpListenOptions } from '../../driver.ts';
import type { SimDriver } from '../driver.ts';
import { LISTENER } from '../kinds.ts';
import type { SimMachine } from '../machine.ts';
import { systemError } from '../system-error.ts';
import {
  asFamily,
  bestFor,
  canonical,
  isBroadcast,
  isGroup,
  isOwn,
  isWildcard,
  machineAt,
  overlap,
  sourceFor,
} from '../address.ts';
import { SYN_RECEIVED, SYN_SENT, TcpEndpoint } from './endpoint.ts';
import { SimTcpListener } from './listener.ts';
import { Ports } from '../ports.ts';
import { RST, Segment, SYN } from './segment.ts';
import { SimTcpStream } from './stream.ts';

export class NetStack {
  readonly driver: SimDriver;
  private readonly machine: SimMachine;
  private readonly ports: Ports;
  private readonly listeners = new Map<number, SimTcpListener[]>();
  private readonly endpoints = new Set<TcpEndpoint>();
  /** Handshakes that are under way, by the end that began them. */
  private readonly opening = new Map<TcpEndpoint, TcpEndpoint>();

  constructor(driver: SimDriver) {
    this.driver = driver;
    this.machine = driver.machine;
    this.ports = new Ports(driver.world);
  }

  listen(address: SocketAddress, options: TcpListenOptions): SimTcpListener {
    const host = canonical(address.host);
    if (!isOwn(this.machine, host)) throw systemError('EADDRNOTAVAIL', 'bind', address);
    if (address.port !== 0 && !this.mayListen(host, address, options)) throw systemError('EADDRINUSE', 'bind', address);
    const port = address.port === 0 ? this.ports.choose() : address.port;
    if (port === 0) throw systemError('EADDRINUSE', 'bind', address);
    const listener = new SimTcpListener(this, { host, port, family: address.family }, options);
    if (address.port !== 0) this.ports.take(port);
    const known = this.listeners.get(port);
    if (known === undefined) this.listeners.set(port, [listener]);
    else known.push(listener);
    return listener;
  }

  unlisten(listener: SimTcpListener): void {
    const { port } = listener.local;
    const left = this.listeners.get(port)!.filter((known) => known !== listener);
    if (left.length === 0) this.listeners.delete(port);
    else this.listeners.set(port, left);
    this.ports.release(port);
  }

  connect(address: SocketAddress, { local }: TcpConnectOptions): SimTcpStream {
    const host = canonical(address.host);
    if (isBroadcast(host) || isGroup(host)) throw systemError('ENETUNREACH', 'connect', address);
    const source = this.bind(local, host, address);
    const endpoint = new TcpEndpoint(this, source, address, machineAt(this.machine, host), SYN_SENT);
    endpoint.ownsPort = true;
    let stream: SimTcpStream;
    try {
      stream = new SimTcpStream(this.driver, endpoint, 'socket');
    } catch (error) {
      this.ports.release(source.port);
      throw error;
    }
    this.endpoints.add(endpoint);
    endpoint.greet();
    return stream;
  }

  send(segment: Segment): void {
    if (this.driver.halted) return;
    this.driver.world.network.link(this.machine, segment.machine).send(segment, segment.size);
  }

  arrived(segment: Segment): void {
    const { to } = segment;
    if (to === null) this.opened(segment);
    else if (to.stack === this && to.exists) to.receive(segment);
    else this.refuse(segment);
  }

  /** A handshake is through, or was given up. */
  answered(endpoint: TcpEndpoint): void {
    this.opening.delete(endpoint.remote!);
  }

  ended(endpoint: TcpEndpoint, lingers: boolean): void {
    if (!this.endpoints.delete(endpoint)) return;
    const { port } = endpoint.local;
    if (lingers) this.ports.linger(port);
    if (endpoint.ownsPort) this.ports.release(port);
  }

  /** The machine has crashed. */
  vanish(): void {
    for (const endpoint of this.endpoints) endpoint.vanish();
    this.endpoints.clear();
    this.listeners.clear();
    this.opening.clear();
  }

  private mayListen(host: string, { port, family }: SocketAddress, options: TcpListenOptions): boolean {
    const { reuseAddr = true, reusePort = false, ipv6Only = false } = options;
    if (!reuseAddr && this.ports.lingers(port)) return false;
    const bound = { host, family, ipv6Only };
    for (const other of this.listeners.get(port) ?? [])
      if (overlap(bound, other.bound) && !(reusePort && other.reusePort)) return false;
    return true;
  }

  /** The own address of a new connection, its port taken. */
  private bind(local: SocketAddress | undefined, host: string, address: SocketAddress): SocketAddress {
    const { family } = address;
    if (local === undefined) {
      const port = this.ports.choose();
      if (port === 0) throw systemError('EADDRNOTAVAIL', 'connect', address);
      return asFamily({ host: sourceFor(this.machine, host), port, family: host.includes(':') ? 6 : 4 }, family);
    }
    const own = canonical(local.host);
    if (!isOwn(this.machine, own)) throw systemError('EADDRNOTAVAIL', 'bind', local);
    if (local.port !== 0 && this.ports.isTaken(local.port)) throw systemError('EADDRINUSE', 'bind', local);
    const port = local.port === 0 ? this.ports.choose() : local.port;
    if (port === 0) throw systemError('EADDRINUSE', 'bind', local);
    if (local.port !== 0) this.ports.take(port);
    return { host: isWildcard(own) ? sourceFor(this.machine, host) : own, port, family };
  }

  /** A SYN has come. */
  private opened(segment: Segment): void {
    const client = segment.from;
    if (client === null || (segment.flags & SYN) === 0) return;
    const known = this.opening.get(client);
    if (known !== undefined) {
      known.receive(segment);
      return;
    }
    const host = canonical(segment.destination.host);
    const candidates = bestFor(this.listeners.get(segment.destination.port) ?? [], host);
    const { decisions } = this.driver.world;
    const listener = candidates[candidates.length > 1 ? decisions.choose(candidates.length, LISTENER) : 0];
    if (listener === undefined) {
      this.refuse(segment);
      return;
    }
    // Nowhere in particular is this machine's loopback.
    const at = isWildcard(host) ? sourceFor(this.machine, host) : host;
    if (listener.full) return;
    const { family, port } = listener.local;
    const local = asFamily({ host: at, port, family: at.includes(':') ? 6 : 4 }, family);
    const from = canonical(client.local.host);
    const peer = asFamily({ host: from, port: client.local.port, family: from.includes(':') ? 6 : 4 }, family);
    const endpoint = new TcpEndpoint(this, local, peer, client.stack.driver.machine, SYN_RECEIVED);
    endpoint.remote = client;
    endpoint.sender.open(segment.edge);
    this.endpoints.add(endpoint);
    this.opening.set(client, endpoint);
    listener.opens(endpoint);
    endpoint.greet();
  }

  /** There is no such connection, and nobody who would take a new one. */
  private refuse(segment: Segment): void {
    const { from } = segment;
    if (from === null || (segment.flags & RST) !== 0) return;
    const { machine } = from.stack.driver;
    this.send(new Segment(null, { endpoint: from, machine, address: from.local }, RST, 0, null));
  }
}
