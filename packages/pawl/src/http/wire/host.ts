/** Whether bytes are a host with or without a port (RFC 3986 3.2.2, 3.2.3): a name, an IPv4 address, or an IPv6 address in brackets. */
import { isIPv6 } from 'node:net';
import { COLON, HOST } from './bytes.ts';
import { latin1 } from './latin1.ts';

/** `host` or `host:port`, as in a Host field; empty is allowed there, for a target without an authority (RFC 9110 7.2). */
export function isHost(bytes: Uint8Array, from: number, to: number): boolean {
  const end = hostEnd(bytes, from, to);
  return end === to || (end > from && isPort(bytes, end, to));
}

/** The same, with a host in any case: in a target of the absolute form (RFC 9110 4.2.1). No user, no password (4.2.4). */
export function isAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  return to > from && isHost(bytes, from, to);
}

/** `host:port` with both in any case, as in CONNECT's target (RFC 9112 3.2.3). */
export function isHostWithPort(bytes: Uint8Array, from: number, to: number): boolean {
  const end = hostEnd(bytes, from, to);
  return end > from && to - end > 1 && isPort(bytes, end, to);
}

/** Where the host ends; `from` if there is none. */
function hostEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  if (bytes[at] === 0x5b && at < to) {
    while (at < to && bytes[at] !== 0x5d) at++;
    return at < to && isIPv6(latin1(bytes, from + 1, at)) ? at + 1 : from;
  }
  while (at < to && HOST[bytes[at] as number] === 1) at++;
  return at;
}

/** A colon and the port, at most 65535. Without digits it is the scheme's (RFC 3986 3.2.3). */
function isPort(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== COLON) return false;
  let port = 0;
  for (let at = from + 1; at < to; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}
