/** How far datagrams go, and the groups that a socket listens to: socket options of IPv4 and IPv6. All throw the system's errors. */
import { isIPv4 } from 'node:net';
import { PawlError } from '../error/index.ts';
import { encodeHost, interfaceIndex } from './address.ts';
import { arena } from './arena.ts';
import { check } from './errno.ts';
import {
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MREQN,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADD_MEMBERSHIP,
  IPV6_DROP_MEMBERSHIP,
  IPV6_MREQ,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_UNICAST_HOPS,
} from './linux.ts';
import * as sys from './syscalls/index.ts';

const scratch = arena.take(IPV6_MREQ.size);
const { bytes } = scratch;
const ints = new Int32Array(bytes.buffer, bytes.byteOffset, IPV6_MREQ.size / 4);

function setInt(fd: number, level: number, option: number, value: number): void {
  ints[0] = value;
  check(sys.setsockopt(fd, level, option, scratch.address, 4), 'setsockopt');
}

/** Hops of what is sent to one receiver. An IPv6 socket may send over IPv4, too. */
export function setTtl(fd: number, family: 4 | 6, hops: number): void {
  setInt(fd, IPPROTO_IP, IP_TTL, hops);
  if (family === 6) setInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops);
}

/** Hops of what is sent to a group. */
export function setMulticastTtl(fd: number, family: 4 | 6, hops: number): void {
  if (family === 4) setInt(fd, IPPROTO_IP, IP_MULTICAST_TTL, hops);
  else setInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
}

/** What is sent to a group comes back to its members on this machine. */
export function setMulticastLoop(fd: number, family: 4 | 6, on: boolean): void {
  if (family === 4) setInt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, on ? 1 : 0);
  else setInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on ? 1 : 0);
}

/**
 * Only the groups that this socket has joined: Linux otherwise gives it those of every socket of the machine, also after it has left; see
 * IP_MULTICAST_ALL in ip(7).
 */
export function setOwnGroupsOnly(fd: number, family: 4 | 6): void {
  setInt(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  if (family === 6) setInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
}

/** The interface by which what is sent to a group leaves. */
export function setMulticastInterface(fd: number, family: 4 | 6, named: string): void {
  if (family === 6) {
    setInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, interfaceIndex(named));
    return;
  }
  bytes.fill(0, 0, IP_MREQN.size);
  writeInterface4(named);
  check(sys.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, scratch.address, IP_MREQN.size), 'setsockopt');
}

/** Joins a group, or leaves it. Throws BAD_ADDRESS for what is no group of the socket's family. */
export function setMembership(
  fd: number,
  family: 4 | 6,
  group: string,
  named: string | undefined,
  member: boolean,
): void {
  bytes.fill(0, 0, IPV6_MREQ.size);
  encodeHost(group, family, bytes, 0);
  if (family === 4 ? (bytes[0]! & 0xf0) !== 0xe0 : bytes[0] !== 0xff) {
    throw new PawlError('BAD_ADDRESS', `not the address of a multicast group: '${group}'`, { address: group });
  }
  if (family === 4) {
    if (named !== undefined) writeInterface4(named);
    const option = member ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
    check(sys.setsockopt(fd, IPPROTO_IP, option, scratch.address, IP_MREQN.size), 'setsockopt', { address: group });
  } else {
    ints[IPV6_MREQ.index / 4] = named === undefined ? 0 : interfaceIndex(named);
    const option = member ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
    check(sys.setsockopt(fd, IPPROTO_IPV6, option, scratch.address, IPV6_MREQ.size), 'setsockopt', { address: group });
  }
}

/** The kernel looks at the index, and only without one at the address. */
function writeInterface4(named: string): void {
  if (isIPv4(named)) encodeHost(named, 4, bytes, IP_MREQN.address);
  else ints[IP_MREQN.index / 4] = interfaceIndex(named);
}
