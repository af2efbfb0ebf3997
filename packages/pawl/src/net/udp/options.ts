/** Options and addresses of UDP sockets, held to what they must be before there is a socket. */
import { isIP } from 'node:net';
import type { SocketAddress } from '../../driver/driver.ts';
import type { UdpBindOptions, UdpSettings } from '../../driver/udp.ts';
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import { type Address, parseEndpoint } from '../address.ts';
import { checkFlag, checkWhole, MOST } from '../options.ts';

/** How a socket is bound, and what is set on it at once. */
export interface UdpOptions extends UdpBindOptions, UdpSettings {}

/** How to connect. */
export interface UdpConnectOptions extends UdpOptions {
  /** Send from this address of the machine; port 0 lets the system choose the port. Default: the system chooses both. */
  readonly local?: Address;
}

/** A membership of a multicast group. */
export interface MembershipOptions {
  /** The interface on which the group is listened to: its name, its index, or an address of it. Default: the system's choice. */
  readonly interface?: string;
}

const SETTINGS = {
  broadcast: true,
  ttl: true,
  multicastTtl: true,
  multicastLoop: true,
  multicastInterface: true,
} as const;

const OPTIONS = {
  reuseAddr: true,
  reusePort: true,
  ipv6Only: true,
  receiveBuffer: true,
  sendBuffer: true,
  ...SETTINGS,
} as const;

/** Throws BAD_ARGUMENT. */
export function checkBindOptions(options: UdpOptions): void {
  knownOptions('UdpSocket.bind', options, OPTIONS);
  checkOptions(options);
}

/** Throws BAD_ARGUMENT. */
export function checkConnectOptions(options: UdpConnectOptions): void {
  knownOptions('UdpSocket.connect', options, { ...OPTIONS, local: true });
  checkOptions(options);
}

/** Throws BAD_ARGUMENT. */
export function checkSettings(settings: UdpSettings): void {
  knownOptions('UdpSocket.set', settings, SETTINGS);
  checkValues(settings);
}

/** Throws BAD_ARGUMENT. */
export function checkMembership(options: MembershipOptions): void {
  knownOptions('a membership', options, { interface: true });
  checkInterface('interface', options.interface);
}

function checkOptions({ receiveBuffer, sendBuffer, reuseAddr, reusePort, ipv6Only, ...settings }: UdpOptions): void {
  if (receiveBuffer !== undefined) checkWhole('receiveBuffer', receiveBuffer, 1, MOST);
  if (sendBuffer !== undefined) checkWhole('sendBuffer', sendBuffer, 1, MOST);
  checkFlag('reuseAddr', reuseAddr);
  checkFlag('reusePort', reusePort);
  checkFlag('ipv6Only', ipv6Only);
  checkValues(settings);
}

function checkValues({ broadcast, ttl, multicastTtl, multicastLoop, multicastInterface }: UdpSettings): void {
  checkFlag('broadcast', broadcast);
  checkFlag('multicastLoop', multicastLoop);
  if (ttl !== undefined) checkWhole('ttl', ttl, 1, 255);
  if (multicastTtl !== undefined) checkWhole('multicastTtl', multicastTtl, 0, 255);
  checkInterface('multicastInterface', multicastInterface);
}

function checkInterface(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new PawlError('BAD_ARGUMENT', `${name} is a name or an address, got ${typeof value}`);
}

/** Where a datagram goes: a numeric address. Throws BAD_ADDRESS for a name, and BAD_PORT for port 0. */
export function parseReceiver(address: Address): SocketAddress {
  const known = asSocketAddress(address);
  if (known !== null) return known;
  const { host, port } = parseEndpoint(address);
  const family = isIP(host);
  if (family === 0) {
    throw new PawlError('BAD_ADDRESS', `a datagram is sent to a numeric address, '${host}' is a name: connect to it`, {
      address: host,
    });
  }
  if (port === 0) throw new PawlError('BAD_PORT', 'port 0 is no port to send to');
  return { host, port, family: family as 4 | 6 };
}

/** What a receive has given is used as it is: it need not be parsed for every datagram. */
function asSocketAddress(address: Address): SocketAddress | null {
  if (typeof address !== 'object' || address === null) return null;
  const { host, port, family } = address as Partial<SocketAddress>;
  if (family !== 4 && family !== 6) return null;
  if (typeof host !== 'string' || typeof port !== 'number' || port === 0) return null;
  return address as SocketAddress;
}
