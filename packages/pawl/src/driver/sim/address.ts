/**
 * Addresses of a simulated machine: which text means which machine, and which of its own addresses a socket is bound to.
 *
 * What must hold: two texts of one address are the same address. An IPv6 socket shows an IPv4 peer as a mapped address (RFC 4291, 2.5.5.2).
 */
import { isIPv4, isIPv6 } from 'node:net';
import { PawlError } from '../../error/index.ts';
import type { SocketAddress } from '../driver.ts';
import type { SimMachine } from './machine.ts';

const MAPPED = '::ffff:';

/** An address as text in its one form; of a mapped one the IPv4 address. Throws BAD_ADDRESS. */
export function canonical(host: string): string {
  if (isIPv4(host)) return host;
  if (!isIPv6(host)) throw new PawlError('BAD_ADDRESS', `not a numeric IP address: ${host}`, { address: host });
  if (host.toLowerCase().startsWith(MAPPED) && isIPv4(host.slice(MAPPED.length))) return host.slice(MAPPED.length);
  // Without a zone: a simulated machine has one interface.
  return new URL(`http://[${host.split('%', 1)[0]!}]`).hostname.slice(1, -1);
}

/** A canonical IPv4 address as an IPv6 socket shows it. */
export function asFamily(address: SocketAddress, family: 4 | 6): SocketAddress {
  if (family === 4 || address.family === 6) return address;
  return { host: MAPPED + address.host, port: address.port, family: 6 };
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** To every machine of the local network; or of the loopback's, which is this one. */
export function isBroadcast(host: string): boolean {
  return host === '255.255.255.255' || host === '10.255.255.255' || host === '127.255.255.255';
}

/** Multicast (RFC 5771; RFC 4291, 2.7). */
export function isGroup(host: string): boolean {
  if (host.includes(':')) return host.startsWith('ff');
  const first = Number(host.slice(0, host.indexOf('.')));
  return first >= 224 && first < 240;
}

/** Whether it names an interface of the machine, by its name, number or address: it has a loopback and one more. */
export function isInterface(machine: SimMachine, name: string): boolean {
  return /^(?:lo|eth0|[12])$/.test(name) || (isOwn(machine, name) && !isWildcard(name));
}

/** Whether a socket of that machine may be bound to the address. */
export function isOwn(machine: SimMachine, host: string): boolean {
  const { ipv4, ipv6 } = machine.addresses;
  return host === ipv4 || host === ipv6 || isLoopback(host) || isWildcard(host);
}

/** Whether two sockets that are bound to one port would take the same packets. An IPv6 socket for everything takes IPv4 as well. */
export function overlap(a: Bound, b: Bound): boolean {
  if (a.host === b.host) return true;
  return covers(a, b.family) || covers(b, a.family);
}

/** What a socket is bound to. */
export interface Bound {
  readonly host: string;
  readonly family: 4 | 6;
  readonly ipv6Only: boolean;
}

/** Whether a socket takes packets of that family whatever own address they are for. */
function covers({ host, family, ipv6Only }: Bound, of: 4 | 6): boolean {
  return isWildcard(host) && (family === of || (family === 6 && !ipv6Only));
}

/** Of sockets bound to one port those that a packet for that address is for: bound to just this address, or else to all. */
export function bestFor<T extends { readonly bound: Bound }>(sockets: readonly T[], host: string): T[] {
  const exact = sockets.filter(({ bound }) => bound.host === host);
  if (exact.length > 0) return exact;
  const family = host.includes(':') ? 6 : 4;
  return sockets.filter(({ bound }) => (isWildcard(host) ? bound.family === family : covers(bound, family)));
}

/** The machine that a packet to the address gets to; undefined: nobody. Nowhere in particular means here, as in Linux. */
export function machineAt(from: SimMachine, host: string): SimMachine | undefined {
  if (isLoopback(host) || isWildcard(host)) return from;
  return from.world.network.at(host);
}

/** The own address of a socket that talks to that one. */
export function sourceFor(machine: SimMachine, host: string): string {
  const v6 = isIPv6(host);
  if (isLoopback(host) || isWildcard(host)) return v6 ? '::1' : '127.0.0.1';
  return v6 ? machine.addresses.ipv6 : machine.addresses.ipv4;
}
