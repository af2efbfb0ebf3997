/** Socket options: one function each, over setsockopt and getsockopt. All throw the system's errors. */
import { arena } from './arena.ts';
import { check } from './errno.ts';
import {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SK_MEMINFO_DROPS,
  SK_MEMINFO_SIZE,
  SO_BROADCAST,
  SO_MEMINFO,
  SOL_SOCKET,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
} from './linux.ts';
import * as sys from './syscalls/index.ts';

// Two ints: the longest value is `struct linger`. The third is the value's length, for getsockopt.
const scratch = arena.take(12);
const ints = new Int32Array(scratch.bytes.buffer, scratch.bytes.byteOffset, 3);

function setInt(fd: number, level: number, option: number, value: number): void {
  ints[0] = value;
  check(sys.setsockopt(fd, level, option, scratch.address, 4), 'setsockopt');
}

function getInt(fd: number, level: number, option: number): number {
  ints[2] = 4;
  check(sys.getsockopt(fd, level, option, scratch.address, scratch.address + 8), 'getsockopt');
  return ints[0] ?? 0;
}

/** The positive errno of what failed asynchronously (a connect, a reset), and clears it; 0 when nothing did. */
export function socketError(fd: number): number {
  return getInt(fd, SOL_SOCKET, SO_ERROR);
}

/** Send small pieces at once (Nagle's algorithm off). */
export function setNoDelay(fd: number, on: boolean): void {
  setInt(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
}
export function getNoDelay(fd: number): boolean {
  return getInt(fd, IPPROTO_TCP, TCP_NODELAY) !== 0;
}

// The kernel counts in whole seconds, at least 1 and at most 32767 (MAX_TCP_KEEPIDLE in net/tcp.h).
const wholeSeconds = (ms: number): number => Math.min(32_767, Math.max(1, Math.ceil(ms / 1000)));

/** Probe an idle connection: `delay` ms until the first probe, `interval` ms between two, and how many before giving up. */
export function setKeepAlive(fd: number, on: boolean, delay?: number, interval?: number, probes?: number): void {
  setInt(fd, SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0);
  if (!on) return;
  if (delay !== undefined) setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, wholeSeconds(delay));
  if (interval !== undefined) setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, wholeSeconds(interval));
  if (probes !== undefined) setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, probes);
}
/** As the kernel has them: seconds, seconds, count; undefined when it is off. */
export function getKeepAlive(fd: number): { delay: number; interval: number; probes: number } | undefined {
  if (getInt(fd, SOL_SOCKET, SO_KEEPALIVE) === 0) return undefined;
  return {
    delay: getInt(fd, IPPROTO_TCP, TCP_KEEPIDLE),
    interval: getInt(fd, IPPROTO_TCP, TCP_KEEPINTVL),
    probes: getInt(fd, IPPROTO_TCP, TCP_KEEPCNT),
  };
}

/** Bind to an address that old connections in TIME_WAIT still use. */
export function setReuseAddr(fd: number, on: boolean): void {
  setInt(fd, SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0);
}

/** Several sockets on one port share its connections. */
export function setReusePort(fd: number, on: boolean): void {
  setInt(fd, SOL_SOCKET, SO_REUSEPORT, on ? 1 : 0);
}

/** An IPv6 socket takes IPv6 only. */
export function setIPv6Only(fd: number, on: boolean): void {
  setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, on ? 1 : 0);
}

/** Seconds to linger at close: 0 sends RST; undefined restores the default (close returns at once, and the kernel goes on sending). */
export function setLinger(fd: number, seconds: number | undefined): void {
  ints[0] = seconds === undefined ? 0 : 1; // struct linger { int l_onoff; int l_linger; }
  ints[1] = seconds ?? 0;
  check(sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, scratch.address, 8), 'setsockopt');
}

/** Sizes of the kernel's buffers in bytes. It doubles what it is given, for its bookkeeping; see socket(7). */
export function setReceiveBuffer(fd: number, bytes: number): void {
  setInt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}
export function getReceiveBuffer(fd: number): number {
  return getInt(fd, SOL_SOCKET, SO_RCVBUF);
}
export function setSendBuffer(fd: number, bytes: number): void {
  setInt(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}
export function getSendBuffer(fd: number): number {
  return getInt(fd, SOL_SOCKET, SO_SNDBUF);
}

/** May send to broadcast addresses. */
export function setBroadcast(fd: number, on: boolean): void {
  setInt(fd, SOL_SOCKET, SO_BROADCAST, on ? 1 : 0);
}

/** Datagrams that were dropped on receiving, since the socket was made: the queue was full, or the checksum wrong. */
export function getDrops(fd: number): number {
  counterLength[0] = SK_MEMINFO_SIZE;
  check(sys.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, counters.address, counters.address + SK_MEMINFO_SIZE), 'getsockopt');
  return counterValues[SK_MEMINFO_DROPS] ?? 0;
}

// After the array its length.
const counters = arena.take(SK_MEMINFO_SIZE + 4);
const counterValues = new Uint32Array(counters.bytes.buffer, counters.bytes.byteOffset, SK_MEMINFO_SIZE / 4);
const counterLength = new Uint32Array(counters.bytes.buffer, counters.bytes.byteOffset + SK_MEMINFO_SIZE, 1);
