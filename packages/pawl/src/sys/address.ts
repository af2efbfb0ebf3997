/**
 * Socket addresses: numeric IPv4 and IPv6 addresses as text, as bytes, and as the kernel's `struct sockaddr`.
 *
 * What must hold: text to bytes and back gives the canonical text (RFC 5952, as inet_ntop writes it), and no name is ever looked up.
 * An IPv6 zone travels beside the address, as a number.
 */
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { PawlError } from '../error/index.ts';
import { AF_INET, AF_INET6, SOCKADDR_IN, SOCKADDR_IN6 } from './linux.ts';

/** A numeric socket address. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** The IPv6 zone: the index of an interface; absent or 0 for none. */
  readonly scope?: number;
}

/** Reads a numeric address, with an IPv6 zone after `%` if there is one. Throws BAD_ADDRESS or BAD_PORT. */
export function parseAddress(host: string, port: number): SocketAddress {
  checkPort(port);
  if (isIPv4(host)) return { host, port, family: 4 };
  if (!isIPv6(host)) throw badAddress(host);
  const percent = host.indexOf('%');
  if (percent < 0) return { host, port, family: 6 };
  return { host: host.slice(0, percent), port, family: 6, scope: zoneIndex(host.slice(percent + 1), host) };
}

function badAddress(host: string): PawlError {
  return new PawlError('BAD_ADDRESS', `not a numeric IP address: ${host}`, { address: host });
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw new PawlError('BAD_PORT', `port must be an integer from 0 to 65535, got ${port}`, { port });
}

function zoneIndex(zone: string, host: string): number {
  if (/^\d{1,10}$/.test(zone)) return Number(zone);
  const index = indexOf(zone, networkInterfaces()[zone] ?? []);
  if (index > 0) return index;
  throw new PawlError('BAD_ADDRESS', `no IPv6 interface is named ${zone}: ${host}`, { address: host });
}

/** The four bytes of an IPv4 address that `isIPv4` accepts. */
function writeIPv4(text: string, into: Uint8Array, at: number): void {
  for (const [i, part] of text.split('.').entries()) into[at + i] = Number(part);
}

/** The sixteen bytes of an IPv6 address (without zone) that `isIPv6` accepts. */
function writeIPv6(text: string, into: Uint8Array, at: number): void {
  into.fill(0, at, at + 16);
  const [head = '', tail] = text.split('::');
  const before = writeGroups(head, into, at, 0);
  if (tail === undefined) return;
  // what follows "::" is flush right: count its groups, and write it there
  const groups = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
  writeGroups(tail, into, at, Math.max(before, 8 - groups));
}

function writeGroups(text: string, into: Uint8Array, at: number, from: number): number {
  let group = from;
  if (text === '') return group;
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      writeIPv4(part, into, at + 2 * group); // the last 32 bits, dotted
      group += 2;
    } else {
      const value = Number.parseInt(part, 16);
      into[at + 2 * group] = value >> 8;
      into[at + 2 * group + 1] = value & 0xff;
      group += 1;
    }
  }
  return group;
}

function readIPv4(from: Uint8Array, at: number): string {
  return `${from[at]}.${from[at + 1]}.${from[at + 2]}.${from[at + 3]}`;
}

/** The canonical text: lower case, no leading zeros, the first longest run of zero groups as "::", and the IPv4 forms dotted. */
function readIPv6(from: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((from[at + 2 * i] ?? 0) << 8) | (from[at + 2 * i + 1] ?? 0));
  let start = -1;
  let length = 1; // one zero group alone is written as 0
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    i = Math.max(i, end - 1);
  }
  // IPv4-mapped (::ffff:1.2.3.4) and IPv4-compatible (::1.2.3.4), as inet_ntop has them
  const dotted = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const hex = groups.map((group) => group.toString(16));
  if (dotted) hex.splice(6, 2, readIPv4(from, at + 12));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** Writes the `struct sockaddr` of an address and returns its length. Throws BAD_ADDRESS or BAD_PORT. */
export function encodeSockaddr(address: SocketAddress, into: Uint8Array): number {
  const { host, port, family, scope = 0 } = family4or6(address);
  checkPort(port);
  if (family === 4) {
    into.fill(0, 0, SOCKADDR_IN.size);
    into[0] = AF_INET; // sa_family: 16 bits, little-endian, and below 256
    into[SOCKADDR_IN.port] = port >> 8;
    into[SOCKADDR_IN.port + 1] = port & 0xff;
    writeIPv4(host, into, SOCKADDR_IN.address);
    return SOCKADDR_IN.size;
  }
  into.fill(0, 0, SOCKADDR_IN6.size);
  into[0] = AF_INET6;
  into[SOCKADDR_IN6.port] = port >> 8;
  into[SOCKADDR_IN6.port + 1] = port & 0xff;
  writeIPv6(host, into, SOCKADDR_IN6.address);
  for (let i = 0; i < 4; i++) into[SOCKADDR_IN6.scope + i] = (scope >>> (8 * i)) & 0xff;
  return SOCKADDR_IN6.size;
}

/** Writes a numeric host's bytes, 4 or 16. Throws BAD_ADDRESS. */
export function encodeHost(host: string, family: 4 | 6, into: Uint8Array, at: number): void {
  if (family === 4 && isIPv4(host)) writeIPv4(host, into, at);
  else if (family === 6 && isIPv6(host) && !host.includes('%')) writeIPv6(host, into, at);
  else throw badAddress(host);
}

/** The interface that a name, an index or an address of it means: its index (0 for the system's choice). Throws BAD_ADDRESS. */
export function interfaceIndex(named: string): number {
  if (/^\d{1,10}$/.test(named)) return Number(named);
  const known = networkInterfaces();
  for (const [name, addresses = []] of Object.entries(known)) {
    if (name !== named && !addresses.some(({ address }) => address === named)) continue;
    const index = indexOf(name, addresses);
    if (index > 0) return index;
  }
  throw new PawlError('BAD_ADDRESS', `no interface has the name or the address '${named}'`, { address: named });
}

/** Node says the index of an interface only of its link-local IPv6 address; Linux says it in a file. 0 for an interface that is not there. */
function indexOf(name: string, addresses: readonly NetworkInterfaceInfo[]): number {
  if (addresses.length === 0) return 0;
  for (const address of addresses) if (address.family === 'IPv6' && address.scopeid > 0) return address.scopeid;
  try {
    return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1'));
  } catch {
    return 0;
  }
}

// A caller may have built the object by hand: hold it to what it says.
function family4or6(address: SocketAddress): SocketAddress {
  const { host, family } = address;
  if (family === 4 && isIPv4(host)) return address;
  if (family !== 6 || !isIPv6(host)) throw badAddress(host);
  return host.includes('%') ? { ...parseAddress(host, address.port), family } : address;
}

/** Reads a `struct sockaddr` of the internet families; undefined for another family (or a socket without an address). */
export function decodeSockaddr(from: Uint8Array): SocketAddress | undefined {
  const family = (from[0] ?? 0) | ((from[1] ?? 0) << 8);
  const port = ((from[SOCKADDR_IN.port] ?? 0) << 8) | (from[SOCKADDR_IN.port + 1] ?? 0);
  if (family === AF_INET) return { host: readIPv4(from, SOCKADDR_IN.address), port, family: 4 };
  if (family !== AF_INET6) return undefined;
  let scope = 0;
  for (let i = 3; i >= 0; i--) scope = scope * 256 + (from[SOCKADDR_IN6.scope + i] ?? 0);
  const host = readIPv6(from, SOCKADDR_IN6.address);
  return scope === 0 ? { host, port, family: 6 } : { host, port, family: 6, scope };
}
